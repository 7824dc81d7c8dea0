"""Texts with both answers as rows, as CSV and in words."""

import csv
import io

import numpy as np
import pytest

from distil_core.analysis import error_analysis
from distil_core.analysis.error_analysis import AnsweredTexts, Filter
from distil_core.reporting import example_tables

NAMES = ("bad", "so so", "good")


def some_answers(*, n_labels: int = 3) -> AnsweredTexts:
    """Three texts: right and alike, apart, and one without a label."""
    logits = [3.0 * np.eye(n_labels)[labels] for labels in ([0, 2, 0], [0, 1, 0])]
    names = [*NAMES, *(f"label {i}" for i in range(3, n_labels))]
    return error_analysis.answered(["One word more", "two, words", "3"], [0, 2, -1], *logits, label_names=names)


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_segments_have_columns_of_their_own_in_a_file() -> None:
    logits = np.eye(3)[[0, 2]]
    answers = error_analysis.answered(["a\x1fb", "c\x1fd"], [0, 2], logits, logits, label_names=NAMES)
    assert [row["Text"] for row in example_tables.example_rows(answers, [0, 1])] == ["a ‖ b", "c ‖ d"]
    assert [(row["text_a"], row["text_b"]) for row in read(example_tables.answers_csv(answers))] == [
        ("a", "b"),
        ("c", "d"),
    ]


# e^3 / (e^3 + 2)
SURE = 0.909443


def test_rows_have_both_answers() -> None:
    rows = example_tables.example_rows(some_answers(), [1, 2])
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
    assert example_tables.confusion_rows(some_answers()) == [("good", "so so", 1), ("bad", "bad", 2)]


def test_csv_has_answers_and_all_probabilities() -> None:
    rows = read(example_tables.answers_csv(some_answers(), rows=(1, 2, 4), labels=("bad", "other", "")))
    assert [row["row"] for row in rows] == ["1", "2", "4"]
    assert [row["label"] for row in rows] == ["bad", "other", ""]
    assert rows[1]["text"] == "two, words"
    assert (rows[1]["teacher"], rows[1]["student"], rows[1]["agree"]) == ("good", "so so", "no")
    assert rows[0]["agree"] == "yes"
    assert float(rows[1]["teacher_probability"]) == pytest.approx(SURE, abs=1e-5)
    assert float(rows[1]["student: so so"]) == pytest.approx(SURE, abs=1e-5)
    assert sum(float(rows[1][f"teacher: {name}"]) for name in NAMES) == pytest.approx(1, abs=1e-5)


def test_csv_of_chosen_texts_is_in_their_order_and_names_the_labels() -> None:
    rows = read(example_tables.answers_csv(some_answers(), [2, 0]))
    assert [(row["text"], row["label"]) for row in rows] == [("3", ""), ("One word more", "bad")]
    assert "row" not in rows[0]


def test_csv_leaves_out_probabilities_of_very_many_labels() -> None:
    few, many = (read(example_tables.answers_csv(some_answers(n_labels=n)))[0] for n in (20, 21))
    assert "teacher: bad" in few
    assert "teacher: bad" not in many
    assert many["teacher"] == "bad"


def test_slices_are_listed_with_intervals() -> None:
    slices = {"Apart": Filter(teacher="good"), "Strange": Filter(label="of another corpus")}
    apart, strange = example_tables.slice_rows(error_analysis.summarize_slices(slices, some_answers()))
    assert apart["Slice"] == "Apart"
    assert apart["Texts"] == 1
    # Wilson's interval of one of one: 1 / (1 + z²)
    assert apart["Teacher"] == "100.0 % (20.7 to 100.0)"
    assert apart["Student"] == "0.0 % (0.0 to 79.3)"
    assert apart["Agreement"] == "0.0 % (0.0 to 79.3)"
    assert strange["Texts"] is None
    assert strange["Filter"] == "label of another corpus (labels of another corpus)"
    assert strange["Teacher"] == "–"


def test_answers_are_counted_the_commonest_first() -> None:
    assert example_tables.answer_count_rows(some_answers()) == [("bad", 2, 2), ("good", 1, 0), ("so so", 0, 1)]
