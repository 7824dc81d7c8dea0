"""Sixth lesson: a class that the student never sees, and knows all the same."""

from dataclasses import replace

from distil_core.analysis import lesson_facts
from distil_core.evaluation.metrics import recall
from distil_core.reporting.formatting import escaped
from distil_core.reporting.lessons.lesson import (
    BarChart,
    Bars,
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
from distil_core.runs.sources import EXAMPLE
from distil_core.settings.config import Method, RunConfig

TITLE = "The missing class"


def missing_class(names: tuple[str, ...]) -> str:
    """Return the class that is left out: the middle one, which has neighbors on both sides where labels are graded."""
    return names[len(names) // 2]


def missing_class_config(plenty: RunConfig, names: tuple[str, ...]) -> RunConfig:
    """Return the settings of the run without one class.

    Args:
        plenty: Of the run that was told all labels.
        names: Of the classes.
    """
    return replace(plenty, corpus=replace(plenty.corpus, left_out=missing_class(names)))


def lesson(material: Material) -> Lesson:
    """Return the lesson."""
    return Lesson(
        name="missing",
        title=TITLE,
        answers="Can a student learn a class of which it never sees a text?",
        steps=(_borrowed(material), _student(material), _twin(material)),
    )


def _left_out(material: Material) -> tuple[int, str]:
    names = material.plenty.distilled.record.class_names
    name = missing_class(names)
    return names.index(name), name


def _borrowed(material: Material) -> LessonStep:
    run = material.plenty.distilled
    names, temperature = run.record.class_names, run.record.config.loss.temperature
    label, name = _left_out(material)

    def find() -> Finding:
        shares = lesson_facts.share_of_class(run, label, temperature=temperature)
        others = [i for i in range(len(names)) if i != label]
        mean = lesson_facts.share_elsewhere(run, label, temperature=temperature)
        most = " and ".join(f"“{escaped(names[i])}”" for i in sorted(others, key=lambda i: -shares[i])[:2])
        return Finding(
            right=100 * mean,
            chart=BarChart(
                title=f"What the teacher gives “{name}” on texts of the other classes",
                axis=f"Mean share (%), T = {temperature:g}",
                groups=tuple(names[i] for i in others),
                series=(Bars(name="Teacher", sides=(BarSide.TEACHER,), values=tuple(100 * shares[i] for i in others)),),
            ),
            meaning=f"**{number(100 * mean)} on average**, most on texts labeled {most}: these shares are all that a "
            "student "
            f"will ever hear of “{escaped(name)}”.",
        )

    return LessonStep(
        name="missing.borrowed",
        title="What remains of a class",
        lead=f"All texts labeled **{escaped(name)}** are taken out of the student's training split. The teacher knows "
        "that class, and gives it a share on the other texts, too.",
        question=Question(
            text=f"What share does the teacher give “{name}” on texts of other classes, on average, at T = "
            f"{temperature:g}?",
            high=50.0,
            step=1.0,
        ),
        find=find,
        onward=Onward(
            page="temperature",
            words="Temperature: what the teacher gives each wrong label",
            query={"temperature.tab": "Dark knowledge", "run": EXAMPLE},
        ),
    )


def _student(material: Material) -> LessonStep:
    label, name = _left_out(material)

    def find() -> Finding:
        test = material.missing.distilled.folder.read_predictions().test
        student, teacher = (lesson_facts.score_of(split, recall(label)) for split in (test, test.teacher))
        return Finding(
            right=100 * student.value,
            chart=interval_bars(
                f"Test texts labeled “{name}”, answered right",
                "Recall (%), with 95 % interval",
                (("Teacher", BarSide.TEACHER, teacher), ("Student", BarSide.STUDENT, student)),
                name="recall",
                mark=(100 / len(material.plenty.distilled.record.class_names), "chance"),
            ),
            meaning=f"**{number(100 * student.value)}**, without one text of it: the shares on other texts say where "
            "the "
            "class lies, and the copied layers know its words. Hinton et al. (2015, section 3) left out the digit 3 "
            "and "
            "saw the same.",
        )

    return LessonStep(
        name="missing.student",
        title="The student with a teacher",
        lead=f"A student learns from the teacher, from texts of which none is labeled **{escaped(name)}**.",
        question=Question(text=f"What share of the test texts labeled “{name}” does it answer right?"),
        find=find,
        onward=_onward(material),
    )


def _twin(material: Material) -> LessonStep:
    label, name = _left_out(material)

    def find() -> Finding:
        family = material.missing
        cut = material.twin(family, Method.LAYER_CUT).folder.read_predictions().test
        before = lesson_facts.score_of(cut, recall(label))
        pair = lesson_facts.paired_scores(family.distilled, material.twin(family, Method.HARD_LABELS), recall(label))
        return Finding(
            right=100 * pair.second.value,
            chart=interval_bars(
                f"Test texts labeled “{name}”, answered right",
                "Recall (%), with 95 % interval",
                (
                    ("Student, with teacher", BarSide.STUDENT, pair.first),
                    ("Hard-label twin, without", BarSide.HARD_LABELS, pair.second),
                    ("Layer-cut twin, not trained", BarSide.LAYER_CUT, before),
                ),
                name="recall",
            ),
            meaning=f"The twin: **{number(100 * pair.second.value)}**; the student is {range_words(pair.difference)} "
            f"ahead. The copied layers got {number(100 * before.value)} before any training: hard labels say of every "
            "text "
            f"that it is not “{escaped(name)}”, and train that answer away; soft labels keep it.",
        )

    return LessonStep(
        name="missing.twin",
        title="Its twin without one",
        lead="The hard-label twin started from the same copied layers and saw the same texts, with their labels alone.",
        question=Question(text=f"What share of the test texts labeled “{name}” does the twin answer right?"),
        find=find,
        onward=_onward(material),
    )


def _onward(material: Material) -> Onward:
    _, name = _left_out(material)
    return Onward(
        page="whatif",
        words="What-if: the same at other temperatures and seeds",
        query={"whatif.left_out": name, "whatif.depths": ("2",), "whatif.temperatures": ("2", "4"), "run": EXAMPLE},
    )
