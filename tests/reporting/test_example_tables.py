"""Texts with both answers as rows, as CSV and in words."""

import csv
import io

import numpy as np
import pytest

from distil_core.analysis import error_analysis
from distil_core.analysis.error_analysis import AnsweredTexts, Filter, WhoIsRight
from distil_core.reporting import example_tables

NAMES = ("bad", "so so", "good")


def found(*, n_labels: int = 3) -> AnsweredTexts:
    """Three texts: right and alike, apart, and one without a label."""
    logits = [3.0 * np.eye(n_labels)[labels] for labels in ([0, 2, 0], [0, 1, 0])]
    names = [*NAMES, *(f"label {i}" for i in range(3, n_labels))]
    return error_analysis.answered(["One word more", "two, words", "3"], [0, 2, -1], *logits, label_names=names)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# e^3 / (e^3 + 2)
SURE = 0.909443


def test_rows_have_both_answers() -> None:
    rows = example_tables.example_rows(found(), [1, 2])
    assert rows[0] == {
        "Text": "two, words",
        "Label": "good",
        "Teacher": "good (90.9 %)",
        "Student": "so so (90.9 %)",
        "KL (nats)": pytest.approx(3 * (SURE - (1 - SURE) / 2), abs=1e-4),
        "Words": 2,
    }
    assert rows[1]["Label"] is None


def test_without_any_label_there_is_no_column_of_labels() -> None:
    unlabeled = error_analysis.answered(["a"], [-1], np.eye(2)[[0]], np.eye(2)[[1]], label_names=("x", "y"))
    assert "Label" not in example_tables.example_rows(unlabeled, [0])[0]


def test_confusion_rows_begin_with_the_disagreements() -> None:
    assert example_tables.confusion_rows(found()) == [("good", "so so", 1), ("bad", "bad", 2)]


def test_csv_has_answers_and_all_probabilities() -> None:
    rows = read(example_tables.answers_csv(found(), rows=(1, 2, 4), given=("bad", "other", "")))
    assert [row["row"] for row in rows] == ["1", "2", "4"]
    assert [row["label"] for row in rows] == ["bad", "other", ""]
    assert rows[1]["text"] == "two, words"
    assert (rows[1]["teacher"], rows[1]["student"], rows[1]["agree"]) == ("good", "so so", "no")
    assert rows[0]["agree"] == "yes"
    assert float(rows[1]["teacher_probability"]) == pytest.approx(SURE, abs=1e-5)
    assert float(rows[1]["student: so so"]) == pytest.approx(SURE, abs=1e-5)
    assert sum(float(rows[1][f"teacher: {name}"]) for name in NAMES) == pytest.approx(1, abs=1e-5)


def test_csv_of_chosen_texts_is_in_their_order_and_names_the_labels() -> None:
    rows = read(example_tables.answers_csv(found(), [2, 0]))
    assert [(row["text"], row["label"]) for row in rows] == [("3", ""), ("One word more", "bad")]
    assert "row" not in rows[0]


def test_csv_leaves_out_probabilities_of_very_many_labels() -> None:
    few, many = (read(example_tables.answers_csv(found(n_labels=n)))[0] for n in (20, 21))
    assert "teacher: bad" in few
    assert "teacher: bad" not in many
    assert many["teacher"] == "bad"


def test_slices_are_listed_with_intervals() -> None:
    kept = {"Apart": Filter(teacher="good"), "Strange": Filter(label="of another corpus")}
    apart, strange = example_tables.slice_rows(kept, found())
    assert apart["Slice"] == "Apart"
    assert apart["Texts"] == 1
    # Wilson's interval of one of one: 1 / (1 + z²)
    assert apart["Teacher"] == "100.0 % (20.7 to 100.0)"
    assert apart["Student"] == "0.0 % (0.0 to 79.3)"
    assert apart["Agreement"] == "0.0 % (0.0 to 79.3)"
    assert strange["Texts"] is None
    assert strange["Filter"] == "label of another corpus (labels of another corpus)"
    assert strange["Teacher"] == "–"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Filter(), "all texts"),
        (Filter(label="bad", teacher="good", student="bad"), "label bad, teacher says good, student says bad"),
        (Filter(who=WhoIsRight.STUDENT, shortest=3), "only the student right, 3 to any number of words"),
        (Filter(longest=9, contains="not"), "0 to 9 words, contains “not”"),
    ],
)
def test_filters_are_put_into_words(wanted: Filter, words: str) -> None:
    assert example_tables.filter_words(wanted) == words


def test_summaries_are_put_into_words() -> None:
    whole = example_tables.summary_words(error_analysis.summarize(found(), np.arange(3)))
    assert whole.startswith("Teacher right 100.0 % (34.2 to 100.0) · student right 50.0 % (0.0 to 100.0)")
    assert "answered alike 66.7 %" in whole
    assert whole.endswith("nats")
    assert example_tables.summary_words(error_analysis.summarize(found(), np.array([2]))).startswith(
        "Answered alike 100.0 %"
    )


def test_nothing_has_nothing_to_say() -> None:
    assert example_tables.summary_words(error_analysis.summarize(found(), np.array([], dtype=int))) == ""


def test_labels_that_the_models_do_not_know_are_named() -> None:
    assert example_tables.label_notes(("bad", "good", ""), found()) == ()
    (note,) = example_tables.label_notes(("bad", "good", "ugly"), found())
    assert note == ("1 of 3 rows have a label that the models do not know ('ugly'); they know 'bad', 'so so', 'good'")
    many = [f"x{i}" for i in range(9)]
    strange = error_analysis.answered(
        many, [-1] * 9, np.tile(np.eye(2)[0], (9, 1)), np.tile(np.eye(2)[0], (9, 1)), label_names=("a", "b")
    )
    assert "'x5', ...)" in example_tables.label_notes(many, strange)[0]


def test_answers_are_counted_the_commonest_first() -> None:
    assert example_tables.answer_counts(found()) == [("bad", 2, 2), ("good", 1, 0), ("so so", 0, 1)]
