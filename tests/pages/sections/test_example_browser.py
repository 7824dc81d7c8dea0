"""The test texts: ranked, filtered, and their answers counted."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.analysis.error_analysis import WhoIsRight
from distil_core.runs.store import RunStore
from pages.sections import answer_views
from tests import seeds
from tests.pages.conftest import chart, examples, markdown, press

App = Callable[..., AppTest]
FIRST = "This is text number 18."


def test_texts_are_ranked(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    at = app("compare", run=run.id)
    rows = examples(at).value
    assert len(rows) == 20
    assert rows["Text"][0] == FIRST
    assert rows["Label"][0] == "positive"
    assert rows["Student"][0].startswith("very positive")
    # 3 (p - q), where p = e^3 / (e^3 + 4) and q = 1 / (e^3 + 4)
    assert rows["KL (nats)"][0] == pytest.approx(2.377, abs=0.001)
    assert rows["KL (nats)"][1] == pytest.approx(0.0)
    assert "**20 of 20 test texts**" in markdown(at)
    assert not at.exception


def test_who_is_right_filters_and_again_stops(app: App, example: Path) -> None:
    at = app("compare")
    labels = {who: at.button(key=f"compare.who.{who}").label for who in WhoIsRight}
    assert labels == {
        WhoIsRight.BOTH: "**18** both right",
        WhoIsRight.TEACHER: "**1** only the teacher right",
        WhoIsRight.STUDENT: "**0** only the student right",
        WhoIsRight.NEITHER: "**1** both wrong",
    }
    press(at, "compare.who.teacher")
    assert list(examples(at).value["Text"]) == [FIRST]
    assert at.query_params["compare.who"] == "teacher"
    assert "Teacher right 100.0 % (20.7 to 100.0) · student right 0.0 % (0.0 to 79.3)" in markdown(at)
    press(at, "compare.who.student")
    assert "No test text passes" in at.info[0].value
    press(at, "compare.who.student")
    assert len(examples(at).value) == 20
    assert not at.exception


def test_filters_work_together_and_are_cleared(app: App, example: Path) -> None:
    at = app("compare", compare__who="both")
    assert len(examples(at).value) == 18
    at.selectbox(key="compare.label").set_value("neutral").run()
    assert len(examples(at).value) == 4
    at.text_input(key="compare.contains").set_value("NUMBER 1").run()
    assert list(examples(at).value["Text"]) == ["This is text number 12.", "This is text number 17."]
    at.number_input(key="compare.longest").set_value(4).run()
    assert "No test text passes" in at.info[0].value
    press(at, "compare.clear")
    assert len(examples(at).value) == 20
    assert at.selectbox(key="compare.label").value is None
    assert "compare.who" not in at.query_params
    assert not at.exception


def test_answers_filter_each_on_its_own(app: App, example: Path) -> None:
    at = app("compare")
    at.selectbox(key="compare.teacher").set_value("positive").run()
    at.selectbox(key="compare.student").set_value("very positive").run()
    assert list(examples(at).value["Text"]) == [FIRST]
    (frame,) = chart(at, "compare.confusion")["layout"]["shapes"]
    assert (frame["x0"], frame["y0"]) == (3.5, 2.5)


def test_confusion_counts_answers(app: App, example: Path) -> None:
    at = app("compare")
    counts = chart(at, "compare.confusion")["data"][0]["text"]
    assert counts[3] == ["", "", "", "3", "1"]
    assert counts[0][0] == "5"
    (rows,) = (frame.value for frame in at.dataframe if list(frame.value.columns) == ["teacher", "student", "texts"])
    assert tuple(rows.iloc[0]) == ("positive", "very positive", 1)


def test_very_many_texts_are_shown_in_part(app: App, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_views, "MAX_SHOWN", 5)
    at = app("compare")
    assert len(examples(at).value) == 5
    assert "The first 5 are shown" in markdown(at)
