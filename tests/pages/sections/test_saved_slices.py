"""Filters with a name: saved, listed, opened, deleted."""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from distil_core.analysis.error_analysis import Filter, WhoIsRight
from distil_core.analysis.slices import Slices
from distil_core.runs.store import RunStore
from tests.pages.conftest import examples, markdown, press

App = Callable[..., AppTest]
FIRST = "This is text number 18."


def test_a_slice_is_saved_listed_opened_and_deleted(app: App, example: Path, store: RunStore) -> None:
    at = app("compare", compare__who="teacher", compare__contains="text")
    assert "contains “text”" in markdown(at)
    at.text_input(key="compare.slice.name").set_value("Hard").run()
    press(at, "compare.slice.save")
    assert "Saved" in at.success[0].value
    assert Slices(store.layout.slices).list() == {"Hard": Filter(who=WhoIsRight.TEACHER, contains="text")}

    at = app("compare", compare__tab="Saved slices")
    (listed,) = (frame for frame in at.dataframe if frame.key and frame.key.startswith("compare.slices."))
    assert tuple(listed.value.iloc[0])[:4] == (
        "Hard",
        "only the teacher right, contains “text”",
        1,
        "100.0 % (20.7 to 100.0)",
    )
    at.session_state[listed.key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    at.run()
    press(at, "compare.slice.open")
    assert list(examples(at).value["Text"]) == [FIRST]
    assert at.text_input(key="compare.contains").value == "text"
    assert not at.exception


def test_no_slice_says_how_to_make_one(app: App, example: Path) -> None:
    assert "No slice has been saved yet" in app("compare", compare__tab="Saved slices").info[0].value


def test_a_slice_of_another_corpus_cannot_be_opened(app: App, example: Path, store: RunStore) -> None:
    Slices(store.layout.slices).save("Other", Filter(label="abbreviation"))
    at = app("compare", compare__tab="Saved slices")
    (listed,) = (frame for frame in at.dataframe if frame.key and frame.key.startswith("compare.slices."))
    assert "labels of another corpus" in listed.value["Filter"][0]
    at.session_state[listed.key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    at.run()
    assert at.button(key="compare.slice.open").disabled
    assert not at.exception


def test_a_damaged_file_of_slices_is_explained(app: App, example: Path, store: RunStore) -> None:
    (store.path / "slices.json").write_text("no json", encoding="utf-8")
    assert "mend or delete it" in app("compare", compare__tab="Saved slices").error[0].value
