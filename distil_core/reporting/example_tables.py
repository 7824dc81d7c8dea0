"""Texts with both models' answers as rows and as CSV; and slices of them, each with how the two do on it."""

import math
from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any

import numpy as np

from distil_core.analysis import error_analysis
from distil_core.analysis.error_analysis import AnsweredTexts, NamedSlice
from distil_core.data.corpus import split_segments
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import NONE, percent, readable
from distil_core.reporting.narrative.slices import filter_words, share_words
from distil_core.reporting.tables import to_csv

MAX_WIDE = 20
"""Labels up to which a CSV file of answers holds all probabilities."""


def confusion_rows(answers: AnsweredTexts) -> list[tuple[str, str, int]]:
    """Return which answers of teacher and student meet how often, the commonest disagreements first."""
    names = answers.label_names
    return [(names[pair.teacher], names[pair.student], pair.n) for pair in error_analysis.answer_pairs(answers)]


def example_rows(answers: AnsweredTexts, chosen: Sequence[int]) -> list[dict[str, Any]]:
    """Return some rows of texts with both answers.

    The column of labels is there only where some are known, that of places only where a text has several sites.
    """
    labeled, several = bool(answers.known.any()), answers.several
    teacher, student = answers.of_teacher, answers.of_student

    def answer(row: int, label: int, log_probabilities: np.ndarray) -> str:
        return f"{answers.name(row, label)} ({percent(math.exp(log_probabilities[label]))})"

    return [
        {
            "Text": readable(answers.texts[i]),
            **({"Place": answers.places[i].text} if several else {}),
            **({"Label": answers.name(i, gold) if (gold := int(answers.labels[i])) >= 0 else None} if labeled else {}),
            "Teacher": answer(i, int(teacher[i]), answers.teacher[i]),
            "Student": answer(i, int(student[i]), answers.student[i]),
            "KL (nats)": float(answers.kl_nats[i]),
            "Words": int(answers.n_words[i]),
        }
        for i in chosen
    ]


def answers_csv(
    answers: AnsweredTexts, chosen: Sequence[int] | None = None, *, rows: Sequence[int] = (), labels: Sequence[str] = ()
) -> str:
    """Return texts with both answers as CSV, a column a segment; all probabilities where there are at most 20 labels.

    Args:
        answers: The texts and the answers.
        chosen: The rows to write, in this order; all of them otherwise.
        rows: Where each text was in its file, if it comes from one.
        labels: The label of each text as its file has it, if it has any.
    """
    names = answers.label_names
    wide, several = len(names) <= MAX_WIDE, answers.several
    segments = len(split_segments(answers.texts[0])) if answers.texts else 1
    texts = ["text"] if segments == 1 else [f"text_{letter}" for letter in ascii_lowercase[:segments]]
    header = ["row"] * bool(rows) + texts + ["place"] * several + ["label", "teacher", "teacher_probability"]
    header += ["student", "student_probability", "agree", "kl_nats"]
    if wide:
        header += [f"{model}: {name}" for model in ("teacher", "student") for name in names]
    of_teacher, of_student = answers.of_teacher, answers.of_student
    teacher, student = np.exp(answers.teacher), np.exp(answers.student)
    lines = []
    for i in range(len(answers)) if chosen is None else chosen:
        t, s = int(of_teacher[i]), int(of_student[i])
        of_text = answers.examples[i]
        label = labels[of_text] if labels else answers.name(i, int(answers.labels[i])) if answers.labels[i] >= 0 else ""
        line: list[object] = [rows[of_text]] if rows else []
        line += [*split_segments(answers.texts[i]), *([answers.places[i].text] if several else []), label]
        line += [answers.name(i, t), f"{teacher[i, t]:.6f}", answers.name(i, s), f"{student[i, s]:.6f}"]
        line += ["yes" if t == s else "no", f"{answers.kl_nats[i]:.6f}"]
        if wide:
            line += [f"{value:.6f}" for value in (*teacher[i], *student[i])]
        lines.append(line)
    return to_csv(header, lines)


def slice_rows(slices: Sequence[NamedSlice], *, unit: str = "Texts") -> list[dict[str, Any]]:
    """Return one row for each slice: how both models do on what it lets pass, which ``unit`` names.

    None where it names labels of another corpus.
    """
    rows = []
    for part in slices:
        summary = part.summary
        shares: dict[str, Interval | None] = {"Teacher": None, "Student": None, "Agreement": None}
        if summary is not None:
            shares = {"Teacher": summary.teacher, "Student": summary.student, "Agreement": summary.agreement}
        rows.append(
            {
                "Slice": part.name,
                "Filter": filter_words(part.filter) + ("" if summary is not None else " (labels of another corpus)"),
                unit: None if summary is None else summary.n,
                **{column: NONE if measured is None else share_words(measured) for column, measured in shares.items()},
                "KL (nats)": None if summary is None else summary.kl_nats,
            }
        )
    return rows


def answer_count_rows(answers: AnsweredTexts) -> list[tuple[str, int, int]]:
    """Return for each label how often teacher and student answer it: grades from the lowest on, others by number."""
    names = answers.label_names
    return [(names[count.label], count.teacher, count.student) for count in error_analysis.answer_counts(answers)]
