"""What entities are taken for, as a matrix whose cells can be picked."""

from distil_core.analysis.entity_spans import EntityCase, EntityErrors
from distil_core.reporting.figures import entities


def test_each_case_is_in_its_cell_and_the_chosen_one_is_framed() -> None:
    cases = [EntityCase(row=0, column=0, first=i, stop=i + 1) for i in range(1200)]
    cases += [EntityCase(row=1, column=3, first=0, stop=1), EntityCase(row=2, column=0, first=0, stop=1)]
    errors = EntityErrors(types=("LOC", "PER"), n_types=2, cases=tuple(cases))
    figure = entities.entity_errors(errors, chosen=(1, 3))
    heatmap, points = figure.data
    assert [*map(list, heatmap.text)] == [["1,200", "", "", ""], ["", "", "", "1"], ["1", "", "", ""]]
    assert heatmap.zmax == 1  # what is right does not drown the errors
    assert list(figure.layout.yaxis.ticktext) == ["LOC", "PER", "no entity"]
    assert list(figure.layout.xaxis.ticktext) == ["LOC", "PER", "wrong boundary", "missed"]
    assert points.text[7] == "PER: missed<br>1"
    assert points.text[-1] == points.text[-2] == ""
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (2.5, 3.5, 0.5, 1.5)
