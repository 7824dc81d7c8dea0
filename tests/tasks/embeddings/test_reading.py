"""Files and folders as they come, and what is said of bad ones."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from distil_core.data import beir
from distil_core.data.corpus import Corpus, join_segments, split_segments
from distil_core.data.sources import Source
from distil_core.data.tables import Table, in_memory
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.corpora import load_corpus
from distil_core.tasks.embeddings import Embeddings

PAIRS = [(f"a man plays song {i}", f"somebody plays tune {i}", i % 6) for i in range(60)]


def write_pairs(path: Path, rows: list[tuple[object, ...]], header: str = "text_a,text_b,label") -> str:
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n", encoding="utf-8")
    return str(path)


def write_collection(folder: Path, *, n: int = 40, dev: bool = False) -> str:
    (folder / "qrels").mkdir(parents=True)
    documents = [{"_id": f"d{i}", "title": f"Title {i}", "text": f"text of {i}"} for i in range(n)]
    queries = [{"_id": f"q{i}", "text": f"query {i}"} for i in range(n)]
    for name, rows in ((beir.DOCUMENTS, documents), (beir.QUERIES, queries)):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    parts = {"test": range(20), **({"dev": range(20, 30)} if dev else {})}
    for part, numbers in parts.items():
        lines = [f"q{i}\td{i}\t{1 + i % 2}\nq{i}\td{i + 1}\t1" for i in numbers]
        (folder / "qrels" / f"{part}.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(lines) + "\n")
    return str(folder)


def loaded(source: str, test: str = "", **settings: object) -> Corpus:
    return load_corpus(CorpusConfig(source=source, test=test, **settings), task="embeddings")


def test_pairs_are_learned_from_and_measured_on(tmp_path: Path) -> None:
    corpus = loaded(write_pairs(tmp_path / "pairs.csv", PAIRS))
    assert len(corpus.test) == 6
    assert len(corpus.validation) == 5
    assert all(isinstance(label, float) for label in corpus.test.labels)
    measured = {segment for part in (corpus.test, corpus.validation) for text in part.texts for segment in
                split_segments(text)}  # fmt: skip
    assert len(corpus.train) == 2 * (60 - 11)
    assert not measured & set(corpus.train.texts)
    assert corpus.label_names == ()
    assert any("not learned from" in note for note in corpus.notes)


@pytest.mark.parametrize("scores", [[-1.0] * 60, [None] * 60, None])
def test_a_data_set_that_keeps_its_test_scores_is_measured_by_its_validation_split(
    scores: list[float | None] | None,
) -> None:
    def table(where: str, first: int, labels: list[object] | None) -> Table:
        columns: dict[str, list[object]] = {
            name: [f"{word} {i}" for i in range(first, first + 60)]
            for name, word in (("sentence1", "a tune"), ("sentence2", "a song"))
        }
        return in_memory(where, {**columns, **({"label": labels} if labels else {})}, declared={})

    told: list[object] = [i % 6 for i in range(60)]
    source = Source(
        name="glue/stsb",
        train=table("glue/stsb", 0, told),
        validation=table("validation split of glue/stsb", 100, told),
        test=table("test split of glue/stsb", 200, None if scores is None else list(scores)),
        may_lack_labels=True,
    )
    corpus = Embeddings().corpus(source, CorpusConfig(source="hub:glue/stsb"))
    assert corpus.test.texts[0] == join_segments(["a tune 100", "a song 100"])
    assert len(corpus.test) == 60
    assert len(corpus.validation) == 6
    assert corpus.notes[:2] == (
        "the test split of glue/stsb has no scores and is left out",
        "glue/stsb has no test split with scores: its validation split takes that place",
    )
    alone = Embeddings().corpus(replace(source, validation=None), CorpusConfig(source="hub:glue/stsb"))
    assert "the test split of glue/stsb has no scores and is left out" in alone.notes
    assert (len(alone.test), len(alone.validation)) == (6, 5)


def test_one_score_alone_measures_nothing(tmp_path: Path) -> None:
    same = [(first, second, -1) for first, second, _ in PAIRS]
    with pytest.raises(CorpusError, match=r"at least two different scores in column 'label'.* got -1 in all 60 rows"):
        loaded(write_pairs(tmp_path / "pairs.csv", PAIRS), write_pairs(tmp_path / "test.csv", same))


@pytest.mark.parametrize("header", ["sentence1,sentence2,score", "Sentence_A,Sentence_B,relatedness_score"])
def test_columns_go_by_many_names(header: str, tmp_path: Path) -> None:
    assert len(loaded(write_pairs(tmp_path / "pairs.csv", PAIRS, header)).test) == 6


def test_plain_texts_need_something_to_measure_on(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("one text\nanother text\none text\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="nothing to measure embeddings on"):
        loaded(str(tmp_path / "texts.txt"))
    corpus = loaded(str(tmp_path / "texts.txt"), write_pairs(tmp_path / "pairs.csv", PAIRS))
    assert corpus.train.texts == ("one text", "another text")
    assert len(corpus.test) + len(corpus.validation) == 60
    assert any("learned from once" in note for note in corpus.notes)


def test_a_collection_is_learned_from_and_searched_in(tmp_path: Path) -> None:
    corpus = loaded(write_collection(tmp_path / "beir"))
    assert "Title 0 text of 0" in corpus.train.texts
    assert "query 25" in corpus.train.texts
    assert "query 5" not in corpus.train.texts
    queries = {text: label for text, label in zip(corpus.test.texts, corpus.test.labels, strict=True) if label}
    assert len(queries) == 18
    assert any("taken for validation" in note for note in corpus.notes)
    text, label = next(iter(queries.items()))
    answers = {corpus.test.texts[place] for place, _ in label}
    assert f"Title {text.split()[1]} text of {text.split()[1]}" in answers
    assert Embeddings().for_corpus(corpus).primary.name == "ndcg_at_10"


def test_queries_that_are_texts_themselves_are_told(tmp_path: Path) -> None:
    folder = Path(write_collection(tmp_path / "beir"))
    queries = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    judgments = (folder / "qrels" / "test.tsv").read_text(encoding="utf-8")
    known = json.loads(queries[0])["_id"]
    with (folder / "corpus.jsonl").open("a") as file:
        file.write(json.dumps({"_id": known, "text": "itself"}) + "\n")
    corpus = loaded(str(folder))
    assert known in judgments
    assert any("by their id, do not find themselves: 1 (" in note for note in corpus.notes)
    labels = [label for split in (corpus.test, corpus.validation) for label in split.labels if label is not None]
    assert sum(gain is None for label in labels for _, gain in label) == 1


def test_queries_without_a_judgment_are_told(tmp_path: Path) -> None:
    folder = Path(write_collection(tmp_path / "beir"))
    with (folder / "queries.jsonl").open("a") as file:
        file.write(json.dumps({"_id": "nobody", "text": "what nobody has judged"}) + "\n")
    corpus = loaded(str(folder))
    assert "queries without a judgment are not asked: 21 (q20, q21, q22 and 18 more)" in corpus.notes
    assert "what nobody has judged" not in corpus.test.texts


def test_queries_that_are_set_apart_are_the_validation(tmp_path: Path) -> None:
    corpus = loaded(write_collection(tmp_path / "beir", dev=True))
    assert sum(label is not None for label in corpus.test.labels) == 20
    assert sum(label is not None for label in corpus.validation.labels) == 10


@pytest.mark.parametrize("score", ["very", "", "nan", "inf"])
def test_a_score_is_a_number(score: str, tmp_path: Path) -> None:
    rows = [*PAIRS[:2], ("one", "two", score), *PAIRS[3:]]
    with pytest.raises(CorpusError, match=r"row 3 of pairs\.csv must have a number in 'label'"):
        loaded(write_pairs(tmp_path / "pairs.csv", rows))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("q1\td999\t1", r"row 42 of qrels/test\.tsv must name an _id of corpus\.jsonl, got 'd999'"),
        ("q999\td1\t1", r"row 42 of qrels/test\.tsv must name an _id of queries\.jsonl, got 'q999'"),
        ("q1\td1", r"row 42 of qrels/test\.tsv must have a query-id"),
        ("q1\td1\tgood", r"row 42 of qrels/test\.tsv must have a query-id"),
        ("q1\td1\tinf", r"row 42 of qrels/test\.tsv must have a score that is finite, got inf"),
    ],
)
def test_a_judgment_names_what_is_there(line: str, message: str, tmp_path: Path) -> None:
    folder = write_collection(tmp_path / "beir")
    with (Path(folder) / "qrels" / "test.tsv").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(CorpusError, match=message):
        loaded(folder)


def test_a_text_without_an_id_is_named_by_its_row(tmp_path: Path) -> None:
    folder = write_collection(tmp_path / "beir")
    before = (Path(folder) / "corpus.jsonl").read_bytes()
    for line, message in (
        (b'{"text": "no id"}\n', r"row 41 of corpus\.jsonl must be a JSON object with _id and text"),
        (b'{"_id": "d1", "text": "again"}\n', r"row 41 of corpus\.jsonl must have an _id of its own, got 'd1' again"),
        (b"\xff\n", r"corpus\.jsonl must be UTF-8"),
    ):
        (Path(folder) / "corpus.jsonl").write_bytes(before + line)
        with pytest.raises(CorpusError, match=message):
            loaded(folder)


def test_what_cannot_be_measured_is_said(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "test.csv", [("a", 1)], "text,label")
    with pytest.raises(CorpusError, match="must have two texts and a score a row"):
        loaded(write_pairs(tmp_path / "pairs.csv", PAIRS), path)
    with pytest.raises(CorpusError, match="label_names must be empty"):
        loaded("reviews", label_names=("a", "b"), n_train=20, n_test=20)


def test_the_built_in_corpus_has_pairs_and_queries() -> None:
    corpus = loaded("reviews", n_train=30, n_test=40)
    assert len(corpus.train) == 30
    assert len(corpus.test) == 40
    assert sum(isinstance(label, float) for label in corpus.test.labels) == 20
    assert sum(isinstance(label, tuple) for label in corpus.test.labels) == 4
    assert Embeddings().for_corpus(corpus).primary.name == "spearman"


def test_a_score_off_the_scale_names_its_row(tmp_path: Path) -> None:
    rows = [(f"one {i}", f"two {i}", str(i % 6)) for i in range(60)]
    with pytest.raises(CorpusError, match=r"row 61 of pairs\.csv must have a score from 0 to 5 in 'label'.* got -1;"):
        loaded(write_pairs(tmp_path / "pairs.csv", [*rows, ("one", "two", "-1")]))


@pytest.mark.parametrize("name", [beir.DOCUMENTS, beir.QUERIES])
def test_half_a_character_in_a_search_names_its_row(name: str, tmp_path: Path) -> None:
    folder = Path(write_collection(tmp_path / "beir"))
    rows = (folder / name).read_text(encoding="utf-8").replace("of 7", r"\ud83c 7").replace("query 7", r"\ud83c 7")
    (folder / name).write_text(rows, encoding="utf-8")
    with pytest.raises(CorpusError, match=rf"row 8 of {name} must be whole characters, got half a character"):
        loaded(str(folder))
