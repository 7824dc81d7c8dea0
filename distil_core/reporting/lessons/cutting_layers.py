"""Fourth lesson: what a teacher loses with its layers, what training gives back, and what a third of them saves."""

from distil_core.analysis import lesson_facts
from distil_core.evaluation.records import Cost, Interval
from distil_core.reporting import formatting
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
from distil_core.training.cache import Cache

TITLE = "Cutting layers"
_MAY_LOSE = 0.02


def lesson(material: Material) -> Lesson:
    """Return the lesson."""
    return Lesson(
        name="layers",
        title=TITLE,
        answers="How much of a teacher can go, and what does it save?",
        steps=(_untrained(material), _depths(material), _trained(material), _size(material)),
    )


def _teacher_score(material: Material) -> Interval:
    score = material.plenty.distilled.record.teacher_score
    assert score is not None
    return score


def _untrained(material: Material) -> LessonStep:
    record = material.plenty.distilled.record
    cut = material.twin(material.plenty, Method.LAYER_CUT)
    metric, staying = record.metric, " and ".join(map(str, record.layers))

    def find() -> Finding:
        score, teacher = cut.record.score, _teacher_score(material)
        guessing = record.corpus.constant_score
        return Finding(
            right=metric.scale * score.value,
            chart=interval_bars(
                f"{metric.label} without any training",
                f"Test {metric.in_text} (%), with 95 % interval",
                (
                    (f"Teacher, {_layers(material)} layers", BarSide.TEACHER, teacher),
                    (f"Layers {staying} alone", BarSide.LAYER_CUT, score),
                ),
                name=metric.in_text,
                mark=None if guessing is None else (100 * guessing, "chance"),
            ),
            meaning=f"**{number(100 * score.value)}, {number(100 * (teacher.value - score.value), ' points')} below "
            "the "
            "teacher**: each layer adds to what the one before it put out (the residual connection), so those that "
            "stay "
            "still understand each other. A student begins here, not at chance.",
        )

    return LessonStep(
        name="layers.untrained",
        title="Cut, and nothing else",
        lead=f"The teacher has {_layers(material)} layers and an accuracy of "
        f"{number(100 * _teacher_score(material).value)}. Layers {staying} stay, with the embeddings and the head; all "
        "others are thrown away. Nothing is trained.",
        question=Question(text="What accuracy is left?"),
        find=find,
        onward=Onward(page="attention", words="Attention: what the layers that stayed look at", query={"run": EXAMPLE}),
    )


def _depths(material: Material) -> LessonStep:
    n_layers = _layers(material)

    def find() -> Finding:
        from distil_core.analysis import layer_cuts

        scores = layer_cuts.cut_scores_of_run(material.plenty.distilled, Cache(material.cache))
        least = scores[-1].value - _MAY_LOSE
        depth = lesson_facts.smallest_depth(scores, least=least)
        sides = (*[BarSide.LAYER_CUT] * (n_layers - 1), BarSide.TEACHER)
        return Finding(
            right=depth - 1,
            chart=interval_bars(
                "The teacher cut to fewer layers, not trained",
                "Test accuracy (%), with 95 % interval",
                [(_named(i + 1), side, score) for i, (side, score) in enumerate(zip(sides, scores, strict=True))],
                name="accuracy",
                mark=(100 * least, f"{100 * _MAY_LOSE:g} points below"),
            ),
            meaning=f"Cut just now, not trained: **{_named(depth)}** cost at most {100 * _MAY_LOSE:g} points, half of "
            "them "
            f"{number(100 * (scores[-1].value - scores[n_layers // 2 - 1].value), ' points')}, all but one "
            f"{number(100 * (scores[-1].value - scores[0].value), ' points')}. How many are needed is the corpus's "
            "doing: "
            "these reviews are short and plain.",
        )

    return LessonStep(
        name="layers.depths",
        title="Layer by layer",
        lead="The same cut at every depth: the layers that stay are spaced evenly from the first to the last.",
        question=Question(
            text=f"How many layers must stay for at most {100 * _MAY_LOSE:g} points less than the teacher?",
            options=tuple(_named(i + 1) for i in range(n_layers)),
        ),
        find=find,
        onward=Onward(
            page="whatif",
            words="What-if: students of every depth, trained",
            query={"whatif.depths": tuple(str(i + 1) for i in range(n_layers)), "run": EXAMPLE},
        ),
    )


def _trained(material: Material) -> LessonStep:
    family = material.plenty
    record = family.distilled.record

    def find() -> Finding:
        cut, baseline = (material.twin(family, method) for method in (Method.LAYER_CUT, Method.BASELINE))
        gained = lesson_facts.paired_scores(family.distilled, cut, record.metric)
        lost = lesson_facts.paired_with_teacher(family.distilled, record.metric)
        return Finding(
            right=100 * record.score.value,
            chart=interval_bars(
                f"{record.metric.label} on the same test texts",
                f"Test {record.metric.in_text} (%), with 95 % interval",
                (
                    ("Teacher", BarSide.TEACHER, _teacher_score(material)),
                    ("Student, distilled", BarSide.STUDENT, record.score),
                    ("Layer-cut twin", BarSide.LAYER_CUT, cut.record.score),
                    (record.task.baseline_name, BarSide.BASELINE, baseline.record.score),
                ),
                name=record.metric.in_text,
            ),
            meaning=f"Training gave back **{range_words(gained.difference)}**. Against the teacher: "
            f"{range_words(lost.difference)}"
            + (", a loss that is seen." if lost.difference.seen else ", a loss too small to be seen on so few texts."),
        )

    return LessonStep(
        name="layers.trained",
        title="Then let it learn",
        lead=f"Now this student of {len(record.layers)} layers learns from the teacher, "
        f"{record.config.training.epochs} times over {record.corpus.n_train:,} texts.",
        question=Question(text="What accuracy does it reach?"),
        find=find,
        onward=Onward(page="tradeoffs", words="Trade-offs: accuracy against speed and size", query={"run": EXAMPLE}),
    )


def _size(material: Material) -> LessonStep:
    record = material.plenty.distilled.record
    costs = _costs(material)
    n_layers = _layers(material), len(record.layers)

    def find() -> Finding:
        teacher, student = lesson_facts.size_parts((costs[0].parameters, costs[1].parameters), n_layers)
        share = student.total / teacher.total
        times = [cost.latency_ms for cost in costs]
        faster = (
            f" It answers one text {times[0].p50 / times[1].p50:.1f} times as fast, as time is spent in the layers."
            if times[0] is not None and times[1] is not None
            else ""
        )
        return Finding(
            right=100 * share,
            chart=BarChart(
                title="Where the parameters are",
                axis="Parameters (thousands)",
                groups=(f"Teacher, {n_layers[0]} layers", f"Student, {n_layers[1]} layers"),
                series=(
                    Bars(
                        name="in the layers",
                        sides=(BarSide.TEACHER, BarSide.STUDENT),
                        values=(teacher.layers / 1000, student.layers / 1000),
                    ),
                    Bars(
                        name="in embeddings and head",
                        sides=(BarSide.LABEL,),
                        values=(teacher.rest / 1000, student.rest / 1000),
                    ),
                ),
                unit="",
                digits=0,
            ),
            meaning=f"**{number(100 * share)}**, {formatting.count(student.total)} of "
            f"{formatting.count(teacher.total)}: "
            f"embeddings and head stay as large as they were.{faster}",
        )

    return LessonStep(
        name="layers.size",
        title="What it saves",
        lead=f"{n_layers[1]} of {n_layers[0]} layers stayed.",
        question=Question(text="What share of the teacher's parameters does the student have?"),
        find=find,
        onward=Onward(page="tradeoffs", words="Trade-offs: other roads to a smaller model", query={"run": EXAMPLE}),
    )


def _layers(material: Material) -> int:
    return material.n_layers


def _costs(material: Material) -> tuple[Cost, Cost]:
    record = material.plenty.distilled.record
    assert record.teacher is not None
    teacher, student = record.teacher.cost, record.model.cost
    assert teacher is not None
    assert student is not None
    return teacher, student


def _named(depth: int) -> str:
    return f"{depth} layer" + "s" * (depth != 1)
