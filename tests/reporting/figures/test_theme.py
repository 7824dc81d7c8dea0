"""What all figures share: text that can be read from afar, where that is wanted."""

import re

from distil_core.reporting.figures import theme
from distil_core.reporting.figures.labels import label_probabilities


def test_large_print_leaves_no_small_text() -> None:
    figure = theme.empty(height=200, x="Epoch", y="Loss")
    figure.add_scatter(x=[1], y=[2], text=["2"], mode="text", textfont={"size": 11})
    figure.add_heatmap(z=[[1]], colorbar=theme.BAR)
    figure.add_annotation(text="here", font={"size": 9})
    large = theme.enlarged(figure)
    sizes = [int(size) for size in re.findall(r'font":\s*{[^{}]*"size":\s*([0-9]+)', large.to_json())]
    assert len(sizes) >= 8
    assert min(sizes) >= 16
    assert large.layout.height == 250
    assert (figure.layout.height, figure.data[0].textfont.size) == (200, 11)


def test_what_is_no_model_wears_no_models_mark() -> None:
    for what in ("color", "symbol"):
        models = {getattr(mark, what) for mark in theme.MARKS.values()}
        series = [getattr(mark, what) for mark in theme.SERIES]
        assert len(set(series)) == len(series)
        assert not models & set(series)


def test_a_line_is_seen_on_light_and_on_dark() -> None:
    figure = label_probabilities([("food praised", 0.8, 0.3)])
    (line,) = figure.layout.shapes
    assert line.line.color is None
    assert figure.layout.template.layout.shapedefaults.line.color == theme.GRAY
