"""What is large is read in a process of its own, with the same outcome, once until it changes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
import pytest

from distil_core.errors import ConfigError, CorpusError
from distil_core.runs import reading
from distil_core.runs.reading import is_small, outline, outline_here, sentences_in, task_of
from distil_core.settings.config import CorpusConfig, RunConfig, Supervision
from distil_core.tasks.catalog import TASKS
from tests import pairs

ROWS = [f"soup number {i},{('good', 'bad')[i % 2]}" for i in range(40)]


@pytest.fixture
def all_large(monkeypatch: pytest.MonkeyPatch) -> list[Callable[..., Any]]:
    """Every file counts as large, and cannot be read in this process; returns what is called in others."""
    called: list[Callable[..., Any]] = []
    usual = reading.apart

    def apart(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        called.append(function)
        return usual(function, *args, **kwargs)

    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise AssertionError("this process must not read it")

    monkeypatch.setattr(reading, "SMALL_BYTES", 0)
    monkeypatch.setattr(reading, "apart", apart)
    monkeypatch.setattr("distil_core.data.files.read_content", refuse)
    return called


def write(path: Path, rows: list[str] = ROWS) -> CorpusConfig:
    path.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    return CorpusConfig(source=str(path))


def test_a_small_file_is_read_here_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = write(tmp_path / "a.csv", [*ROWS, "soup number 0,bad"])
    first = outline(config, "classification")
    assert (first.name, first.label_names, first.n_train, first.n_labeled) == ("a", ("bad", "good"), 33, 33)
    assert set(first.n_words) == {3}
    assert any("2 labels" in note or "soup number 0" in note for note in first.notes)
    monkeypatch.delattr(reading, "load_corpus_cached")
    assert outline(config, "classification") is first


def test_a_large_file_has_the_same_outline_from_another_process(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    config = CorpusConfig(source=str(pairs.write(tmp_path / "a.csv", scored=True)), max_examples=20)
    here = outline_here(config, "pairs")
    reading._remembered.clear()
    called = request.getfixturevalue("all_large")
    there = outline(config, "pairs")
    for name in ("name", "digest", "label_names", "notes", "n_train", "n_labeled", "n_words"):
        assert getattr(there, name) == getattr(here, name), name
    assert type(there.task) is type(here.task)
    assert there.task.metrics == here.task.metrics
    assert outline(config, "pairs") is there
    assert called == [outline_here]


def test_what_is_wrong_with_a_large_file_is_said_again_without_reading_it_again(
    tmp_path: Path, all_large: list[Callable[..., Any]]
) -> None:
    path = tmp_path / "a.csv"
    config = write(path, ["soup,good,5", *ROWS])
    for _ in range(2):
        with pytest.raises(CorpusError, match=r"line 2 of a\.csv must have 2 fields"):
            outline(config, "classification")
    assert len(all_large) == 1
    assert outline(write(path), "classification").n_train == 32
    assert len(all_large) == 2
    both = CorpusConfig(source=str(path), supervision=Supervision.ZERO_SHOT, label_descriptions="good; bad")
    with pytest.raises(ConfigError, match="label_descriptions must be NAME"):
        outline(both, "classification")


def test_a_reader_that_is_ended_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*args: Any, **kwargs: Any) -> NoReturn:
        raise ChildProcessError("the process was ended by signal 9")

    monkeypatch.setattr(reading, "SMALL_BYTES", 0)
    monkeypatch.setattr(reading, "apart", ended)
    config = write(tmp_path / "a.csv")
    with pytest.raises(CorpusError, match=r"^a\.csv could not be read: .* for want of memory; .* take a part of it$"):
        outline(config, "classification")
    with pytest.raises(CorpusError, match="for want of memory"):
        sentences_in(tmp_path / "a.csv", text_column="text", label_column="", most=9)
    monkeypatch.undo()
    assert outline(config, "classification").n_train == 32


def test_sentences_of_a_large_file_are_those_of_a_small_one(
    tmp_path: Path, all_large: list[Callable[..., Any]]
) -> None:
    write(tmp_path / "a.csv")
    read = sentences_in(tmp_path / "a.csv", text_column="text", label_column="label", most=40)
    assert read.texts[3] == "soup number 3"
    assert read.labels[:2] == ("good", "bad")
    with pytest.raises(CorpusError, match=r"a\.csv must have at most 39 sentences, got 40"):
        sentences_in(tmp_path / "a.csv", text_column="text", label_column="label", most=39)
    assert len(all_large) == 2


def test_what_may_unfold_or_is_not_here_is_never_small(tmp_path: Path) -> None:
    assert is_small(CorpusConfig())
    assert is_small(write(tmp_path / "a.csv"))
    assert not is_small(CorpusConfig(n_train=100_000))
    assert not is_small(CorpusConfig(source="hub:nobody/nothing"))
    pd.DataFrame({"text": ["soup"]}).to_parquet(tmp_path / "a.parquet")
    assert not is_small(CorpusConfig(source=str(tmp_path / "a.parquet")))
    assert not is_small(CorpusConfig(test=str(tmp_path / "a.parquet")))
    with (tmp_path / "b.csv").open("wb") as file:
        file.truncate(reading.SMALL_BYTES + 1)
    assert not is_small(CorpusConfig(source=str(tmp_path / "b.csv")))
    assert not is_small(CorpusConfig(source=str(tmp_path)))


def test_a_folder_is_read_again_when_a_file_in_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "texts" / "a.txt"
    path.parent.mkdir()
    passage = "the soup was cold and nobody came to take it away number {}\n"
    path.write_text("".join(passage.format(i) for i in range(60)), encoding="utf-8")
    config = CorpusConfig(source=str(path.parent))
    before = outline(config, "fill-mask")
    times = path.parent.stat()
    path.write_text("".join(passage.format(i) for i in range(90)), encoding="utf-8")
    os.utime(path.parent, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert outline(config, "fill-mask").n_train > before.n_train


def test_a_task_is_as_it_is_on_the_corpus_and_as_usual_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    rows = [f"soup {i},bread {i},{i % 6 / 5}" for i in range(60)]
    path.write_text("\n".join(["text_a,text_b,score", *rows]), encoding="utf-8")
    config = RunConfig(task="pairs", corpus=CorpusConfig(source=str(path)))
    assert task_of(config).predicts_numbers
    path.unlink()
    assert task_of(config) is TASKS["pairs"]
