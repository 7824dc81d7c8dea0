"""Roads to a smaller model: which models lie on one, and which is best at a share of the teacher's price."""

from dataclasses import replace
from typing import Any

from distil_core.analysis import roads, tradeoffs
from distil_core.analysis.roads import Road, RoadLine
from distil_core.analysis.tradeoffs import ModelPoint, Price
from distil_core.evaluation.metrics import ACCURACY
from distil_core.reporting import narrative
from distil_core.reporting.figures.tradeoffs import scatter
from distil_core.settings.config import LossConfig, Method, RunConfig, StudentConfig, TrainingConfig, WeightFormat
from tests.landscapes import a_point

WHOLE = StudentConfig(depth=6)


def a_student(name: str, accuracy: float, parameters: int, student: StudentConfig, **config: Any) -> ModelPoint:
    setting = RunConfig(student=student, **config)
    return replace(a_point(name, accuracy, parameters, setting.method), setting=setting, in_use=name == "three")


POINTS = (
    a_point(tradeoffs.TEACHER, 0.9, 1000, None),
    a_student("six", 0.90, 1000, WHOLE),
    a_student("three", 0.80, 500, replace(WHOLE, depth=3)),
    a_student("one", 0.60, 200, replace(WHOLE, depth=1)),
    a_student("half", 0.85, 490, replace(WHOLE, heads=0.5)),
    a_student("bits", 0.89, 1000, replace(WHOLE, weights=WeightFormat.INT8)),
    a_student("both", 0.79, 500, replace(WHOLE, depth=3, weights=WeightFormat.INT8)),
    a_student("hot", 0.70, 400, replace(WHOLE, depth=2), loss=LossConfig(temperature=9.0)),
    a_student("cut", 0.50, 500, replace(WHOLE, depth=3), method=Method.LAYER_CUT),
    a_student("untrained", 0.88, 1000, replace(WHOLE, depth=6), training=TrainingConfig(epochs=0)),
)


STARTED = (tradeoffs.TEACHER, "three", "one", "half", "both", "cut")


def ids(lines: tuple[RoadLine, ...]) -> set[tuple[Road, bool, tuple[str, ...]]]:
    return {(line.road, line.trained, tuple(place.point.id for place in line.places)) for line in lines}


def test_a_line_goes_through_what_differs_in_one_road_alone() -> None:
    placed = tradeoffs.places(POINTS, ACCURACY, Price.PARAMETERS)
    lines = roads.road_lines(placed, n_layers=6)
    assert ids(lines) == {
        (Road.LAYERS, True, ("six", "three", "one")),  # and not the one at another temperature
        (Road.LAYERS, True, ("bits", "both")),
        (Road.LAYERS, False, ("untrained", "cut")),
        (Road.HEADS, True, ("six", "half")),
        (Road.BITS, True, ("six", "bits")),
        (Road.BITS, True, ("three", "both")),
    }
    traces = scatter(placed, score=ACCURACY, price=Price.PARAMETERS, roads=lines).data
    named = {trace.name: trace.line.dash for trace in traces if trace.mode == "lines" and trace.showlegend}
    assert named == {"fewer layers": "solid", "fewer heads": "dot", "fewer bits": "longdash"}


def test_a_road_begins_with_the_teacher_where_no_student_has_all_of_it() -> None:
    placed = [place for place in tradeoffs.places(POINTS, ACCURACY, Price.BYTES) if place.point.id in STARTED]
    teacher = tradeoffs.TEACHER
    assert ids(roads.road_lines(placed, n_layers=6)) == {
        (Road.LAYERS, True, (teacher, "three", "one")),
        (Road.LAYERS, False, (teacher, "cut")),
        (Road.HEADS, True, (teacher, "half")),
        (Road.BITS, True, ("three", "both")),
    }
    # Of a deeper teacher, half of the heads of six layers is more than one road.
    deeper = ids(roads.road_lines(placed, n_layers=12))
    assert not any(road is Road.HEADS for road, *_ in deeper)


def test_the_best_at_half_the_size_and_the_best_of_the_other_roads() -> None:
    judged = roads.furthest(POINTS, ACCURACY, Price.PARAMETERS, share=0.5, n_layers=6)
    assert judged is not None
    assert judged.best is not None
    assert judged.other is not None
    assert (judged.best.point.id, judged.road) == ("half", (Road.HEADS,))
    assert (judged.other.point.id, judged.other_road) == ("three", (Road.LAYERS,))
    assert judged.differs
    assert narrative.tradeoffs.furthest(judged, ACCURACY) == (
        "At 50 % of the teacher's parameters or less: **fewer heads**, 85.0 % (6 layers · 50 % of the heads), before "
        "fewer layers, 80.0 % (3 layers)."
    )
    several = replace(judged, road=(Road.LAYERS, Road.HEADS, Road.BITS), other=None, price=Price.LATENCY)
    assert narrative.tradeoffs.furthest(several, ACCURACY).startswith(
        "At 2.0 × the teacher's speed or more: **fewer layers, heads and bits**, 85.0 %"
    )
    nobody = roads.furthest(POINTS, ACCURACY, Price.PARAMETERS, share=0.1, n_layers=6)
    assert nobody is not None
    assert nobody.best is None
    # With one road alone there is nothing to hold against it.
    assert roads.furthest(POINTS[:4], ACCURACY, Price.PARAMETERS, share=0.5, n_layers=6) is None
