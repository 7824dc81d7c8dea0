"""Plain text of any length becomes passages; what is cut, joined and left out is told."""

from pathlib import Path

import pytest

from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.corpora import load_corpus
from distil_core.tasks.fill_mask.passages import MAX_CHARACTERS, MAX_WORDS, MIN_WORDS, passages_of

SENTENCE = "One two three four five six seven eight nine ten."


def test_a_long_text_is_cut_where_sentences_end_and_nothing_is_lost() -> None:
    text = " ".join([SENTENCE] * 30)
    passages = passages_of([text])
    assert passages.n_cut == 1
    assert " ".join(passages.texts) == text
    assert all(piece.endswith("ten.") for piece in passages.texts)
    assert all(len(piece.split()) <= MAX_WORDS for piece in passages.texts)
    assert min(len(piece.split()) for piece in passages.texts) >= MIN_WORDS


def test_a_sentence_without_end_and_a_script_without_spaces_are_cut_too() -> None:
    words = passages_of(["word " * 300])
    assert sum(len(piece.split()) for piece in words.texts) == 300
    assert max(len(piece.split()) for piece in words.texts) <= MAX_WORDS
    letters = passages_of(["字" * 2000])
    assert "".join(letters.texts) == "字" * 2000
    assert max(map(len, letters.texts)) <= MAX_CHARACTERS


def test_short_texts_are_joined_with_what_follows() -> None:
    passages = passages_of(["= Title =", SENTENCE * 2, "", "The end"])
    assert passages.texts == (f"= Title = {SENTENCE}{SENTENCE} The end",)
    assert (passages.n_joined, passages.n_dropped) == (2, 0)
    assert passages_of(["Alone"]).n_dropped == 1
    assert len(f"= Title = {SENTENCE}".split()) >= MIN_WORDS


@pytest.mark.parametrize("folder", [True, False])
def test_a_file_or_a_folder_of_them_becomes_a_corpus(folder: bool, tmp_path: Path) -> None:
    for i in range(3):
        lines = [f"Text {i} {j} has a number. {SENTENCE}" for j in range(20)]
        (tmp_path / f"part{i}.txt").write_text("\n".join(lines), encoding="utf-8")
    source = tmp_path if folder else tmp_path / "part0.txt"
    corpus = load_corpus(CorpusConfig(source=str(source)), task="fill-mask")
    n_texts = 60 if folder else 20
    assert len(corpus.train) + len(corpus.validation) + len(corpus.test) == n_texts
    assert set(corpus.train.labels) == {None}
    assert load_corpus(CorpusConfig(source=str(source)), task="fill-mask").digest == corpus.digest


def test_what_is_measured_is_limited_and_told(tmp_path: Path) -> None:
    lines = [f"Text {j} has a number. {SENTENCE}" for j in range(1200)]
    (tmp_path / "train.txt").write_text("\n".join(lines), encoding="utf-8")
    config = CorpusConfig(source=str(tmp_path / "train.txt"), test=str(tmp_path / "train.txt"))
    corpus = load_corpus(config, task="fill-mask")
    assert (len(corpus.validation), len(corpus.test)) == (120, 1000)
    assert "1,000 of 1,200 test passages are measured, drawn at random" in corpus.notes


def test_a_text_too_short_to_learn_from_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Two words", encoding="utf-8")
    with pytest.raises(CorpusError, match="at least three passages"):
        load_corpus(CorpusConfig(source=str(tmp_path / "a.txt")), task="fill-mask")
    (tmp_path / "b.txt").write_text(f"{SENTENCE}\n" * 20, encoding="utf-8")
    with pytest.raises(CorpusError, match="must be empty for fill-mask"):
        load_corpus(CorpusConfig(source=str(tmp_path / "b.txt"), label_names=("a", "b")), task="fill-mask")
