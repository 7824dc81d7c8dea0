"""What temperature does: to all test texts, to what is left beside the right label, to gradients, to calibration."""

import math
from collections.abc import Sequence

from plotly.colors import sample_colorscale

from distil_core.analysis.temperature import DarkKnowledge, GradientNorms, Softened
from distil_core.evaluation.calibration import Scaling
from distil_core.reporting.figures.theme import (
    ABOVE,
    BAR,
    GRAY,
    SEQUENTIAL,
    SERIES,
    STUDENT,
    TEACHER,
    Figure,
    Mark,
    empty,
    hatching,
    plain,
)

_TICKS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16)
MOST_NAMES, MOST_NUMBERS = 12, 8
"""Labels of a heatmap that are named along its sides, and up to which its cells show their numbers."""


def entropies(softened: Softened, *, n_labels: int, height: int = 300) -> Figure:
    """Draw the mean entropy of teacher and student over the temperature, below that of all labels alike."""
    figure = _over_temperature(softened.temperatures, height=height, y="Mean entropy (nats)")
    most = math.log(n_labels)
    figure.add_hline(
        y=most,
        line={"color": GRAY, "dash": "dot", "width": 1.5},
        annotation={"text": f"all {n_labels} labels alike", "xanchor": "left", "x": 0, "yanchor": "top"},
    )
    # The dashes last, since the line would hide them where a student is as undecided as its teacher.
    sides = (
        ("Student", softened.student_entropy_nats, STUDENT, "solid"),
        ("Teacher", softened.teacher_entropy_nats, TEACHER, "dash"),
    )
    for name, values, color, dash in sides:
        _line(figure, softened.temperatures, values, name=name, color=color, dash=dash)
    figure.update_layout(legend={**ABOVE, "traceorder": "reversed"})
    figure.update_yaxes(range=[-0.03 * most, 1.06 * most])
    return figure


def divergences(softened: Softened, *, trained: float | None, height: int = 300) -> Figure:
    """Draw the mean KL over the temperature, with and without ``T²``; marks where the student was trained."""
    figure = _over_temperature(softened.temperatures, height=height, y="Mean divergence (nats)", trained=trained)
    _line(figure, softened.temperatures, softened.kl_nats, name="KL", color=STUDENT, dash="dot")
    _line(figure, softened.temperatures, softened.scaled_kl_nats, name="T² · KL", color=STUDENT, dash="solid")
    figure.update_yaxes(type="log", dtick=1, tickformat="~g")
    return figure


def agreement(softened: Softened, *, unit: str = "texts", height: int = 300) -> Figure:
    """Draw the share of texts, or of what ``unit`` names, that both answer alike over the temperature: a flat line."""
    figure = _over_temperature(softened.temperatures, height=height, y=f"Answered alike (% of the {unit})")
    shares = [100 * share for share in softened.agreement]
    _line(figure, softened.temperatures, shares, name="Agreement", color=SERIES[0].color, dash="solid", unit=" %")
    figure.update_yaxes(range=[0, 104])
    return figure


def leftover(model: DarkKnowledge, labels: Sequence[str], *, high: float, height: int = 360) -> Figure:
    """Draw where a model puts what it does not give to the right label, as a matrix.

    Args:
        model: What to draw.
        labels: Names of the labels; where they are many, only some are written, and on one side of the matrix.
        high: End of the color scale, the same for models that stand side by side.
        height: In pixels.
    """
    figure = empty(height=height, x="Wrong label", y="Right label")
    few = len(labels) <= MOST_NUMBERS
    figure.add_heatmap(
        z=100 * model.shares,
        customdata=[[[plain(right), plain(wrong)] for wrong in labels] for right in labels],
        zmin=0,
        zmax=100 * high,
        colorscale=SEQUENTIAL if few else _stretched(),
        xgap=1 if few else 0,
        ygap=1 if few else 0,
        texttemplate="%{z:.0f}" if few else None,
        hoverongaps=False,
        hovertemplate="right: %{customdata[0]}<br>wrong: %{customdata[1]}<br>%{z:.1f} %<extra></extra>",
        colorbar={**BAR, "ticksuffix": " %"},
    )
    stride = math.ceil(len(labels) / MOST_NAMES)
    places = list(range(0, len(labels), stride))
    length = 16 if stride == 1 else 24
    names = {"tickvals": places, "ticktext": [plain(_words(labels[i]), length=length) for i in places]}
    figure.update_xaxes(**names, showgrid=False, tickangle=-40, constrain="domain")
    figure.update_yaxes(**names, showgrid=False, autorange="reversed")
    if stride > 1:
        figure.update_xaxes(title_text="Wrong label, in the same order", showticklabels=False)
    figure.update_layout(margin={"t": 44})
    return figure


def gradients(norms: GradientNorms, *, trained: float | None, height: int = 380) -> Figure:
    """Draw the gradient of each part of the loss over the temperature, the soft one with and without ``T²``."""
    figure = _over_temperature(
        norms.temperatures, height=height, y="Norm of the gradient (nats per unit)", trained=trained
    )
    _line(
        figure,
        norms.temperatures,
        norms.soft,
        name="soft labels, without T²",
        color=TEACHER,
        dash="dot",
        mode="lines+markers",
    )
    _line(
        figure,
        norms.temperatures,
        norms.scaled,
        name="soft labels, with T²",
        color=TEACHER,
        dash="solid",
        mode="lines+markers",
    )
    _line(
        figure,
        norms.temperatures,
        [norms.hard] * len(norms.temperatures),
        name="hard labels",
        color=GRAY,
        dash="dash",
    )
    last, end = norms.temperatures[-1], norms.soft[-1]
    guide = [t for t in norms.temperatures if t >= 1]
    _line(
        figure,
        guide,
        [end * (last / t) ** 2 for t in guide],
        name="falling as 1/T²",
        color="#B08A00",
        dash="longdashdot",
        width=1.2,
    )
    figure.update_yaxes(type="log", dtick=1, tickformat="~g")
    return figure


def reliability(scaling: Scaling, *, mark: Mark, unit: str = "texts", height: int = 400) -> Figure:
    """Draw how often a model is right against how sure it is, as it is and calibrated, over the number of texts.

    Args:
        scaling: The model, as it is and calibrated.
        mark: Its color and shape.
        unit: What is counted.
        height: In pixels.
    """
    figure = empty(height=height, x="", y=f"Right (% of the {unit})")
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        name="as sure as right",
        line={"color": GRAY, "dash": "dot", "width": 1.5},
        hoverinfo="skip",
    )
    states = (("as it is", scaling.before, "solid", mark.symbol), ("calibrated", scaling.after, "dot", "circle-open"))
    for name, measured, dash, symbol in states:
        filled = [i for i, n in enumerate(measured.n_examples) if n]
        most = max(measured.n_examples)
        figure.add_scatter(
            x=[100 * measured.confidence[i] for i in filled],
            y=[100 * measured.accuracy[i] for i in filled],
            customdata=[measured.n_examples[i] for i in filled],
            name=name,
            mode="lines+markers",
            line={"color": mark.color, "dash": dash, "width": 2},
            marker={"symbol": symbol, "size": [5 + 9 * math.sqrt(measured.n_examples[i] / most) for i in filled]},
            hovertemplate="%{x:.1f} % sure<br>%{y:.1f} % right<br>%{customdata} "
            f"{unit}<extra>%{{fullData.name}}</extra>",
        )
    n_bins = len(scaling.before.n_examples)
    figure.add_bar(
        x=[100 * (i + 0.5) / n_bins for i in range(n_bins)],
        y=list(scaling.before.n_examples),
        width=100 / n_bins,
        yaxis="y2",
        showlegend=False,
        marker={"color": mark.color, "opacity": 0.7, "pattern": hatching("/" if mark.color == TEACHER else "")},
        hovertemplate=f"%{{y}} {unit}<extra>as it is</extra>",
    )
    figure.update_layout(
        showlegend=True,
        legend=ABOVE,
        margin={"t": 44},
        xaxis={"title": {"text": "Sure (%)"}, "range": [-2, 102], "anchor": "y2", "tickvals": [0, 25, 50, 75, 100]},
        yaxis={"domain": [0.34, 1.0], "range": [-3, 103], "tickvals": [0, 25, 50, 75, 100]},
        yaxis2={
            "domain": [0.0, 0.24],
            "title": {"text": unit.capitalize()},
            "automargin": True,
            "nticks": 3,
            "zeroline": False,
        },
        bargap=0.05,
    )
    return figure


def _over_temperature(temperatures: Sequence[float], *, height: int, y: str, trained: float | None = None) -> Figure:
    figure = empty(height=height, x="Temperature (log scale)", y=y)
    # A little beyond the first and the last, or their ticks would be left out.
    ends = [math.log10(temperatures[0]) - 0.04, math.log10(temperatures[-1]) + 0.04]
    figure.update_xaxes(type="log", range=ends, tickvals=_TICKS, ticktext=[f"{t:g}" for t in _TICKS])
    figure.update_layout(showlegend=True, legend=ABOVE, margin={"t": 44})
    if trained is not None:
        figure.add_shape(
            type="line",
            x0=trained,
            x1=trained,
            y0=0,
            y1=1,
            yref="paper",
            line={"color": GRAY, "dash": "dash", "width": 1},
        )
        # An annotation on a logarithmic axis wants the logarithm, a line does not.
        figure.add_annotation(
            x=math.log10(trained),
            y=0,
            yref="paper",
            yanchor="bottom",
            xanchor="left",
            text="trained here",
            showarrow=False,
        )
    return figure


def _line(
    figure: Figure,
    temperatures: Sequence[float],
    values: Sequence[float],
    *,
    name: str,
    color: str,
    dash: str,
    mode: str = "lines",
    width: float = 2.5,
    unit: str = "",
) -> None:
    figure.add_scatter(
        x=list(temperatures),
        y=list(values),
        name=name,
        mode=mode,
        line={"color": color, "dash": dash, "width": width},
        marker={"size": 8},
        hovertemplate=f"T %{{x:.2g}}<br>%{{y:.3g}}{unit}<extra>{name}</extra>",
    )


def _stretched() -> list[tuple[float, str]]:
    """Return the sequential scale with its lower half drawn apart: among many labels most shares are small."""
    steps = [i / 16 for i in range(17)]
    return [(step**2, color) for step, color in zip(steps, sample_colorscale(SEQUENTIAL, steps), strict=True)]


def _words(label: str) -> str:
    return label.replace("_", " ")
