"""Plain data in, plotly figures out; the only door to plotly.

Every figure leaves paper, fonts and grid to the page's theme, so that one figure serves light and dark. The colors of
the models are the same everywhere, and each comes with a shape or a hatching of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import plotly.graph_objects as go

from distil_core.config import RunKind
from distil_core.outcomes import Curves
from distil_core.records import Fidelity
from distil_core.summary import Model

Figure: TypeAlias = go.Figure

TEACHER, STUDENT = "#0072B2", "#D55E00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a model looks in every figure."""

    color: str
    symbol: str
    dash: str


MARKS: Mapping[RunKind | None, Mark] = {
    None: Mark(color=TEACHER, symbol="diamond", dash="dash"),
    RunKind.DISTILLED: Mark(color=STUDENT, symbol="circle", dash="solid"),
    RunKind.HARD_LABELS: Mark(color="#B4649B", symbol="square", dash="dot"),
    RunKind.LAYER_CUT: Mark(color="#009E73", symbol="triangle-up", dash="dashdot"),
    RunKind.TFIDF: Mark(color="#7C8894", symbol="x", dash="longdash"),
}
"""The look of the teacher (None) and of each kind of run."""

_TRAINED = (RunKind.DISTILLED, RunKind.HARD_LABELS)
_PARTS = {
    "soft_labels": ("teacher's soft labels", TEACHER, "solid"),
    "hard_labels": ("hard labels", "#7C8894", "dash"),
    "logit_mse": ("logits", "#009E73", "dot"),
    "hidden_cosine": ("last layer", "#B4649B", "dashdot"),
    "hidden_mse": ("mapped layers", "#B08A00", "longdash"),
    "attention_kl": ("attention maps", STUDENT, "longdashdot"),
}
"""Name, color and dash of each part of the loss."""

_ABOVE = {"orientation": "h", "xanchor": "left", "x": 0, "yanchor": "bottom", "y": 1}
"""Where no line can run into the legend."""

TEMPLATE = go.layout.Template(
    layout={
        "hovermode": "closest",
        "legend": {"title": {"text": ""}, "bgcolor": "rgba(0,0,0,0)"},
        "xaxis": {"automargin": True, "zeroline": False},
        "yaxis": {"automargin": True, "zeroline": False},
        "bargap": 0.3,
        "dragmode": False,
    }
)
"""What all figures share."""


def _figure(*, height: int, x: str, y: str) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(template=TEMPLATE, height=height, uirevision="kept", margin={"l": 8, "r": 16, "t": 12, "b": 8})
    figure.update_xaxes(title_text=x)
    figure.update_yaxes(title_text=y)
    return figure


def loss(curves: Curves, *, n_epochs: float, height: int = 260) -> go.Figure:
    """Draw the parts of the loss over the epochs, each already weighted."""
    # The parts beyond the two of labels are squares of numbers without a unit.
    unit = " (nats)" if set(curves.loss) <= {"soft_labels", "hard_labels"} else ""
    figure = _figure(height=height, x="Epoch", y=f"Weighted loss{unit}")
    for part, values in curves.loss.items():
        name, color, dash = _PARTS.get(part, (part.replace("_", " "), STUDENT, "dot"))
        figure.add_scatter(
            x=list(curves.epochs),
            y=list(values),
            name=name,
            mode="lines",
            line={"color": color, "dash": dash, "width": 2},
            hovertemplate="epoch %{x:.2f}<br>%{y:.3f}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(showlegend=True, legend=_ABOVE, margin={"t": 32})
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(range=[-0.03 * n_epochs, 1.03 * n_epochs])
    return figure


def validation(
    curves: Mapping[RunKind, Curves], *, names: Mapping[RunKind, str], n_epochs: float, height: int = 260
) -> go.Figure:
    """Draw validation accuracy over the epochs: a curve for each student, a line for the teacher."""
    figure = _figure(height=height, x="Epoch", y="Validation accuracy (%)")
    teacher = next((curve.teacher_accuracy for curve in curves.values() if curve.teacher_accuracy is not None), None)
    if teacher is not None:
        mark = MARKS[None]
        figure.add_scatter(
            x=[0, n_epochs],
            y=[100 * teacher] * 2,
            name="Teacher",
            mode="lines",
            line={"color": mark.color, "dash": mark.dash, "width": 2},
            hovertemplate="%{y:.1f} %<extra>Teacher</extra>",
        )
    for kind, curve in curves.items():
        if kind not in _TRAINED or not curve.accuracy:
            continue
        mark = MARKS[kind]
        figure.add_scatter(
            x=list(curve.validation_epochs),
            y=[100 * value for value in curve.accuracy],
            name=names[kind],
            mode="lines+markers",
            line={"color": mark.color, "dash": mark.dash, "width": 2.5},
            marker={"symbol": mark.symbol, "size": 9},
            hovertemplate="epoch %{x:.2f}<br>%{y:.1f} %<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(showlegend=True, legend=_ABOVE, margin={"t": 32})
    figure.update_xaxes(range=[-0.03 * n_epochs, 1.03 * n_epochs])
    return figure


def accuracies(models: Sequence[Model], *, majority: float, height: int = 250) -> go.Figure:
    """Draw the test accuracy of each model with its interval, and where guessing the commonest label would land."""
    figure = _figure(height=height, x="Test accuracy (%) with its 95 % interval", y="")
    for model in models:
        accuracy, mark = model.record.quality.accuracy, MARKS[model.kind]
        figure.add_scatter(
            x=[100 * accuracy.value],
            y=[model.name],
            name=model.name,
            mode="markers+text",
            text=[f"{100 * accuracy.value:.1f}"],
            textposition="top center",
            cliponaxis=False,
            marker={"color": mark.color, "symbol": mark.symbol, "size": 12},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [100 * (accuracy.high - accuracy.value)],
                "arrayminus": [100 * (accuracy.value - accuracy.low)],
                "color": mark.color,
                "thickness": 2,
                "width": 6,
            },
            hovertemplate="%{x:.1f} %<extra>%{y}</extra>",
            showlegend=False,
        )
    figure.add_vline(
        x=100 * majority,
        line={"color": "#7C8894", "dash": "dot", "width": 1.5},
        annotation={"text": "guessing", "yref": "paper", "y": 1, "yanchor": "bottom", "xanchor": "center"},
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, title_text=None)
    figure.update_layout(margin={"t": 28})
    return figure


def agreement(fidelity: Fidelity, *, height: int = 200) -> go.Figure:
    """Draw who is right on the test texts: both, only one of them, or neither."""
    figure = _figure(height=height, x="Share of the test texts (%)", y="")
    parts = (
        ("Both right", fidelity.both_right, "#009E73", ""),
        ("Only the teacher", fidelity.only_teacher_right, TEACHER, "/"),
        ("Only the student", fidelity.only_student_right, STUDENT, "\\"),
        ("Both wrong", fidelity.both_wrong, "#7C8894", "x"),
    )
    for name, share, color, pattern in parts:
        figure.add_bar(
            x=[100 * share],
            y=[name],
            name=name,
            orientation="h",
            marker={"color": color, "pattern": _hatching(pattern)},
            text=[_share(share)],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x:.1f} %<extra>" + name + "</extra>",
            showlegend=False,
        )
    figure.update_xaxes(range=[0, 112], tickvals=[0, 25, 50, 75, 100])
    figure.update_yaxes(autorange="reversed", showgrid=False, title_text=None)
    return figure


def predictions(
    labels: Sequence[str], teacher: Sequence[float], student: Sequence[float], *, gold: int | None = None
) -> go.Figure:
    """Draw two distributions over the same labels as mirrored bars, the teacher to the left.

    Args:
        labels: Names of the labels, drawn from top to bottom.
        teacher: Probability of each label by the teacher.
        student: The same by the student.
        gold: Which label is right, if it is known; its name is marked.
    """
    names = [f"<b>\N{BLACK DIAMOND} {name}</b>" if i == gold else name for i, name in enumerate(labels)]
    figure = go.Figure()
    sides = (("Teacher", teacher, TEACHER, "/", "x"), ("Student", student, STUDENT, "", "x2"))
    for name, values, color, pattern, axis in sides:
        figure.add_bar(
            x=[100 * value for value in values],
            y=names,
            name=name,
            orientation="h",
            xaxis=axis,
            marker={"color": color, "pattern": _hatching(pattern)},
            text=[_share(value) for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.2f} %<extra>" + name + "</extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=105 + 38 * len(labels),
        uirevision="kept",
        showlegend=False,
        margin={"t": 36},
        xaxis={"domain": [0.0, 0.40], "range": [118, 0], "title": {"text": "Probability (%)"}, **_TICKS},
        xaxis2={"domain": [0.60, 1.0], "range": [0, 118], "title": {"text": "Probability (%)"}, **_TICKS},
        yaxis={"autorange": "reversed", "showticklabels": False, "showgrid": False},
    )
    for i, label in enumerate(names):
        figure.add_annotation(x=0.5, xref="paper", y=i, yref="y", text=label, showarrow=False, xanchor="center")
    for name, x, anchor in (("Teacher", 0.40, "right"), ("Student", 0.60, "left")):
        mark = TEACHER if name == "Teacher" else STUDENT
        figure.add_annotation(
            x=x,
            xref="paper",
            y=1,
            yref="paper",
            yanchor="bottom",
            xanchor=anchor,
            text=f"<b>{name}</b>",
            showarrow=False,
            font={"color": mark, "size": 15},
        )
    return figure


def _hatching(shape: str) -> dict[str, object]:
    return {"shape": shape, "size": 7, "solidity": 0.18, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.75)"}


_TICKS = {"tickvals": [0, 25, 50, 75, 100], "zeroline": False, "fixedrange": True}


def _share(value: float) -> str:
    return f"{100 * value:.1f}" if value >= 0.0005 else "<0.1"
