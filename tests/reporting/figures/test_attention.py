"""Figures of what both models look at: the numbers in them, and what can be clicked."""

import base64
import io
import math

import numpy as np
import pytest
from PIL import Image

from distil_core.reporting.figures import attention as figures
from distil_core.reporting.figures.theme import STUDENT, TEACHER

TOKENS = ("the", "<b>soup</b>", "the", "unpronounceable")
MAP = np.array([[0.1, 0.9, 0, 0], [0.25, 0.25, 0.25, 0.25], [0, 0, 1, 0], [0.5, 0, 0, 0.5]])


def painted(address: str) -> Image.Image:
    kind, data = address.split(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_overview_frames_the_layer_map_and_marks_the_pair() -> None:
    similarity = np.array([[0.9, 0.2], [0.3, 0.4], [0.5, 0.8]])
    figure = figures.overview(similarity, (0, 2), picked=(1, 0), measure="similarity of looks")
    heatmap, dot, points = figure.data
    assert np.asarray(heatmap.z) == pytest.approx(similarity)
    assert heatmap.text[2][1] == "0.80"
    framed = {(shape.y0, shape.x0) for shape in figure.layout.shapes}
    assert framed == {(-0.5, -0.5), (1.5, 0.5)}
    assert (round(dot.y[0]), round(dot.x[0])) == (1, 0)
    assert points.customdata[5] == [2, 1]
    assert points.text[5].startswith("teacher layer 2 and student layer 1<br>similarity of looks: 0.800")
    assert [i for i, text in enumerate(points.text) if "started from this one" in text] == [0, 5]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]


def test_many_layers_have_no_room_for_numbers() -> None:
    figure = figures.overview(np.ones((12, 6)), tuple(range(6)), picked=(0, 0), measure="")
    assert figure.data[0].texttemplate is None


def test_a_map_is_in_percent_of_a_shared_scale() -> None:
    figure = figures.attention_map(MAP, TOKENS, highest=0.95)
    (heatmap,) = figure.data
    assert np.asarray(heatmap.z)[0] == pytest.approx([10, 90, 0, 0])
    assert (heatmap.zmin, heatmap.zmax) == (0, pytest.approx(95))
    assert heatmap.hovertemplate.startswith("%{y} looks at %{x}: %{z:.1f} %")


def test_a_difference_is_centered_on_zero() -> None:
    (heatmap,) = figures.difference_map(MAP - 0.25, TOKENS).data
    assert np.asarray(heatmap.z)[0] == pytest.approx([-15, 65, -25, -25])
    assert (heatmap.zmin, heatmap.zmax) == pytest.approx((-75, 75))
    assert [color for _, color in heatmap.colorscale] == ["#0072B2", "#FFFFFF", "#E69F00"]
    (nothing,) = figures.difference_map(0 * MAP, TOKENS).data
    assert nothing.zmax > 0


def test_names_of_tokens_differ_though_they_look_the_same() -> None:
    names = figures.unique(TOKENS)
    assert len(set(names)) == 4
    assert [name.replace("\u200b", "") for name in names] == ["the", "&lt;b&gt;soup&lt;/b&gt;", "the", "unpronounceab…"]
    assert figures.unique(["&amp", "&amp"])[0] == "&amp;amp"


def test_thumbnails_are_divided_by_their_largest_share_and_rooted() -> None:
    faint = np.array([[0.0, 0.16], [0.04, 0.01]])
    picture = painted(figures.thumbnails(np.array([[faint, np.eye(2)]], dtype=np.float32)))
    colors = np.asarray(picture)
    # Two tokens are enlarged to 40 pixels, with a gap around.
    assert colors.shape == (44, 88)
    assert colors[[2, 2, 41, 41], [2, 41, 2, 41]].tolist() == [1, 255, 128, 65]
    assert colors[[2, 2, 41, 41], [46, 85, 46, 85]].tolist() == [255, 1, 1, 255]
    assert set(np.unique(colors[:, 42:46])) == {0}
    assert picture.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_thumbnails_of_layers_lie_under_each_other() -> None:
    maps = np.zeros((3, 2, 50, 50), dtype=np.float32)
    maps[2, 1] = 1
    colors = np.asarray(painted(figures.thumbnails(maps)))
    assert colors.shape == (3 * 54, 2 * 54)
    assert set(np.unique(colors[110:160, 56:106])) == {255}
    assert colors[:108].max() == colors[:, :54].max() == 1


def test_every_thumbnail_can_be_clicked() -> None:
    entropies = np.arange(6.0).reshape(2, 3)
    figure = figures.mosaic("data:image/png;base64,AA==", entropies=entropies, picked=(1, 2), name="teacher")
    (points,) = figure.data
    assert points.customdata[5] == [1, 2]
    assert points.text[5] == "teacher, layer 1, head 2<br>entropy 5.00 nats"
    (image,) = figure.layout.images
    assert (image.x, image.y, image.sizex, image.sizey) == (-0.5, -0.5, 3, 2)
    assert {(shape.y0, shape.x0) for shape in figure.layout.shapes} == {(0.5, 1.5)}
    unpicked = figures.mosaic("data:image/png;base64,AA==", entropies=entropies, picked=None, name="student")
    assert unpicked.layout.shapes == ()


def test_entropies_end_at_the_most_possible() -> None:
    (heatmap,) = figures.entropies(np.array([[0.0, math.log(8)]]), n_tokens=8).data
    assert heatmap.zmax == pytest.approx(math.log(8))
    assert np.asarray(heatmap.customdata) == pytest.approx(np.array([[0, 100]]))
    assert figures.entropies(np.array([[0.0]]), n_tokens=1).data[0].zmax > 0
    assert figures.entropies(np.zeros((1, 20)), n_tokens=8).data[0].texttemplate is None


def test_words_have_a_bar_for_each_model() -> None:
    figure = figures.paired_bars(["a", "a"], [0.1, -0.2], [0.3, 0], title="Change (points)", unit="points")
    teacher, student = figure.data
    assert list(teacher.y) == pytest.approx([10, -20])
    assert list(student.y) == pytest.approx([30, 0])
    assert len(set(teacher.x)) == 2
    assert (teacher.marker.color, student.marker.color) == (TEACHER, STUDENT)
    assert teacher.marker.pattern.shape != student.marker.pattern.shape
