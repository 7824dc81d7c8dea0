"""Teacher and student side by side: what an edit changed, and which answers of the one meet which of the other."""

from collections.abc import Sequence

from distil_core.analysis.edits import Change
from distil_core.analysis.error_analysis import Confusion
from distil_core.reporting.figures import cells
from distil_core.reporting.figures.theme import ABOVE, STUDENT, TEACHER, Figure, empty, hatching, plain
from distil_core.reporting.formatting import MINUS

NAME_LENGTH = 22
_TEXT = {"constraintext": "none", "textfont": {"size": 13}}


def changes(moved: Sequence[Change], names: Sequence[str], *, row: int = 40) -> Figure:
    """Draw how an edit moved the probability of some labels: two bars each, to the right where it grew.

    Args:
        moved: The labels to draw, from top to bottom.
        names: Names of all labels.
        row: Height of a label in pixels.
    """
    figure = empty(height=92 + row * len(moved), x="Change of the probability (points)", y="")
    sides = (
        ("Teacher", [change.teacher for change in moved], TEACHER, "/"),
        ("Student", [change.student for change in moved], STUDENT, ""),
    )
    reach = max((100 * change.size for change in moved), default=0.0)
    for name, pairs, color, pattern in sides:
        points = [100 * (after - before) for before, after in pairs]
        figure.add_bar(
            x=points,
            y=list(range(len(moved))),
            name=name,
            orientation="h",
            marker={"color": color, "pattern": hatching(pattern)},
            text=[f"{value:+z.1f}".replace("-", MINUS) for value in points],
            textposition="outside",
            cliponaxis=False,
            **_TEXT,
            customdata=[
                [plain(names[change.label]), 100 * before, 100 * after]
                for change, (before, after) in zip(moved, pairs, strict=True)
            ],
            hovertemplate="%{customdata[0]}: %{customdata[1]:.1f} → %{customdata[2]:.1f} %<extra>" + name + "</extra>",
        )
    limit = max(1.3 * reach, 1.0)
    figure.update_xaxes(range=[-limit, limit], zeroline=True, zerolinewidth=1.5)
    _name(figure, [names[change.label] for change in moved])
    return figure


def counts(rows: Sequence[tuple[str, int, int]], *, unit: str = "Sentences", row: int = 36) -> Figure:
    """Draw how often teacher and student answer each label; ``rows`` has its name and both counts, of ``unit``."""
    figure = empty(height=92 + row * len(rows), x=unit, y="")
    for side, (name, color, pattern) in enumerate((("Teacher", TEACHER, "/"), ("Student", STUDENT, "")), start=1):
        values = [line[side] for line in rows]
        figure.add_bar(
            x=values,
            y=list(range(len(rows))),
            name=name,
            orientation="h",
            marker={"color": color, "pattern": hatching(pattern)},
            text=[f"{value:,}" for value in values],
            textposition="outside",
            cliponaxis=False,
            **_TEXT,
            customdata=[plain(line[0]) for line in rows],
            hovertemplate="%{customdata}: %{x:,}<extra>" + name + "</extra>",
        )
    most = max((max(line[1:]) for line in rows), default=1)
    # Nobody answers half a sentence.
    figure.update_xaxes(range=[0, 1.15 * max(most, 1)], tickformat=",d", dtick=1 if most < 5 else None)
    _name(figure, [line[0] for line in rows])
    return figure


def confusion(
    table: Confusion, *, chosen: cells.GridIndex | None = None, unit: str = "texts", height: int = 430
) -> Figure:
    """Draw how often each answer of the student meets each answer of the teacher, as counts in cells.

    The color follows the root of the count, or agreement would drown all else; empty cells stay empty.

    Args:
        table: The counts.
        chosen: Row and column of a cell to frame.
        unit: What is counted.
        height: In pixels.
    """
    n = len(table.names)
    places, shown = list(range(n)), [plain(name, length=NAME_LENGTH) for name in table.names]
    # Where all others are one cell, it must not drown those that have a name.
    named = table.counts[:-1, :-1] if None in table.labels else table.counts
    figure = empty(height=height, x="Student's answer", y="Teacher's answer")
    cells.add_counts(figure, table.counts, largest=int(named.max()), chosen=chosen)
    hover = [
        [
            f"teacher: {plain(teacher)}<br>student: {plain(student)}<br>{count:,} {unit}"
            for student, count in zip(table.names, row, strict=True)
        ]
        for teacher, row in zip(table.names, table.counts.tolist(), strict=True)
    ]
    cells.overlay(figure, places, places, hover=hover, size=min(24.0, 300 / n))
    ticks = {"tickvals": places, "ticktext": shown, "showgrid": False}
    figure.update_xaxes(range=[-0.5, n - 0.5], tickangle=-40 if n > 3 else 0, **ticks)
    figure.update_yaxes(range=[n - 0.5, -0.5], **ticks)
    return figure


def _name(figure: Figure, names: Sequence[str]) -> None:
    """Name the rows of bars from top to bottom; two long names may begin alike and are still two rows."""
    shown = [plain(name, length=NAME_LENGTH) for name in names]
    figure.update_yaxes(
        range=[len(names) - 0.5, -0.5],
        tickvals=list(range(len(names))),
        ticktext=shown,
        showgrid=False,
        title_text=None,
    )
    figure.update_layout(showlegend=True, legend={**ABOVE, "traceorder": "normal"}, margin={"t": 44}, bargap=0.25)
