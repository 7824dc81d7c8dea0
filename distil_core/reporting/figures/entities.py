"""What a model takes the entities of texts for: types, wrong boundaries, what is missed and what is spurious."""

import numpy as np

from distil_core.analysis.entity_spans import EntityErrors
from distil_core.reporting.figures import cells
from distil_core.reporting.figures.theme import Figure, empty, plain

NAME_LENGTH = 16


def entity_errors(errors: EntityErrors, *, chosen: cells.GridIndex | None = None) -> Figure:
    """Draw how often each type is taken for each, as counts in cells; the color follows the root of the errors.

    Args:
        errors: Of one model.
        chosen: Row and column of a cell to frame.
    """
    counts, n = errors.counts, len(errors.types)
    rows, columns = list(range(n + 1)), list(range(n + 2))
    wrong = counts.copy()
    np.fill_diagonal(wrong[:n, :n], 0)
    figure = empty(height=170 + 40 * len(rows), x="Predicted", y="Right")
    cells.add_counts(figure, counts, largest=int(wrong.max()), chosen=chosen)
    # There is no cell for what is no entity and was not taken for one.
    hover = [
        ["" if i == n and j >= n else f"{plain(errors.name(i, j))}<br>{counts[i, j]:,}" for j in columns] for i in rows
    ]
    cells.overlay(figure, rows, columns, hover=hover, size=min(24.0, 300 / (n + 2)))
    names = [[plain(name, length=NAME_LENGTH) for name in side] for side in (errors.rows, errors.columns)]
    figure.update_yaxes(range=[n + 0.5, -0.5], tickvals=rows, ticktext=names[0], showgrid=False)
    figure.update_xaxes(range=[-0.5, n + 1.5], tickvals=columns, ticktext=names[1], tickangle=-40, showgrid=False)
    return figure
