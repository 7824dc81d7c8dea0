"""A sentence and its edits: what changes for both models, and the way back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.state import model_answers
from tests.pages.conftest import chart, markdown, press, typed

App = Callable[..., AppTest]
FIRST = "This is text number 18."


def test_an_edit_shows_what_changed_for_both(app: App, example: Path) -> None:
    at = typed(app("compare"), "This is really text number 18.")
    text = markdown(at)
    assert (
        "The student changes its mind from **negative** to **very negative**; "
        "the teacher does not, it stays with **very negative**." in text
    )
    assert "before: negative, 64.9 %" in text
    assert "before: 64.9 %" in text
    teacher, student = chart(at, "compare.changes")["data"]
    assert teacher["x"] == [0.0] * 5
    assert student["x"][:2] == pytest.approx([56.09, -56.09], abs=0.01)
    assert at.query_params["compare.original"] == FIRST
    assert not at.exception


def test_another_sentence_is_no_edit(app: App, example: Path) -> None:
    at = typed(app("compare"), "We really had the soup.")
    assert "changes its mind" not in markdown(at)
    assert "compare.original" not in at.query_params
    # An edit by a click starts from what stands there.
    press(at, "compare.word.1")
    press(at, "compare.drop")
    assert at.text_input(key="compare.text").value == "We had the soup."
    assert "The student changes its mind from **very negative** to **negative**" in markdown(at)


def test_the_way_back(app: App, example: Path) -> None:
    at = typed(app("compare"), "This is really text number 18.")
    press(at, "compare.start")
    assert "changes its mind" not in markdown(at)
    typed(at, FIRST)
    assert "The student changes its mind from **very negative** to **negative**" in markdown(at)
    press(at, "compare.back")
    assert at.text_input(key="compare.text").value == "This is really text number 18."
    assert "changes its mind" not in markdown(at)
    assert not at.exception


def test_a_word_is_dropped_masked_and_swapped_and_undone(app: App, example: Path) -> None:
    at = app("compare")
    assert [at.button(key=f"compare.word.{i}").label for i in range(6)] == ["This", "is", "text", "number", "18", "."]
    press(at, "compare.word.2")
    assert at.query_params["compare.word"] == "2"
    press(at, "compare.drop")
    assert at.text_input(key="compare.text").value == "This is number 18."
    press(at, "compare.word.2")
    press(at, "compare.mask")
    assert at.text_input(key="compare.text").value == "This is [MASK] 18."
    press(at, "compare.word.2")
    at.text_input(key="compare.swap").set_value(" page ").run()
    assert at.text_input(key="compare.text").value == "This is page 18."
    assert "compare.word" not in at.query_params
    for text in ("This is [MASK] 18.", "This is number 18.", FIRST):
        press(at, "compare.undo.last")
        assert at.text_input(key="compare.text").value == text
    assert not [button for button in at.button if button.key == "compare.undo.last"]
    assert not at.exception


def test_the_same_word_again_lets_go(app: App, example: Path) -> None:
    at = press(app("compare"), "compare.word.0")
    assert at.button(key="compare.drop")
    at.text_input(key="compare.swap").set_value("  ").run()
    assert at.text_input(key="compare.text").value == FIRST
    press(at, "compare.word.0")
    assert not [button for button in at.button if button.key == "compare.drop"]


def test_without_a_mask_there_is_no_masking(app: App, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = model_answers.compare

    def compare(*asked: Any) -> Any:
        comparison = usual(*asked)
        object.__setattr__(comparison, "mask", "")
        return comparison

    monkeypatch.setattr(model_answers, "compare", compare)
    at = press(app("compare"), "compare.word.0")
    keys = [button.key for button in at.button]
    assert "compare.drop" in keys
    assert "compare.mask" not in keys


def test_suggestions_come_from_the_labels_that_the_teacher_finds_next(app: App, example: Path, tmp_path: Path) -> None:
    path = example / "distilled" / "test.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["text"] += f" It is kind{row['label']}x."
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    at = press(app("compare"), "compare.word.8")
    assert at.button(key="compare.word.8").label == "kind3x"
    suggested = [at.button(key=f"compare.suggestion.{i}") for i in range(3)]
    # Not of label 0, which is the teacher's answer, nor the word that stands there.
    assert [button.label for button in suggested] == ["kind1x", "kind2x", "kind4x"]
    assert "**negative**" in suggested[0].help
    suggested[0].click().run()
    assert at.text_input(key="compare.text").value == "This is text number 18. It is kind1x."
