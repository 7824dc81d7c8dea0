"""Texts with both models' answers as rows, as CSV and in words; and slices of them, each with how the two do on it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from distil_core.analysis.error_analysis import (
    AnsweredTexts,
    Filter,
    SliceSummary,
    WhoIsRight,
    fits,
    matching,
    summarize,
)
from distil_core.evaluation.records import Interval
from distil_core.reporting.formatting import NONE, interval, percent
from distil_core.reporting.tables import to_csv

MAX_WIDE = 20
"""Labels up to which a CSV file of answers holds all probabilities."""
MAX_NAMED = 6

WHO_IS_RIGHT = {
    WhoIsRight.BOTH: "Both right",
    WhoIsRight.TEACHER: "Only the teacher right",
    WhoIsRight.STUDENT: "Only the student right",
    WhoIsRight.NEITHER: "Both wrong",
}


def confusion_rows(found: AnsweredTexts) -> list[tuple[str, str, int]]:
    """Return which answers of teacher and student meet how often, the commonest disagreements first."""
    pairs = Counter(zip(found.of_teacher.tolist(), found.of_student.tolist(), strict=True))
    ranked = sorted(pairs.items(), key=lambda item: (item[0][0] == item[0][1], -item[1], item[0]))
    names = found.label_names
    return [(names[teacher], names[student], n) for (teacher, student), n in ranked]


def example_rows(found: AnsweredTexts, chosen: Sequence[int]) -> list[dict[str, Any]]:
    """Return the texts of the given indices with both answers; the column of labels only where some are known."""
    names, labeled = found.label_names, bool(found.known.any())
    teacher, student = found.of_teacher, found.of_student

    def answer(label: int, log_probabilities: np.ndarray) -> str:
        return f"{names[label]} ({percent(math.exp(log_probabilities[label]))})"

    return [
        {
            "Text": found.texts[i],
            **({"Label": names[found.labels[i]] if found.labels[i] >= 0 else None} if labeled else {}),
            "Teacher": answer(int(teacher[i]), found.teacher[i]),
            "Student": answer(int(student[i]), found.student[i]),
            "KL (nats)": float(found.kl_nats[i]),
            "Words": int(found.n_words[i]),
        }
        for i in chosen
    ]


def answers_csv(
    found: AnsweredTexts, chosen: Sequence[int] | None = None, *, rows: Sequence[int] = (), given: Sequence[str] = ()
) -> str:
    """Return texts with both answers as CSV, and all probabilities where there are at most 20 labels.

    Args:
        found: The texts and the answers.
        chosen: Indices of the texts to write, in this order; all of them otherwise.
        rows: Where each text was in its file, if it comes from one.
        given: The label of each text as its file has it, if it has any.
    """
    names = found.label_names
    wide = len(names) <= MAX_WIDE
    header = ["row"] * bool(rows) + ["text", "label", "teacher", "teacher_probability"]
    header += ["student", "student_probability", "agree", "kl_nats"]
    if wide:
        header += [f"{model}: {name}" for model in ("teacher", "student") for name in names]
    of_teacher, of_student = found.of_teacher, found.of_student
    teacher, student = np.exp(found.teacher), np.exp(found.student)
    lines = []
    for i in range(len(found)) if chosen is None else chosen:
        t, s = int(of_teacher[i]), int(of_student[i])
        label = given[i] if given else names[found.labels[i]] if found.labels[i] >= 0 else ""
        line: list[object] = [rows[i]] if rows else []
        line += [found.texts[i], label, names[t], f"{teacher[i, t]:.6f}", names[s], f"{student[i, s]:.6f}"]
        line += ["yes" if t == s else "no", f"{found.kl_nats[i]:.6f}"]
        if wide:
            line += [f"{value:.6f}" for value in (*teacher[i], *student[i])]
        lines.append(line)
    return to_csv(header, lines)


def slice_rows(kept: Mapping[str, Filter], found: AnsweredTexts) -> list[dict[str, Any]]:
    """Return one row for each slice: how both models do on its texts; None where it names labels of another corpus."""
    rows = []
    for name, wanted in kept.items():
        fitting = fits(wanted, found.label_names)
        summary = summarize(found, matching(found, wanted)) if fitting else None
        shares: dict[str, Interval | None] = {"Teacher": None, "Student": None, "Agreement": None}
        if summary is not None:
            shares = {"Teacher": summary.teacher, "Student": summary.student, "Agreement": summary.agreement}
        rows.append(
            {
                "Slice": name,
                "Filter": filter_words(wanted) + ("" if fitting else " (labels of another corpus)"),
                "Texts": None if summary is None else summary.n,
                **{column: NONE if measured is None else share_words(measured) for column, measured in shares.items()},
                "KL (nats)": None if summary is None else summary.kl_nats,
            }
        )
    return rows


def share_words(measured: Interval) -> str:
    """Write a share with its interval: "93.4 % (91.8 to 94.9)"."""
    value, spread = interval(measured)
    return f"{value} ({spread})" if spread else value


def filter_words(wanted: Filter) -> str:
    """Say in words what a filter lets pass."""
    parts = [
        f"{what} {name}"
        for what, name in (
            ("label", wanted.label),
            ("teacher says", wanted.teacher),
            ("student says", wanted.student),
        )
        if name
    ]
    if wanted.who is not None:
        parts.append(WHO_IS_RIGHT[wanted.who].lower())
    if wanted.shortest or wanted.longest is not None:
        longest = "any number of" if wanted.longest is None else str(wanted.longest)
        parts.append(f"{wanted.shortest} to {longest} words")
    if wanted.contains:
        parts.append(f"contains \N{LEFT DOUBLE QUOTATION MARK}{wanted.contains}\N{RIGHT DOUBLE QUOTATION MARK}")
    return ", ".join(parts) or "all texts"


def summary_words(found: SliceSummary) -> str:
    """Say how both models do on some texts."""
    parts = [
        f"{what} {share_words(measured)}"
        for what, measured in (
            ("teacher right", found.teacher),
            ("student right", found.student),
            ("answered alike", found.agreement),
        )
        if measured is not None
    ]
    if found.kl_nats is not None:
        parts.append(f"mean KL {found.kl_nats:.3f} nats")
    text = " · ".join(parts)
    return text[:1].upper() + text[1:]


def label_notes(given: Sequence[str], found: AnsweredTexts) -> tuple[str, ...]:
    """Say which labels of a file the models do not know, if there are any."""
    strange = list(dict.fromkeys(label for label, known in zip(given, found.known, strict=True) if label and not known))
    if not strange:
        return ()
    n_strange = sum(bool(label) and not known for label, known in zip(given, found.known, strict=True))
    return (
        f"{n_strange:,} of {len(given):,} rows have a label that the models do not know ({_some(strange)}); "
        f"they know {_some(found.label_names)}",
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:MAX_NAMED])) + ", ..." * (len(names) > MAX_NAMED)


def answer_counts(found: AnsweredTexts) -> list[tuple[str, int, int]]:
    """Return for each label how often teacher and student answer it, the teacher's commonest first."""
    n = len(found.label_names)
    teacher, student = (np.bincount(answers, minlength=n) for answers in (found.of_teacher, found.of_student))
    order = np.lexsort((-student, -teacher))
    return [(found.label_names[i], int(teacher[i]), int(student[i])) for i in order]
