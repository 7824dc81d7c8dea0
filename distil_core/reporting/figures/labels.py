"""All labels of a text that may have several: the probability of each by teacher and student."""

from collections.abc import Sequence

from distil_core.reporting.figures.theme import STUDENT, TEACHER, Figure, empty, hatching, plain

THRESHOLD = 0.5
"""A label is said where its probability is above this."""
_NAME_LENGTH = 22


def label_probabilities(rows: Sequence[tuple[str, float, float]], *, row: int = 36) -> Figure:
    """Draw the probability of each label by both models, with a line above which a label is said.

    Args:
        rows: Name, and probabilities of teacher and student, from top to bottom.
        row: Height of a label in pixels.
    """
    figure = empty(height=92 + row * len(rows), x="Probability (%)", y="")
    for side, (name, color, pattern) in enumerate((("Teacher", TEACHER, "/"), ("Student", STUDENT, "")), start=1):
        figure.add_bar(
            x=[100 * float(line[side]) for line in rows],
            y=list(range(len(rows))),
            name=name,
            orientation="h",
            marker={"color": color, "pattern": hatching(pattern)},
            customdata=[plain(line[0]) for line in rows],
            hovertemplate="%{customdata}: %{x:.1f} %<extra>" + name + "</extra>",
        )
    figure.add_vline(x=100 * THRESHOLD, line_dash="dash", line_width=1.5)
    figure.update_xaxes(range=[0, 100])
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(rows))),
        ticktext=[plain(line[0], length=_NAME_LENGTH) for line in rows],
        autorange="reversed",
    )
    return figure
