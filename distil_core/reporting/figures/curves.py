"""How a run went: its loss and validation score over the epochs, and the test score of all its models."""

from collections.abc import Mapping, Sequence

from distil_core.analysis.comparison import Model
from distil_core.analysis.learning_curves import Curves
from distil_core.evaluation.metrics import Metric, in_unit
from distil_core.reporting.figures.theme import ABOVE, GRAY, MARKS, SERIES, STUDENT, TEACHER, Figure, empty
from distil_core.settings.config import Method
from distil_core.tasks.task import Task

_TRAINED = (Method.DISTILLED, Method.HARD_LABELS, Method.RANDOM_START)
_PARTS = {
    "soft_labels": ("", TEACHER, "solid"),
    "hard_labels": ("", GRAY, "dash"),
    "logit_mse": ("logits", SERIES[0].color, "dot"),
    "hidden_cosine": ("last layer", SERIES[1].color, "dashdot"),
    "hidden_mse": ("mapped layers", SERIES[3].color, "longdash"),
    "attention_kl": ("attention maps", STUDENT, "longdashdot"),
}
"""Name, color and dash of each part of the loss; the first two are called as a task calls them."""


def loss(curves: Curves, *, n_epochs: float, names: Mapping[str, str] = Task.loss_parts, height: int = 260) -> Figure:
    """Draw the parts of the loss over the epochs, each already weighted.

    Args:
        curves: What to draw.
        n_epochs: How long the axis is.
        names: What the task calls its two parts.
        height: In pixels.
    """
    # Other parts than two of labels are squares of numbers, or cosines, without a unit.
    unit = " (nats)" if set(curves.loss) <= {"soft_labels", "hard_labels"} and names == Task.loss_parts else ""
    figure = empty(height=height, x="Epoch", y=f"Weighted loss{unit}")
    for part, values in curves.loss.items():
        usual, color, dash = _PARTS.get(part, (part.replace("_", " "), STUDENT, "dot"))
        name = names.get(part, usual)
        figure.add_scatter(
            x=list(curves.epochs),
            y=list(values),
            name=name,
            mode="lines",
            line={"color": color, "dash": dash, "width": 2},
            hovertemplate="epoch %{x:.2f}<br>%{y:.3f}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(showlegend=True, legend=ABOVE, margin={"t": 44})
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(range=[-0.03 * n_epochs, 1.03 * n_epochs])
    return figure


def validation(
    curves: Mapping[Method, Curves],
    *,
    metric: Metric,
    names: Mapping[Method, str],
    n_epochs: float,
    height: int = 260,
) -> Figure:
    """Draw a metric of the validation texts over the epochs: a curve for each student, a line for the teacher."""
    unit, digits = f" {metric.unit}".rstrip(), 1 if metric.is_share else 3
    label = f"Validation {metric.in_text}"
    figure = empty(height=height, x="Epoch", y=in_unit(label, metric.unit))
    teacher = next((curve.teacher_score for curve in curves.values() if curve.teacher_score is not None), None)
    if teacher is not None:
        mark = MARKS[None]
        figure.add_scatter(
            x=[0, n_epochs],
            y=[metric.scale * teacher] * 2,
            name="Teacher",
            mode="lines",
            line={"color": mark.color, "dash": mark.dash, "width": 2},
            hovertemplate=f"%{{y:.{digits}f}}{unit}<extra>Teacher</extra>",
        )
    for method, curve in curves.items():
        if method not in _TRAINED or not curve.scores:
            continue
        mark = MARKS[method]
        figure.add_scatter(
            x=list(curve.validation_epochs),
            y=[metric.scale * value for value in curve.scores],
            name=names[method],
            mode="lines+markers",
            line={"color": mark.color, "dash": mark.dash, "width": 2.5},
            marker={"symbol": mark.symbol, "size": 9},
            hovertemplate=f"epoch %{{x:.2f}}<br>%{{y:.{digits}f}}{unit}<extra>%{{fullData.name}}</extra>",
        )
    figure.update_layout(showlegend=True, legend=ABOVE, margin={"t": 44})
    figure.update_xaxes(range=[-0.03 * n_epochs, 1.03 * n_epochs])
    return figure


def beside(curves: Mapping[str, Curves], metric: Metric, *, height: int = 300) -> Figure:
    """Draw a metric of the validation texts over the epochs for several runs, each by its name."""
    unit, digits = f" {metric.unit}".rstrip(), 1 if metric.is_share else 3
    figure = empty(height=height, x="Epoch", y=in_unit(f"Validation {metric.in_text}", metric.unit))
    for (name, curve), mark in zip(curves.items(), SERIES, strict=False):
        figure.add_scatter(
            x=list(curve.validation_epochs),
            y=[metric.scale * value for value in curve.scores],
            name=name,
            mode="lines+markers",
            line={"color": mark.color, "width": 2.5},
            marker={"symbol": mark.symbol, "size": 9},
            hovertemplate=f"epoch %{{x:.2f}}<br>%{{y:.{digits}f}}{unit}<extra>%{{fullData.name}}</extra>",
        )
    figure.update_layout(showlegend=True, legend=ABOVE, margin={"t": 44})
    return figure


def scores(models: Sequence[Model], metric: Metric, *, constant: float | None = None, height: int = 250) -> Figure:
    """Draw how each model did on the test texts, with its interval.

    Args:
        models: Those that were measured by the metric are drawn.
        metric: What they were measured by.
        constant: Where always saying the commonest label would land; drawn unless it is None.
        height: In pixels.
    """
    title = in_unit(f"Test {metric.in_text}", metric.unit)
    figure = empty(height=height, x=f"{title} with its 95 % interval", y="")
    digits = 1 if metric.is_share else 3
    for model in models:
        score, mark = model.record.metric(metric.name), MARKS[model.method]
        if score is None:
            continue
        low, high = score.ends
        figure.add_scatter(
            x=[metric.scale * score.value],
            y=[model.name],
            name=model.name,
            mode="markers+text",
            text=[f"{metric.scale * score.value:.{digits}f}"],
            textposition="top center",
            cliponaxis=False,
            marker={"color": mark.color, "symbol": mark.symbol, "size": 12},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [metric.scale * (high - score.value)],
                "arrayminus": [metric.scale * (score.value - low)],
                "color": mark.color,
                "thickness": 2,
                "width": 6,
            },
            hovertemplate=f"%{{x:.{digits}f}} {metric.unit}<extra>%{{y}}</extra>",
            showlegend=False,
        )
    if constant is not None:
        figure.add_vline(
            x=metric.scale * constant,
            line={"color": GRAY, "dash": "dot", "width": 1.5},
            annotation={"text": "chance", "yref": "paper", "y": 1, "yanchor": "bottom", "xanchor": "center"},
        )
    figure.update_yaxes(autorange="reversed", showgrid=False, title_text=None)
    figure.update_layout(margin={"l": 102, "t": 28})
    return figure
