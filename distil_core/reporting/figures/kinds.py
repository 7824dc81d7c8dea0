"""How both models do on each kind of example."""

from collections.abc import Sequence

from distil_core.analysis.kinds import KindGroup
from distil_core.reporting.figures.theme import ABOVE, STUDENT, TEACHER, Figure, empty, hatching, plain

_NAME_LENGTH = 22


def groups(
    shown: Sequence[KindGroup],
    *,
    axis: str,
    scale: float = 100.0,
    chosen: str | None = None,
    highest: float = 1.0,
    digits: int = 1,
    row: int = 44,
) -> Figure:
    """Draw a figure of both models for each kind, with how many examples it has; a bar can be clicked.

    What was clicked is told by :func:`distil_core.reporting.figures.cells.picked`: the kind, and which model's bar.

    Args:
        shown: From top to bottom.
        axis: What the figure is, with its unit.
        scale: From the figure to what is shown.
        chosen: Name of the kind to print in bold.
        highest: What the axis reaches to, before it is scaled.
        digits: Behind the point.
        row: Height of a kind in pixels.
    """
    figure = empty(height=100 + row * len(shown), x=axis, y="")
    for side, (name, color, pattern) in enumerate((("Teacher", TEACHER, "/"), ("Student", STUDENT, ""))):
        values = [group.teacher if side == 0 else group.student for group in shown]
        figure.add_bar(
            x=[None if value is None else scale * value for value in values],
            y=list(range(len(shown))),
            name=name,
            orientation="h",
            marker={"color": color, "pattern": hatching(pattern)},
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
            text=["" if value is None else f"{scale * value:.{digits}f}" for value in values],
            textposition="outside",
            textfont={"size": 13},
            constraintext="none",
            cliponaxis=False,
            customdata=[[i, side] for i in range(len(shown))],
            hovertext=[plain(group.name) for group in shown],
            hovertemplate=f"%{{hovertext}}: %{{x:.{digits}f}}<extra>" + name + "</extra>",
        )
    names = [f"{plain(group.name, length=_NAME_LENGTH)} ({group.n:,})" for group in shown]
    figure.update_xaxes(range=[0, 1.12 * scale * highest])
    figure.update_yaxes(
        range=[len(shown) - 0.5, -0.5],
        tickvals=list(range(len(shown))),
        ticktext=[f"<b>{name}</b>" if group.name == chosen else name for name, group in zip(names, shown, strict=True)],
        showgrid=False,
        title_text=None,
    )
    figure.update_layout(
        showlegend=True, legend={**ABOVE, "traceorder": "normal"}, margin={"t": 44, "l": 150}, bargap=0.25
    )
    return figure
