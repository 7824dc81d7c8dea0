"""Second lesson: what dividing the logits by a temperature does to a distribution, and what it leaves alone."""

import math

from distil_core.analysis import lesson_facts
from distil_core.analysis.temperature import over_temperatures
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
    number,
)
from distil_core.runs.sources import EXAMPLE

TITLE = "Temperature"
_SHOWN = (1.0, 2.0, 4.0, 8.0, 16.0)
_HOT = 4.0


def lesson(material: Material) -> Lesson:
    """Return the lesson."""
    return Lesson(
        name="temperature",
        title=TITLE,
        answers="What does softmax(z / T) change, and what does it leave as it is?",
        steps=(_flatter(material), _answers(material), _limit(material)),
    )


def _flatter(material: Material) -> LessonStep:
    answer = lesson_facts.telling_text(material.plenty.distilled, shade="sure")
    first, second = answer.ranked[:2]
    usual = answer.shares()[first]

    def find() -> Finding:
        shares = tuple(100 * answer.shares(each)[first] for each in _SHOWN)
        odds = [each[first] / each[second] for each in (answer.shares(), answer.shares(_HOT))]
        return Finding(
            right=100 * answer.shares(_HOT)[first],
            chart=BarChart(
                title=f"The share of “{answer.names[first]}” over the temperature",
                axis="Teacher's share of its likeliest label (%)",
                groups=_groups(),
                series=(Bars(name="Teacher's share", sides=(BarSide.TEACHER,), values=shares),),
                mark=(100 / len(answer.names), "all labels alike"),
            ),
            meaning=f"**Odds are raised to the power 1/T**: those of the first label over the second fall from "
            f"{number(odds[0], ' : 1')} at T = 1 to {number(odds[1], ' : 1')} at T = {_HOT:g}, so that the small "
            "shares "
            "grow large enough to be learned from.",
        )

    return LessonStep(
        name="temperature.flatter",
        title="A sure teacher, softened",
        lead=f"Of this text the teacher is sure: at T = 1 it gives “{escaped(answer.names[first])}” "
        f"{number(100 * usual)}. Now its logits are divided by T = {_HOT:g} before the softmax.",
        quote=answer.text,
        question=Question(text=f"What share is left to that label at T = {_HOT:g}?"),
        find=find,
        onward=Onward(
            page="temperature",
            words="Temperature: drag it yourself on this text",
            query={"temperature.text": answer.text, "temperature.t": f"{_HOT:g}", "run": EXAMPLE},
        ),
    )


def _answers(material: Material) -> LessonStep:
    run = material.plenty.distilled
    hottest = _SHOWN[-1]

    def find() -> Finding:
        changed = tuple(100 * share for share in lesson_facts.changed_answers(run, _SHOWN))
        return Finding(
            right=changed[-1],
            chart=BarChart(
                title="Test texts that the teacher answers as at T = 1",
                axis="Test texts (%)",
                groups=_groups(),
                series=(
                    Bars(
                        name="Same answer",
                        sides=(BarSide.TEACHER,),
                        values=tuple(100 - share for share in changed),
                    ),
                ),
            ),
            meaning="**Dividing by T keeps the order of the logits**, so the likeliest label, and with it the "
            "accuracy, is "
            "the same at every temperature: T changes how sure a model sounds, not what it answers.",
        )

    return LessonStep(
        name="temperature.answers",
        title="What the teacher answers",
        lead=f"The same for all {run.record.corpus.n_test:,} test texts: from T = 1 to T = {hottest:g}, the teacher's "
        "distributions become far flatter.",
        question=Question(text=f"On what share of the texts is its likeliest label at T = {hottest:g} another one?"),
        find=find,
        onward=Onward(
            page="temperature",
            words="Temperature: entropy, divergence and agreement of all texts",
            query={"temperature.tab": "All texts", "run": EXAMPLE},
        ),
    )


def _limit(material: Material) -> LessonStep:
    run = material.plenty.distilled
    n_labels = len(run.record.class_names)
    most = math.log(n_labels)

    def find() -> Finding:
        softened = over_temperatures(run.folder.read_predictions(), _SHOWN)
        entropies = softened.teacher_entropy_nats
        return Finding(
            right=float(min(range(2), key=lambda i: abs((most, 0.0)[i] - entropies[-1]))),
            chart=BarChart(
                title="Mean entropy of the teacher's distributions",
                axis="Entropy (nats)",
                groups=_groups(),
                series=(Bars(name="Teacher", sides=(BarSide.TEACHER,), values=entropies),),
                unit="",
                digits=2,
                mark=(most, f"ln {n_labels}"),
            ),
            meaning=f"From {entropies[0]:.2f} nats at T = 1 it rises to {entropies[-1]:.2f} at T = {_SHOWN[-1]:g}, "
            "towards "
            f"**ln {n_labels} = {most:.2f}, where all labels are alike**: a moderate T shows how "
            "the wrong labels compare, at a very high one hardly anything is left to see.",
        )

    return LessonStep(
        name="temperature.limit",
        title="Without end",
        lead="Entropy says how undecided a distribution is, in nats: 0 where one label has everything.",
        question=Question(
            text="Where does the teacher's mean entropy go as T grows without end?",
            options=(
                f"To ln {n_labels} = {most:.2f} nats",
                "To 0 nats",
                "It grows without end, as T does",
            ),
        ),
        find=find,
        onward=Onward(
            page="whatif",
            words="What-if: students taught at T = 1, 4 and 20",
            query={"whatif.temperatures": ("1", "4", "20"), "run": EXAMPLE},
        ),
    )


def _groups() -> tuple[str, ...]:
    return tuple(f"T = {each:g}" for each in _SHOWN)
