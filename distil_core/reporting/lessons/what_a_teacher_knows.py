"""First lesson: what a teacher says of a text beyond its label, and what becomes of it in a student."""

from distil_core.analysis import lesson_facts
from distil_core.evaluation.metrics import RUNNER_UP
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
from distil_core.settings.config import Method

TITLE = "What a teacher knows"
_TEMPERATURE = 2.0


def lesson(material: Material) -> Lesson:
    """Return the lesson."""
    return Lesson(
        name="knows",
        title=TITLE,
        answers="What does a teacher tell a student that the labels do not?",
        steps=(_sure(material), _wrong(material), _copied(material)),
    )


def _sure(material: Material) -> LessonStep:
    answer = lesson_facts.telling_text(material.plenty.distilled, shade="torn")
    name = answer.names[answer.label]

    def find() -> Finding:
        shares = tuple(100 * share for share in answer.shares())
        hard = tuple(100.0 * (i == answer.label) for i in range(len(shares)))
        first, second = ((escaped(answer.names[i]), number(shares[i])) for i in answer.ranked[:2])
        return Finding(
            right=shares[answer.label],
            chart=BarChart(
                title="A hard label and a soft one",
                axis="Share of each label (%), T = 1",
                groups=answer.names,
                series=(
                    Bars(name="Hard label, of the corpus", sides=(BarSide.LABEL,), values=hard),
                    Bars(name="Soft label, of the teacher", sides=(BarSide.TEACHER,), values=shares),
                ),
            ),
            meaning=f"The corpus names one of {len(shares)} labels; the teacher says **{first[0]} {first[1]}, "
            f"{second[0]} {second[1]}**: a soft label of {answer.entropy_nats:.2f} nats of entropy, where a hard one "
            "has 0.",
        )

    return LessonStep(
        name="knows.sure",
        title="One text, one label",
        lead=f"This review is labeled **{escaped(name)}**. The teacher, a larger model trained on such reviews, gives "
        "each label a share: its softmax probabilities.",
        quote=answer.text,
        question=Question(text=f"What share does the teacher give to “{name}”?"),
        find=find,
        onward=Onward(
            page="compare",
            words="Compare: change a word of this text, and ask again",
            query={"compare.text": answer.text, "run": EXAMPLE},
        ),
    )


def _wrong(material: Material) -> LessonStep:
    run = material.plenty.distilled
    names = run.record.class_names
    right = 1 if len(names) > 2 else 0
    others = tuple(name for i, name in enumerate(names) if i != right)

    def find() -> Finding:
        leftover = lesson_facts.teacher_leftover(run, temperature=_TEMPERATURE)[right]
        shares = tuple(100 * float(share) for i, share in enumerate(leftover) if i != right)
        first, last = (shares.index(end(shares)) for end in (max, min))
        return Finding(
            right=first,
            chart=BarChart(
                title=f"Texts labeled “{names[right]}”: what the teacher gives the wrong labels",
                axis=f"Share of what is left beside the right label (%), T = {_TEMPERATURE:g}",
                groups=others,
                series=(Bars(name="Teacher", sides=(BarSide.TEACHER,), values=shares),),
            ),
            meaning=f"Of what the right label does not get, **{number(shares[first])} goes to "
            f"“{escaped(others[first])}”** "
            f"and {number(shares[last])} to “{escaped(others[last])}”: the teacher ranks wrong labels by how alike "
            "they "
            "are. No hard label says that; Hinton called it *dark knowledge*.",
        )

    return LessonStep(
        name="knows.wrong",
        title="The wrong labels",
        lead=f"Take all test texts labeled **{escaped(names[right])}**, leave that label out, and look at how the "
        "teacher "
        "shares out the rest among the wrong ones.",
        question=Question(text="Which wrong label gets the largest share?", options=others),
        find=find,
        onward=Onward(
            page="temperature",
            words="Temperature: the whole matrix, of teacher and students",
            query={"temperature.tab": "Dark knowledge", "temperature.dark": f"{_TEMPERATURE:.1f}", "run": EXAMPLE},
        ),
    )


def _copied(material: Material) -> LessonStep:
    student, twin = material.plenty.distilled, material.twin(material.plenty, Method.HARD_LABELS)
    metric = student.record.metric

    ranking = lesson_facts.paired_scores(student, twin, RUNNER_UP)

    def find() -> Finding:
        scores = lesson_facts.paired_scores(student, twin, metric)
        told = "can be told apart" if scores.difference.seen else "cannot be told apart"
        ranks = "can" if ranking.difference.seen else "cannot"
        return Finding(
            right=100 * ranking.second.value,
            chart=interval_bars(
                "Likeliest wrong label is the teacher's",
                "Test texts (%), with 95 % interval",
                (
                    ("Student, with teacher", BarSide.STUDENT, ranking.first),
                    ("Hard-label twin, without", BarSide.HARD_LABELS, ranking.second),
                ),
                name="same ranking (%)",
            ),
            meaning=f"By accuracy the two {told}: {range_words(scores.difference)}. By how they rank the wrong labels "
            "they "
            f"{ranks}: **{range_words(ranking.difference)}**. Soft labels are more than right or wrong.",
        )

    return LessonStep(
        name="knows.copied",
        title="What a student takes over",
        lead=f"Two students of {len(student.record.layers)} layers, cut out of the same teacher, all texts labeled. "
        "One learned the teacher's soft labels; the other, its **hard-label twin**, the labels alone. On "
        f"{number(100 * ranking.first.value)} of the test texts the student's likeliest wrong label is the teacher's.",
        question=Question(text="On what share of them is it so with the twin, which never met the teacher?"),
        find=find,
        onward=Onward(
            page="distil", words="Distil: all that is measured of both, with intervals", query={"run": EXAMPLE}
        ),
    )
