import json
from pathlib import Path

import pytest

from distil_core.data.corpus import Corpus
from distil_core.data.sources import Source
from distil_core.data.tables import in_memory
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.corpora import guess_task, load_corpus
from distil_core.tasks.tokens import TokenClassification

TASK = TokenClassification()
ROWS = [(["Ann", "went", "to", "New", "York"], ["B-PER", "O", "O", "B-LOC", "I-LOC"]), (["so", "what"], ["O", "O"])]


def _write(path: Path, rows, **extra) -> Path:
    names = {"tokens": "tokens", "ner_tags": "ner_tags"} | extra
    lines = [json.dumps({names["tokens"]: words, names["ner_tags"]: tags}) for words, tags in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _load(path: Path, **config) -> Corpus:
    return load_corpus(CorpusConfig(source=str(path), **config), task="tokens")


class TestRows:
    def test_texts_are_words_with_spaces_between_and_labels_are_tags(self, tmp_path: Path) -> None:
        corpus = _load(_write(tmp_path / "a.jsonl", ROWS * 10))
        assert corpus.label_names == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
        place = corpus.train.texts.index("Ann went to New York")
        assert corpus.train.labels[place] == (3, 0, 0, 1, 2)
        assert len(corpus.test) == len(corpus.validation) == 2

    @pytest.mark.parametrize("names", [("words", "tags"), ("tokens", "labels"), ("words", "ner_tags")])
    def test_usual_columns_are_known_and_leave_no_doubt(self, tmp_path: Path, names: tuple[str, str]) -> None:
        path = _write(tmp_path / "a.jsonl", ROWS * 10, tokens=names[0], ner_tags=names[1])
        assert guess_task(str(path)) == "tokens"
        assert "B-PER" in _load(path).label_names

    def test_numbers_get_their_names(self, tmp_path: Path) -> None:
        rows = [(["Ann", "went"], [1, 0]), (["so", "what"], [0, 0])] * 10
        corpus = _load(_write(tmp_path / "a.jsonl", rows), label_names=("O", "B-PER", "I-PER"))
        assert corpus.label_names == ("O", "B-PER", "I-PER")
        with pytest.raises(CorpusError, match="numbers without names; give label_names"):
            _load(tmp_path / "a.jsonl")

    def test_declared_names_keep_their_order(self) -> None:
        names = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
        table = in_memory(
            "x", {"tokens": [["Ann"], ["so"]] * 10, "ner_tags": [["B-PER"], ["O"]] * 10}, declared={"ner_tags": names}
        )
        assert TASK.corpus(Source(name="x", train=table), CorpusConfig()).label_names == names

    def test_white_space_in_a_word_is_replaced_and_said(self, tmp_path: Path) -> None:
        corpus = _load(_write(tmp_path / "a.jsonl", [*ROWS * 10, (["New York", ""], ["B-LOC", "O"])]))
        texts = (*corpus.train.texts, *corpus.validation.texts, *corpus.test.texts)
        assert "New_York _" in texts
        assert "2 words have white space or nothing in it in a.jsonl, and an underscore in its place" in corpus.notes

    def test_a_turned_scheme_is_said(self, tmp_path: Path) -> None:
        rows = [(words, [tag.replace("B-", "I-") for tag in tags]) for words, tags in ROWS * 10]
        corpus = _load(_write(tmp_path / "a.jsonl", rows))
        assert "the tags are IOB1 and were turned into IOB2" in corpus.notes
        assert (3, 0, 0, 1, 2) in corpus.train.labels

    def test_what_begins_with_i_is_counted_and_its_first_row_said(self, tmp_path: Path) -> None:
        corpus = _load(_write(tmp_path / "a.jsonl", [*ROWS * 10, (["Bob", "sat"], ["I-PER", "O"])]))
        (note,) = [note for note in corpus.notes if "instead of B-" in note]
        assert note.startswith("1 entity begins with I- instead of B- (the first in row 21 of a.jsonl)")


class TestRefusals:
    def test_half_a_character_in_a_tag(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match="must be whole characters, got half a character"):
            _load(_write(tmp_path / "a.jsonl", [*ROWS * 10, (["Ann"], ["B-\ud83d"])]))

    @pytest.mark.parametrize(
        ("row", "problem"),
        [
            ((["a", "b"], ["O"]), "row 3 of a.jsonl must have a tag for each word, got 2 words and 1 tags"),
            ((["a"], [None]), "row 3 of a.jsonl must have a tag for each word"),
            (({"a": 1}, ["O"]), "row 3 of a.jsonl must have a list of words"),
            (([None], ["O"]), "row 3 of a.jsonl must have words"),
        ],
    )
    def test_a_bad_row_is_named(self, tmp_path: Path, row, problem: str) -> None:
        with pytest.raises(CorpusError) as caught:
            _load(_write(tmp_path / "a.jsonl", [*ROWS, row]))
        assert problem in str(caught.value)

    def test_a_tag_that_training_lacks_is_refused_with_its_row(self, tmp_path: Path) -> None:
        train = _write(tmp_path / "a.jsonl", ROWS * 10)
        test = _write(tmp_path / "b.jsonl", [*ROWS, (["Acme"], ["B-ORG"])])
        with pytest.raises(CorpusError) as caught:
            _load(train, test=str(test))
        assert "row 3 of b.jsonl must have tags of the training sentences, got 'B-ORG'" in str(caught.value)

    def test_numbers_beyond_their_names_are_refused_with_their_row(self, tmp_path: Path) -> None:
        path = _write(tmp_path / "a.jsonl", [(["Ann"], [1]), (["so"], [7])])
        with pytest.raises(CorpusError, match=r"row 2 of a\.jsonl must have tags from 0 to 1"):
            _load(path, label_names=("O", "B-PER"))

    def test_no_entity_at_all_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(
            CorpusError, match="must have at least one entity, but every word of its 2 rows is tagged O"
        ):
            _load(_write(tmp_path / "a.jsonl", [ROWS[1]] * 2))

    def test_a_built_in_corpus_has_no_test_file(self) -> None:
        with pytest.raises(CorpusError, match="test must be empty"):
            load_corpus(CorpusConfig(test="x.jsonl"), task="tokens")
