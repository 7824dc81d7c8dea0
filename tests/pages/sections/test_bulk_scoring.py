"""A file of sentences through both models, bit by bit, and what can be wrong with it."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.reporting import example_tables
from pages.sections import bulk_scoring
from pages.state import model_answers
from tests.pages.conftest import chart, markdown, press

App = Callable[..., AppTest]


def uploaded(at: AppTest, name: str, content: str) -> AppTest:
    return at.file_uploader(key="compare.file.upload").upload(name, content.encode()).run()


def test_a_file_goes_through_both_models(app: App, example: Path, models: list[tuple[str, str]]) -> None:
    at = app("compare", compare__tab="A file of sentences")
    uploaded(at, "mine.csv", "review,stars\nIt was fine.,negative\nIt was really fine.,very negative\n,neutral\n")
    assert at.selectbox(key="compare.file.text").value == "review"
    assert at.selectbox(key="compare.file.label").value == "stars"
    press(at, "compare.file.start")
    assert {("example", "It was fine."), ("example", "It was really fine.")} <= set(models)
    text = markdown(at)
    # The teacher says "very negative" to both, the student "negative" to the first.
    assert "**2 sentences** · Teacher right 50.0 % (0.0 to 100.0) · student right 100.0 % (34.2 to 100.0)" in text
    assert "answered alike 50.0 %" in text
    assert "1 row of mine.csv without a text is left out" in text
    teacher, student = chart(at, "compare.file.answers")["data"]
    assert (teacher["x"][:2], student["x"][:2]) == ([2, 0], [1, 1])
    assert chart(at, "compare.file.confusion")["data"][0]["text"][0] == ["1", "1", "", "", ""]
    assert not at.exception


def test_answers_to_a_file_are_a_csv_file(app: App, example: Path) -> None:
    at = app("compare", compare__tab="A file of sentences")
    uploaded(at, "mine.txt", "It was fine.\n\nIt was really fine.\n")
    press(at, "compare.file.start")
    job = at.session_state[bulk_scoring.JOB]
    rows = list(csv.DictReader(io.StringIO(example_tables.answers_csv(job.result, rows=job.sentences.rows))))
    assert [(row["text"], row["teacher"], row["student"], row["agree"]) for row in rows] == [
        ("It was fine.", "very negative", "negative", "no"),
        ("It was really fine.", "very negative", "very negative", "yes"),
    ]
    assert at.get("download_button")
    assert "Teacher right" not in markdown(at).partition("sentences** ·")[2].partition("\n")[0]


def test_a_file_can_be_started_over_and_cancelled(app: App, example: Path) -> None:
    at = app("compare", compare__tab="A file of sentences")
    uploaded(at, "mine.txt", "It was fine.\n")
    press(at, "compare.file.start")
    press(at, "compare.file.again")
    assert at.button(key="compare.file.start")
    assert bulk_scoring.JOB not in at.session_state


def test_a_file_can_be_answered_in_quick_arithmetic(
    app: App, example: Path, models: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = app("compare", compare__tab="A file of sentences")
    uploaded(at, "mine.txt", "It was fine.\n")
    press(at, "compare.file.start")
    at.toggle(key="compare.file.quick").set_value(True).run()
    press(at, "compare.file.start")  # the answers there were are not those asked for
    assert [said for to, said in models if to == "in"] == ["fp32", "bf16"]
    monkeypatch.setattr(model_answers, "bf16_pays", lambda: False)
    at.run()
    assert at.toggle(key="compare.file.quick").disabled
    press(at, "compare.file.start")
    assert [said for to, said in models if to == "in"] == ["fp32", "bf16", "fp32"]


def test_a_file_is_answered_bit_by_bit(app: App, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_scoring, "STEP_SECONDS", -1.0)
    at = app("compare", compare__tab="A file of sentences")
    uploaded(at, "mine.txt", "It was fine.\nIt was good.\n")
    press(at, "compare.file.start")
    assert bulk_scoring.JOB in at.session_state
    assert at.session_state[bulk_scoring.JOB].result is None
    press(at, "compare.file.cancel")
    assert bulk_scoring.JOB not in at.session_state
    assert at.button(key="compare.file.start")
    assert not at.exception


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("mine.csv", "", "mine.csv must not be empty"),
        ("mine.jsonl", "no json\n", "line 1 of mine.jsonl must be a JSON object"),
    ],
)
def test_a_bad_file_is_explained(app: App, example: Path, name: str, content: str, problem: str) -> None:
    at = uploaded(app("compare", compare__tab="A file of sentences"), name, content)
    assert problem in at.error[0].value
    assert not at.exception


def test_what_cannot_be_answered_is_explained(app: App, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = uploaded(app("compare", compare__tab="A file of sentences"), "mine.csv", "text,n\n,1\n,2\n")
    press(at, "compare.file.start")
    assert "every text in column 'text' of mine.csv is empty" in at.error[0].value
    monkeypatch.setattr(bulk_scoring, "MAX_SENTENCES", 1)
    at = uploaded(app("compare", compare__tab="A file of sentences"), "long.txt", "one\ntwo\n")
    press(at, "compare.file.start")
    assert "long.txt must have at most 1 sentences, got 2; take a part of it" in at.error[0].value


def test_a_file_without_a_usual_column_asks_for_one(app: App, example: Path) -> None:
    at = uploaded(app("compare", compare__tab="A file of sentences"), "mine.csv", "a,b\nIt was fine.,1\n")
    assert "Choose the column with the texts." in markdown(at)
    at.selectbox(key="compare.file.text").set_value("a").run()
    assert at.button(key="compare.file.start")
