"""One sentence, two models: what they answer, what an edit changes, where they part, and a file of sentences."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from distil_core import explore
from distil_core.config import RunKind
from distil_core.errors import ModelError
from distil_core.examples import Filter, Who
from distil_core.runs import RunStore
from distil_core.slices import Slices
from pages import browse, cache, many
from pages.said import timing as usual_timing
from tests import seeds
from tests.pages.conftest import figure, markdown

App = Callable[..., AppTest]
FIRST = "This is text number 18."


def bars(at: AppTest) -> dict[str, Any]:
    """What the live bars in the browser get."""
    found = [element.proto for element in at.get("bidi_component")]
    (proto,) = [proto for proto in found if proto.component_name == "distil_lab.temperature"]
    return json.loads(proto.json)  # type: ignore[no-any-return]


def chart(at: AppTest, key: str) -> dict[str, Any]:
    """A chart of the page by its key, as plotly gets it."""
    (index,) = (i for i, found in enumerate(at.get("plotly_chart")) if found.proto.id.endswith(f"-{key}"))
    return figure(at, index)


def press(at: AppTest, key: str) -> AppTest:
    return at.button(key=key).click().run()


def typed(at: AppTest, text: str) -> AppTest:
    return at.text_input(key="compare.text").set_value(text).run()


def table(at: AppTest) -> Any:
    """The table of test texts; its key changes with the filters."""
    (found,) = (frame for frame in at.dataframe if frame.key and frame.key.startswith("compare.examples."))
    return found


# The sentence


def test_first_sentence_is_one_on_which_they_part(app: App, example: Path, models: list[tuple[str, str]]) -> None:
    at = app("compare")
    # Of 20 texts the student is wrong on the last two, the teacher on the last.
    assert at.text_input(key="compare.text").value == FIRST
    assert models[-1] == ("example", FIRST)
    assert "its label is **positive**" in markdown(at)
    assert not at.exception


def test_bars_get_both_models_logits_and_the_right_label(app: App, example: Path) -> None:
    data = bars(app("compare"))
    assert data["teacher"] == [2.0, 0.0, 0.0, 0.0, 0.0]
    assert data["student"] == [0.0, 2.0, 0.0, 0.0, 0.0]
    assert data["labels"][data["gold"]] == "positive"
    assert data["value"] == 1.0


def test_probabilities_can_be_taken_away(app: App, example: Path) -> None:
    at = app("compare")
    rows = at.dataframe[0].value
    # e^2 / (e^2 + 4) and 1 / (e^2 + 4)
    assert list(rows["teacher"]) == pytest.approx([0.6487, *[0.0878] * 4], abs=1e-4)
    assert list(rows["student"])[1] == pytest.approx(0.6487, abs=1e-4)


def test_both_answers_are_said_with_their_times(app: App, example: Path) -> None:
    at = app("compare")
    text = markdown(at)
    assert "#### very negative" in text
    assert "#### negative" in text
    assert "64.9 % sure" in text
    assert "**3.60 ms** :small[:gray[3.00 to 4.80]]" in text
    assert "**1.20 ms** :small[:gray[1.10 to 1.50]]" in text
    assert "with 2 threads: median and 5th to 95th percentile of 21 passes each, in turn" in text
    assert "A run is being computed" not in text
    assert "A run is being computed beside it" in markdown(typed(at, "We are in training."))
    assert not at.exception


def test_a_sentence_is_timed_once_and_again_when_nothing_else_runs(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = seeds.finished_family(store)
    family = cache.family(run.id)
    assert family is not None
    measured: list[str] = []

    def timing(pair: object, text: str, *, between: Callable[[], object]) -> int:
        between()
        measured.append(text)
        return len(measured)

    monkeypatch.setattr(explore, "timing", timing)
    monkeypatch.setattr(cache, "pair", lambda outcome: None)
    outcome = family.distilled
    other = store.add("other", seeds.a_config(seed=7), corpus_name="reviews")
    with store.owner() as owner:
        store.claim(owner, other.id)
        assert usual_timing(outcome, "Hm.", between=lambda: None) == (1, True)
        assert usual_timing(outcome, "Hm.", between=lambda: None) == (1, True)
    assert usual_timing(outcome, "Hm.", between=lambda: None) == (2, False)
    assert usual_timing(outcome, "Hm.", between=lambda: None) == (2, False)

    def interrupt() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        usual_timing(outcome, "Oh.", between=interrupt)
    # Whoever was interrupted keeps nobody else waiting.
    assert usual_timing(outcome, "Oh.", between=lambda: None) == (3, False)


def test_own_sentence_has_no_label(app: App, example: Path, models: list[tuple[str, str]]) -> None:
    at = typed(app("compare"), "Something nobody has written.")
    assert models[-1][1] == "Something nobody has written."
    assert "its label is" not in markdown(at)
    assert bars(at)["gold"] is None
    assert not at.exception


def test_the_address_names_sentence_and_original(app: App, example: Path, models: list[tuple[str, str]]) -> None:
    at = app("compare", compare__text="It was really good.", compare__original="It was good.")
    assert ("example", "It was really good.") in models
    assert ("example", "It was good.") in models
    assert "The student changes its mind from **negative** to **very negative**" in markdown(at)


def test_example_button_fills_the_field(app: App, example: Path) -> None:
    at = press(app("compare"), "compare.example.2")
    assert at.text_input(key="compare.text").value == "This is text number 2."
    assert "its label is **neutral**" in markdown(at)
    assert not at.exception


def test_empty_sentence_asks_for_one(app: App, example: Path) -> None:
    at = typed(app("compare"), "  ")
    assert "Type a sentence" in at.info[0].value
    assert at.button(key="compare.example.0")
    assert not at.exception


def test_long_sentence_is_said_to_be_cut(app: App, example: Path) -> None:
    assert "its end was cut off" in typed(app("compare"), "Is it?").warning[0].value


# Edits


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
    usual = cache.compare

    def compare(*asked: Any) -> Any:
        found = usual(*asked)
        object.__setattr__(found, "mask", "")
        return found

    monkeypatch.setattr(cache, "compare", compare)
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


# All test texts


def test_texts_are_ranked(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    at = app("compare", run=run.id)
    found = table(at).value
    assert len(found) == 20
    assert found["Text"][0] == FIRST
    assert found["Label"][0] == "positive"
    assert found["Student"][0].startswith("very positive")
    # 3 (p - q), where p = e^3 / (e^3 + 4) and q = 1 / (e^3 + 4)
    assert found["KL (nats)"][0] == pytest.approx(2.377, abs=0.001)
    assert found["KL (nats)"][1] == pytest.approx(0.0)
    assert "**20 of 20 test texts**" in markdown(at)
    assert not at.exception


def test_who_is_right_filters_and_again_stops(app: App, example: Path) -> None:
    at = app("compare")
    labels = {who: at.button(key=f"compare.who.{who}").label for who in Who}
    assert labels == {
        Who.BOTH: "**18** both right",
        Who.TEACHER: "**1** only the teacher right",
        Who.STUDENT: "**0** only the student right",
        Who.NEITHER: "**1** both wrong",
    }
    press(at, "compare.who.teacher")
    assert list(table(at).value["Text"]) == [FIRST]
    assert at.query_params["compare.who"] == "teacher"
    assert "Teacher right 100.0 % (20.7 to 100.0) · student right 0.0 % (0.0 to 79.3)" in markdown(at)
    press(at, "compare.who.student")
    assert "No test text passes" in at.info[0].value
    press(at, "compare.who.student")
    assert len(table(at).value) == 20
    assert not at.exception


def test_filters_work_together_and_are_cleared(app: App, example: Path) -> None:
    at = app("compare", compare__who="both")
    assert len(table(at).value) == 18
    at.selectbox(key="compare.label").set_value("neutral").run()
    assert len(table(at).value) == 4
    at.text_input(key="compare.contains").set_value("NUMBER 1").run()
    assert list(table(at).value["Text"]) == ["This is text number 12.", "This is text number 17."]
    at.number_input(key="compare.longest").set_value(4).run()
    assert "No test text passes" in at.info[0].value
    press(at, "compare.clear")
    assert len(table(at).value) == 20
    assert at.selectbox(key="compare.label").value is None
    assert "compare.who" not in at.query_params
    assert not at.exception


def test_answers_filter_each_on_its_own(app: App, example: Path) -> None:
    at = app("compare")
    at.selectbox(key="compare.teacher").set_value("positive").run()
    at.selectbox(key="compare.student").set_value("very positive").run()
    assert list(table(at).value["Text"]) == [FIRST]
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
    monkeypatch.setattr(browse, "MAX_SHOWN", 5)
    at = app("compare")
    assert len(table(at).value) == 5
    assert "The first 5 are shown" in markdown(at)


# Slices


def test_a_slice_is_saved_listed_opened_and_deleted(app: App, example: Path, store: RunStore) -> None:
    at = app("compare", compare__who="teacher", compare__contains="text")
    assert "contains “text”" in markdown(at)
    at.text_input(key="compare.slice.name").set_value("Hard").run()
    press(at, "compare.slice.save")
    assert "Saved" in at.success[0].value
    assert Slices(store.path).list() == {"Hard": Filter(who=Who.TEACHER, contains="text")}

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
    assert list(table(at).value["Text"]) == [FIRST]
    assert at.text_input(key="compare.contains").value == "text"
    assert not at.exception


def test_no_slice_says_how_to_make_one(app: App, example: Path) -> None:
    assert "No slice has been saved yet" in app("compare", compare__tab="Saved slices").info[0].value


def test_a_slice_of_another_corpus_cannot_be_opened(app: App, example: Path, store: RunStore) -> None:
    Slices(store.path).save("Other", Filter(label="abbreviation"))
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


# A file of sentences


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
    assert "**2 sentences** · Teacher right 50.0 % (9.5 to 90.5) · student right 100.0 % (34.2 to 100.0)" in text
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
    job = at.session_state[many.JOB]
    rows = list(csv.DictReader(io.StringIO(many.listing.answers_csv(job.result, rows=job.sentences.rows))))
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
    assert many.JOB not in at.session_state


def test_a_file_can_be_answered_in_quick_arithmetic(
    app: App, example: Path, models: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = app("compare", compare__tab="A file of sentences")
    uploaded(at, "mine.txt", "It was fine.\n")
    press(at, "compare.file.start")
    at.toggle(key="compare.file.quick").set_value(True).run()
    press(at, "compare.file.start")  # the answers there were are not those asked for
    assert [said for to, said in models if to == "in"] == ["fp32", "bf16"]
    monkeypatch.setattr(many.said, "bf16_pays", lambda: False)
    at.run()
    assert at.toggle(key="compare.file.quick").disabled
    press(at, "compare.file.start")
    assert [said for to, said in models if to == "in"] == ["fp32", "bf16", "fp32"]


def test_a_file_is_answered_bit_by_bit(app: App, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "STEP_SECONDS", -1.0)
    at = app("compare", compare__tab="A file of sentences")
    uploaded(at, "mine.txt", "It was fine.\nIt was good.\n")
    press(at, "compare.file.start")
    assert many.JOB in at.session_state
    assert at.session_state[many.JOB].result is None
    press(at, "compare.file.cancel")
    assert many.JOB not in at.session_state
    assert at.button(key="compare.file.start")
    assert not at.exception


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("mine.csv", "", "mine.csv must not be empty"),
        ("mine.csv", 'text\n"open\n', "must have its quotation marks in pairs"),
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
    monkeypatch.setattr(many, "MAX_SENTENCES", 1)
    at = uploaded(app("compare", compare__tab="A file of sentences"), "long.txt", "one\ntwo\n")
    press(at, "compare.file.start")
    assert "long.txt must have at most 1 sentences, got 2; take a part of it" in at.error[0].value


def test_a_file_without_a_usual_column_asks_for_one(app: App, example: Path) -> None:
    at = uploaded(app("compare", compare__tab="A file of sentences"), "mine.csv", "a,b\nIt was fine.,1\n")
    assert "Choose the column with the texts." in markdown(at)
    at.selectbox(key="compare.file.text").set_value("a").run()
    assert at.button(key="compare.file.start")


# Where there is nothing to show


def test_model_that_cannot_be_loaded_is_explained(app: App, example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ModelError("the teacher must be where it was, got nothing; put it back")

    monkeypatch.setattr(cache, "compare", refuse)
    at = app("compare")
    assert at.error[0].value == "the teacher must be where it was, got nothing; put it back"
    assert not at.exception


def test_missing_outputs_are_explained(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    (store.folder(run.id) / "outputs.safetensors").unlink()
    at = app("compare", run=run.id)
    assert "cannot be read" in at.error[0].value
    assert not at.exception


def test_another_run_begins_with_its_own_text(app: App, example: Path, store: RunStore) -> None:
    run = seeds.finished_family(store)
    path = store.folder(run.id) / "test.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("This is", "That was"), encoding="utf-8")
    at = app("compare")
    at.selectbox(key="app.run").set_value(run.id).run()
    assert at.text_input(key="compare.text").value == "That was text number 18."
    typed(at, "My own.")
    at.selectbox(key="app.run").set_value("example").run()
    assert at.text_input(key="compare.text").value == "My own."
    assert not at.exception


def test_unfinished_run_and_tfidf_have_nobody_to_ask(app: App, store: RunStore) -> None:
    run = store.add("waiting", seeds.a_config(), corpus_name="reviews")
    at = app("compare", run=run.id)
    assert "not done yet" in at.info[0].value
    tfidf = seeds.finished(store, next(c for c in seeds.family_of(seeds.a_config()) if c.kind is RunKind.TFIDF))
    at = app("compare", run=tfidf.id)
    assert "TF-IDF counts words" in at.info[0].value
    assert not at.exception
