"""A run whose models answer at each word: a place is chosen under the sentence, and all that is shown is of that."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from distil_core.reporting import example_tables
from distil_core.tasks import catalog
from pages.sections import bulk_scoring
from pages.state import model_answers
from pages.state.model_answers import bf16_pays, compare, stream, timing
from tests import tagging
from tests.pages.conftest import chart, component, examples, markdown, press, typed
from tests.pages.readings import values
from tests.tagging import TAGS, Tagged, Tagging, logits_of_words, tag_of

TEXT = "then we saw snow near the old house"


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tagged]:
    """A finished run that tags words, in a store of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalog.TASKS, "tagging", Tagging())
        yield tagging.distil(tmp_path_factory.mktemp("tagged"))


@pytest.fixture
def opened(
    app: Callable[..., AppTest], tagged: Tagged, models: object, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AppTest]:
    """Open a page on that run, with the models that it has."""
    monkeypatch.setenv("DISTIL_LAB_HOME", str(tagged.home))
    for usual in (compare, stream, timing, bf16_pays):
        monkeypatch.setattr(model_answers, usual.__name__, usual)
    return lambda page, **query: app(page, run=tagged.distillation.run, **query)


def place(at: AppTest, page: str) -> Any:
    """Where a place is chosen: words that can be clicked already have a list beside them."""
    return (at.selectbox if page == "compare" else at.pills)(key=f"{page}.place")


def logits(tagged: Tagged, text: str, word: int) -> tuple[list[float], list[float]]:
    """What teacher and student answer at a word."""
    teacher, student = (logits_of_words(model, text)[word].tolist() for model in (tagged.teacher, tagged.student))
    return teacher, student


def test_compare_shows_the_place_that_is_chosen(opened: Callable[..., AppTest], tagged: Tagged) -> None:
    at = opened("compare", compare__text=TEXT)
    assert not at.exception
    assert place(at, "compare").options == TEXT.split()
    assert place(at, "compare").value == "then"
    place(at, "compare").set_value("snow").run()
    assert not at.exception
    teacher, student = logits(tagged, TEXT, 3)
    data = component(at, "temperature")
    assert data["labels"] == list(TAGS)
    assert data["teacher"] == pytest.approx(teacher, abs=1e-4)
    assert data["student"] == pytest.approx(student, abs=1e-4)
    assert f"## {TAGS[int(np.argmax(teacher))]}" in markdown(at)


def test_compare_begins_where_the_two_differ_most(opened: Callable[..., AppTest], tagged: Tagged) -> None:
    at = opened("compare")
    text, word = at.text_input(key="compare.text").value, place(at, "compare").value.split(" (")[0]
    assert word in text.split()
    assert f"right for *{word}* is **{TAGS[tag_of(word)]}**" in markdown(at)
    assert component(at, "temperature")["gold"] == tag_of(word)
    test = tagged.distillation.folder.read_predictions().test
    apart = test.logits.argmax(axis=1) != test.teacher.logits.argmax(axis=1)
    data = component(at, "temperature")
    assert (np.argmax(data["teacher"]) != np.argmax(data["student"])) == apart.any()
    assert not at.exception


def test_the_place_stays_with_its_word_when_another_is_dropped(opened: Callable[..., AppTest], tagged: Tagged) -> None:
    at = opened("compare", compare__text=TEXT, compare__place="snow")
    assert place(at, "compare").value == "snow"
    press(press(at, "compare.word.1"), "compare.drop")
    shorter = "then saw snow near the old house"
    assert at.text_input(key="compare.text").value == shorter
    assert place(at, "compare").value == "snow"
    assert not at.exception
    # What the edit has changed is held against the same word in the original.
    rows = next(frame.value for frame in at.dataframe if "teacher before" in frame.value)
    for column, text, word in (("before", TEXT, 3), ("after", shorter, 2)):
        for name, scores in zip(("teacher", "student"), logits(tagged, text, word), strict=True):
            shares = np.exp(scores) / np.exp(scores).sum()
            assert list(rows[f"{name} {column}"]) == pytest.approx(list(shares), abs=1e-4)
    # The word itself: its place in the original has gone, and the number stays.
    press(press(at, "compare.word.2"), "compare.drop")
    assert place(at, "compare").value == "near"
    assert not at.exception


def test_a_place_that_the_original_lacks_has_no_changes(opened: Callable[..., AppTest]) -> None:
    at = opened("compare", compare__text=f"{TEXT} then", compare__original=TEXT, compare__place="then (2)")
    assert "The original has no such place" in markdown(at)
    assert not at.exception


def test_test_texts_are_counted_and_listed_by_place(opened: Callable[..., AppTest], tagged: Tagged) -> None:
    at = opened("compare")
    texts, test = tagged.distillation.folder.read_test_texts(), tagged.distillation.folder.read_predictions().test
    n = len(test.logits)
    assert f"**{n:,} of {n:,} test places**" in markdown(at)
    rows = examples(at).value
    assert {"Text", "Place"} <= set(rows)
    assert all(word in text.split() for text, word in zip(rows["Text"], rows["Place"], strict=True))
    cells = [
        int(cell.replace(",", "") or 0) for row in chart(at, "compare.confusion")["data"][0]["text"] for cell in row
    ]
    assert sum(cells) == n == sum(len(text.places) for text in texts)
    assert not at.exception
    at.selectbox(key="compare.label").set_value("hot").run()
    assert {tag_of(word) for word in examples(at).value["Place"]} == {TAGS.index("hot")}
    assert not at.exception


def test_a_file_of_sentences_is_answered_at_its_words(opened: Callable[..., AppTest], tagged: Tagged) -> None:
    at = opened("compare", compare__tab="A file of sentences")
    at.file_uploader(key="compare.file.upload").upload("mine.csv", f"text,label\n{TEXT},hot\nsun,hot\n".encode()).run()
    # A label of a text says nothing about its words.
    assert not [box for box in at.selectbox if box.key == "compare.file.label"]
    press(at, "compare.file.start")
    assert "**9 places in 2 sentences**" in markdown(at)
    job = at.session_state[bulk_scoring.JOB]
    rows = list(csv.DictReader(io.StringIO(example_tables.answers_csv(job.result, rows=job.sentences.rows))))
    assert [(row["row"], row["place"]) for row in rows] == [*(("1", word) for word in TEXT.split()), ("2", "sun")]
    teacher = logits_of_words(tagged.teacher, TEXT).argmax(dim=1).tolist()
    assert [row["teacher"] for row in rows[:8]] == [TAGS[tag] for tag in teacher]
    counts = chart(at, "compare.file.answers")["data"][0]["x"]
    assert sum(counts) == 9
    assert not at.exception


def test_temperature_is_that_of_a_place(opened: Callable[..., AppTest], tagged: Tagged) -> None:
    at = opened("temperature", temperature__text=TEXT)
    place(at, "temperature").set_value("snow").run()
    teacher, student = logits(tagged, TEXT, 3)
    data = component(at, "temperature")
    assert data["teacher"] == pytest.approx(teacher, abs=1e-4)
    assert data["student"] == pytest.approx(student, abs=1e-4)
    assert data["gold"] is None
    # An example is a place of a test text, whose answers and tag are known.
    press(at, "temperature.example.torn")
    text = at.text_input(key="temperature.text").value
    site = place(at, "temperature").options.index(place(at, "temperature").value)
    word = text.split()[site]
    data = component(at, "temperature")
    assert data["gold"] == tag_of(word)
    assert data["teacher"] == pytest.approx(logits(tagged, text, site)[0], abs=1e-3)
    assert not at.exception


def test_all_views_of_temperature_are_over_places(opened: Callable[..., AppTest], tagged: Tagged) -> None:
    record, test = tagged.distillation.record, tagged.distillation.folder.read_predictions().test
    at = opened("temperature", temperature__tab="All texts")
    assert f"Means over all {len(test.logits):,} places in the {test.n_examples} test texts" in markdown(at)
    agreement = values(chart(at, "temperature.agreement")["data"][0]["y"])
    assert agreement == pytest.approx(100 * record.model.metrics["agreement"].value)
    assert not at.exception
    at = opened("temperature", temperature__tab="Dark knowledge")
    assert "of the places" in markdown(at)
    shares = values(chart(at, "temperature.leftover.Teacher")["data"][0]["z"])
    assert shares.shape == (4, 4)
    assert np.nansum(shares, axis=1) == pytest.approx(100 * np.ones(4), abs=1e-3)
    assert not at.exception
    at = opened("temperature", temperature__tab="Why T²")
    rows = next(frame.value for frame in at.dataframe if "soft labels, with T²" in frame.value)
    assert (rows[["soft labels, without T²", "soft labels, with T²", "hard labels"]] > 0).all(axis=None)
    assert not at.exception
    at = opened("temperature", temperature__tab="Calibration")
    rows = next(frame.value for frame in at.dataframe if "mean confidence" in frame.value)
    assert rows[rows["state"] == "as it is"]["places"].sum() == len(test.logits)
    assert not at.exception


def test_attention_explains_the_answer_at_a_place(opened: Callable[..., AppTest], tagged: Tagged) -> None:
    at = opened("attention", attention__text=TEXT, attention__view="Leave-one-out")
    assert place(at, "attention").options[3] == "snow"
    place(at, "attention").set_value("snow").run()
    assert "“snow” · Teacher:" in markdown(at)
    words = TEXT.split()
    shown = chart(at, "attention.left_out")["data"]
    for model, bars in ((tagged.teacher, shown[0]), (tagged.student, shown[1])):
        whole = logits_of_words(model, TEXT)[3].softmax(-1)
        label = int(whole.argmax())
        assert bars["y"][3] is None
        without = logits_of_words(model, " ".join(words[1:]))[2].softmax(-1)
        assert bars["y"][0] == pytest.approx(100 * float(without[label] - whole[label]), abs=0.02)
    assert not at.exception
    at.segmented_control(key="attention.view").set_value("Attention rollout").run()
    assert "What reaches the place “snow”" in markdown(at)
    assert not at.exception


@pytest.mark.parametrize("named", ["99 snow", "ice", "0"])
def test_an_address_that_names_no_place_of_the_text_leads_to_the_first(
    opened: Callable[..., AppTest], named: str
) -> None:
    at = opened("compare", compare__text=TEXT, compare__place=named)
    assert place(at, "compare").value == "then"
    assert not at.exception


def test_test_texts_are_offered_with_all_their_tags(opened: Callable[..., AppTest]) -> None:
    at = opened("attention")
    press(at, "attention.example.0")
    assert place(at, "attention").value == place(at, "attention").options[0]
    assert not at.exception


def test_one_place_needs_no_choice(app: Callable[..., AppTest], example: Path, readings: list[str]) -> None:
    for page in ("compare", "temperature", "attention"):
        at = app(page)
        assert not [box for box in at.selectbox if box.key and box.key.endswith(".place")]
        assert not at.exception


def test_a_typed_sentence_is_as_good_as_a_test_text(opened: Callable[..., AppTest], tagged: Tagged) -> None:
    at = typed(opened("compare"), "sun")
    assert component(at, "temperature")["student"] == pytest.approx(logits(tagged, "sun", 0)[1], abs=1e-4)
    assert not [box for box in at.selectbox if box.key == "compare.place"]
    assert not at.exception
