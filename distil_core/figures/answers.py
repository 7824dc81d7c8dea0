"""What teacher and student answer: to one text, and to all of them."""

from collections.abc import Sequence

from distil_core.figures.theme import STUDENT, TEACHER, TEMPLATE, Figure, empty, hatching
from distil_core.records import Fidelity

_TICKS = {"tickvals": [0, 25, 50, 75, 100], "zeroline": False, "fixedrange": True}


def agreement(fidelity: Fidelity, *, height: int = 200) -> Figure:
    """Draw who is right on the test texts: both, only one of them, or neither."""
    figure = empty(height=height, x="Share of the test texts (%)", y="")
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
            marker={"color": color, "pattern": hatching(pattern)},
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
) -> Figure:
    """Draw two distributions over the same labels as mirrored bars, the teacher to the left.

    Args:
        labels: Names of the labels, drawn from top to bottom.
        teacher: Probability of each label by the teacher.
        student: The same by the student.
        gold: Which label is right, if it is known; its name is marked.
    """
    names = [f"<b>\N{BLACK DIAMOND} {name}</b>" if i == gold else name for i, name in enumerate(labels)]
    figure = Figure()
    sides = (("Teacher", teacher, TEACHER, "/", "x"), ("Student", student, STUDENT, "", "x2"))
    for name, values, color, pattern, axis in sides:
        figure.add_bar(
            x=[100 * value for value in values],
            y=names,
            name=name,
            orientation="h",
            xaxis=axis,
            marker={"color": color, "pattern": hatching(pattern)},
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


def _share(value: float) -> str:
    return f"{100 * value:.1f}" if value >= 0.0005 else "<0.1"
