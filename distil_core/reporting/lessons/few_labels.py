"""Fifth lesson: when a teacher pays, and when it does not."""

from distil_core.analysis import lesson_facts
from distil_core.evaluation.records import Interval
from distil_core.reporting.lessons.lesson import (
    BarSide,
    Finding,
    Lesson,
    LessonStep,
    Material,
    Onward,
    Question,
    interval_bars,
    number,
    range_words,
)
from distil_core.runs.families import Family
from distil_core.runs.sources import EXAMPLE, FEW_LABELS
from distil_core.settings.config import Method

TITLE = "Few labels"


def lesson(material: Material) -> Lesson:
    """Return the lesson."""
    return Lesson(
        name="labels",
        title=TITLE,
        answers="When does a teacher pay?",
        steps=(_scarce(material), _plenty(material), _spared(material)),
    )


def _told(family: Family) -> str:
    return number(100 * family.distilled.record.config.corpus.labeled)


def _scarce(material: Material) -> LessonStep:
    family = material.few
    record = family.distilled.record
    twin = material.twin(family, Method.HARD_LABELS)

    def find() -> Finding:
        gap = lesson_facts.paired_scores(family.distilled, twin, record.metric)
        baseline = material.twin(family, Method.BASELINE)
        teacher = record.teacher_score
        return Finding(
            right=100 * gap.difference.value,
            chart=interval_bars(
                f"{_told(family)} of the texts labeled",
                f"Test {record.metric.in_text} (%), with 95 % interval",
                [
                    *((("Teacher", BarSide.TEACHER, teacher),) if teacher is not None else ()),
                    ("Student, with teacher", BarSide.STUDENT, gap.first),
                    ("Hard-label twin, without", BarSide.HARD_LABELS, gap.second),
                    (record.task.baseline_name, BarSide.BASELINE, baseline.record.score),
                ],
                name=record.metric.in_text,
            ),
            meaning=f"**{range_words(gap.difference)}**: the twin learns from the labeled texts alone, the student "
            f"hears from the teacher about all {record.corpus.n_train:,}."
            if gap.difference.seen
            else f"{range_words(gap.difference)}: no difference is seen here; more test texts or seeds would tell.",
        )

    return LessonStep(
        name="labels.scarce",
        title="A teacher, plenty of text, few labels",
        lead=f"There are {record.corpus.n_train:,} training texts, but only {_told(family)} of them keep their label. "
        "Two equal students learn: one from the teacher's soft labels of all texts, its hard-label twin from the "
        "labeled ones.",
        question=Question(
            text="By how many points of accuracy is the student with a teacher ahead?",
            low=-10.0,
            high=30.0,
            step=1.0,
            unit=" points",
        ),
        find=find,
        onward=Onward(
            page="distil",
            words="Distil: what does a fifth of the labels change?",
            query={"distil.corpus.labeled": "0.2", "run": FEW_LABELS},
        ),
    )


def _plenty(material: Material) -> LessonStep:
    options = ("more than with few labels", "less, but seen", "no difference is seen", "the teacher does harm")

    def find() -> Finding:
        gaps = [
            lesson_facts.paired_scores(
                family.distilled, material.twin(family, Method.HARD_LABELS), family.distilled.record.metric
            ).difference
            for family in (material.few, material.plenty)
        ]
        return Finding(
            right=_worth(*gaps),
            chart=interval_bars(
                "What the teacher adds to the same student",
                "Points of accuracy over the hard-label twin, with 95 % interval",
                (
                    (f"{_told(material.few)} of the labels", BarSide.STUDENT, gaps[0]),
                    (f"{_told(material.plenty)} of the labels", BarSide.STUDENT, gaps[1]),
                ),
                name="gain (points)",
                unit="",
            ),
            meaning=f"With all labels: {range_words(gaps[1])}. **A teacher pays where labels are scarce**; where each "
            "text has one, it still gives its ranking of the wrong labels, which accuracy does not count.",
        )

    return LessonStep(
        name="labels.plenty",
        title="All texts labeled",
        lead="The same texts, teacher and students, but every training text keeps its label.",
        question=Question(text="What does the teacher add to the accuracy now?", options=options),
        find=find,
        onward=Onward(page="distil", words="Distil: the run with all labels", query={"run": EXAMPLE}),
    )


def _worth(few: Interval, plenty: Interval) -> int:
    if not plenty.seen:
        return 2
    if plenty.value < 0:
        return 3
    return 0 if plenty.value > few.value else 1


def _spared(material: Material) -> LessonStep:
    few, plenty = material.few.distilled, material.plenty.distilled
    metric = plenty.record.metric

    def find() -> Finding:
        students = lesson_facts.paired_scores(plenty, few, metric)
        twins = lesson_facts.paired_scores(
            material.twin(material.plenty, Method.HARD_LABELS), material.twin(material.few, Method.HARD_LABELS), metric
        )
        all_told, few_told = _told(material.plenty), _told(material.few)
        return Finding(
            right=100 * students.difference.value,
            chart=interval_bars(
                "All labels, and few",
                f"Test {metric.in_text} (%), with 95 % interval",
                (
                    (f"Student, {all_told}", BarSide.STUDENT, students.first),
                    (f"Student, {few_told}", BarSide.STUDENT, students.second),
                    (f"Twin, {all_told}", BarSide.HARD_LABELS, twins.first),
                    (f"Twin, {few_told}", BarSide.HARD_LABELS, twins.second),
                ),
                name=metric.in_text,
            ),
            meaning=f"The student: {range_words(students.difference)}; the twin: {range_words(twins.difference)}. "
            "**Soft "
            "labels stood in for the missing ones. They are not free**: somebody labeled what the teacher was trained "
            "on, and the student learns its mistakes, too.",
        )

    return LessonStep(
        name="labels.spared",
        title="What the other labels were worth",
        lead=f"Compare the student told {_told(material.plenty)} of the labels with the same one told "
        f"{_told(material.few)}; both had the teacher.",
        question=Question(
            text="How many points of accuracy did the additional labels bring to the student?",
            low=-10.0,
            high=30.0,
            step=1.0,
            unit=" points",
        ),
        find=find,
        onward=Onward(
            page="whatif",
            words="What-if: 3 % of the labels, at several depths and seeds",
            query={"whatif.labeled": "3 %", "run": FEW_LABELS},
        ),
    )
