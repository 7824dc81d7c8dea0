"""Third lesson: how the gradient of the soft part of the loss shrinks with the temperature, and what T² does to it."""

import math
from collections.abc import Sequence

from distil_core.analysis.temperature import GradientNorms
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
from distil_core.runs.families import FinishedRun
from distil_core.runs.sources import EXAMPLE

TITLE = "Why T²"
_LOW, _HIGH, _TRIED = 4.0, 16.0, 8.0
_SHOWN = (1.0, 2.0, 4.0, 8.0, 16.0)
_ONWARD = Onward(
    page="temperature",
    words="Temperature: both curves from T 0.25 to 16",
    query={"temperature.tab": "Why T²", "run": EXAMPLE},
)


def lesson(material: Material) -> Lesson:
    """Return the lesson."""
    run = material.plenty.distilled
    return Lesson(
        name="squared",
        title=TITLE,
        answers="Why is the soft part of the loss multiplied by T²?",
        steps=(_falls(run), _repaired(run), _balance(run)),
    )


def _norms(run: FinishedRun) -> GradientNorms:
    from distil_core.analysis import gradients

    return gradients.of_run(
        run.folder, record=run.record, answers=run.folder.read_predictions(), texts=run.folder.read_test_texts()
    )


def _at(norms: GradientNorms, values: Sequence[float], shown: Sequence[float] = _SHOWN) -> tuple[float, ...]:
    return tuple(values[norms.temperatures.index(each)] for each in shown)


def _nearest(factors: Sequence[float], measured: float) -> int:
    return min(range(len(factors)), key=lambda i: abs(math.log(factors[i] / measured)))


def _falls(run: FinishedRun) -> LessonStep:
    ratio = _HIGH / _LOW
    factors = (1.0, ratio, ratio**2, ratio**3)

    def find() -> Finding:
        norms = _norms(run)
        plain, _ = norms.falls(_LOW, _HIGH)
        return Finding(
            right=_nearest(factors, plain),
            chart=BarChart(
                title=f"Gradient of KL(teacher ‖ student), on {norms.n_texts} test texts",
                axis="Norm over all parameters of the student (nats per unit)",
                groups=tuple(f"T = {each:g}" for each in _SHOWN),
                series=(Bars(name="without T²", sides=(BarSide.TEACHER,), values=_at(norms, norms.soft)),),
                unit="",
                digits=3,
            ),
            meaning=f"Measured, it is **{plain:.1f} times smaller**; 1/T² says {ratio**2:g}. One factor 1/T comes from "
            "the logits being divided by T, the other from two softened distributions coming closer to each other. At "
            "low T, where distributions are nearly hard, the rule does not hold.",
        )

    return LessonStep(
        name="squared.falls",
        title="The gradient, plain",
        lead="A student learns from the gradient of KL(p‖q), where p and q are the teacher's and the student's "
        "distributions, both softened at T. It is measured by automatic differentiation, through a finished student.",
        question=Question(
            text=f"From T = {_LOW:g} to T = {_HIGH:g}, the norm of this gradient becomes …",
            options=(
                "no smaller",
                f"about {ratio:g} times smaller, as 1/T",
                f"about {ratio**2:g} times smaller, as 1/T²",
                f"about {ratio**3:g} times smaller, as 1/T³",
            ),
        ),
        find=find,
        onward=_ONWARD,
    )


def _repaired(run: FinishedRun) -> LessonStep:
    ratio = _HIGH / _LOW
    factors = (ratio, 1.0, 1 / ratio)

    def find() -> Finding:
        norms = _norms(run)
        _, scaled = norms.falls(_LOW, _HIGH)
        change = max(scaled, 1 / scaled) - 1
        return Finding(
            right=_nearest(factors, scaled),
            chart=BarChart(
                title="The same gradient, with and without T²",
                axis="Norm over all parameters of the student (nats per unit)",
                groups=tuple(f"T = {each:g}" for each in _SHOWN),
                series=(
                    Bars(name="without T²", sides=(BarSide.BASELINE,), values=_at(norms, norms.soft)),
                    Bars(name="with T²", sides=(BarSide.TEACHER,), values=_at(norms, norms.scaled)),
                ),
                unit="",
                digits=2,
            ),
            meaning=f"With the factor it changes by **{number(100 * change)}** between T = {_LOW:g} and T = {_HIGH:g}: "
            "its size no longer tells at which high temperature the student is taught.",
        )

    return LessonStep(
        name="squared.repaired",
        title="The gradient, times T²",
        lead="Now the loss is T² · KL(p‖q), as in the recipe.",
        question=Question(
            text=f"From T = {_LOW:g} to T = {_HIGH:g}, the norm of its gradient …",
            options=(f"still falls, about {ratio:g} times", "stays about the same", f"grows, about {ratio:g} times"),
        ),
        find=find,
        onward=_ONWARD,
    )


def _balance(run: FinishedRun) -> LessonStep:
    alpha = run.record.config.loss.soft

    def find() -> Finding:
        norms = _norms(run)
        soft, scaled = (alpha * _at(norms, values, [_TRIED])[0] for values in (norms.soft, norms.scaled))
        hard = (1 - alpha) * norms.hard
        louder, factor = ("hard", hard / soft) if hard > soft else ("soft", soft / hard)
        return Finding(
            right=float(hard > soft),
            chart=BarChart(
                title=f"The pull of both parts of the loss, α = {alpha:g}, T = {_TRIED:g}",
                axis="Weighted norm of the gradient (nats per unit)",
                groups=("T² forgotten", "with T²"),
                series=(
                    Bars(name="soft labels, times α", sides=(BarSide.TEACHER,), values=(soft, scaled)),
                    Bars(name="hard labels, times 1 − α", sides=(BarSide.LABEL,), values=(hard, hard)),
                ),
                unit="",
                digits=2,
            ),
            meaning=f"Without T² the **{louder} labels pull {factor:.1f} times as hard** as the others, with it the "
            "soft "
            f"ones {scaled / hard:.1f} times as hard as the hard ones: **T² lets α mean the same at every "
            "temperature** (Hinton "
            "et al., 2015, section 2). AdamW would make up for a factor on the whole loss, not for one on a part of "
            "it.",
        )

    return LessonStep(
        name="squared.balance",
        title="What happens if it is forgotten",
        lead=f"The whole loss is α · soft + (1 − α) · hard, here with α = {alpha:g}. Somebody writes it without T² and "
        f"trains at T = {_TRIED:g}.",
        question=Question(
            text="Which part pulls harder at the student?",
            options=(f"The soft labels: they have {number(100 * alpha)} of the weight", "The hard labels"),
        ),
        find=find,
        onward=Onward(
            page="distil",
            words=f"Distil at T = {_TRIED:g}: watch both terms of the loss",
            query={"distil.loss.temperature": f"{_TRIED:.1f}", "run": EXAMPLE},
        ),
    )
