"""Two lines of words, one for each model: point at a word, or move to it with the keyboard, and see where it looks.

Reads: the maps passed to it. Writes: nothing; all of it happens in the browser.
"""

from collections.abc import Sequence

import numpy as np

from pages.components import mount

_show = mount.component(__file__, "distil_lab.strip")


def show(
    tokens: Sequence[str],
    special: Sequence[bool],
    sides: Sequence[tuple[str, str, np.ndarray]],
    *,
    key: str,
    first: int = 0,
) -> None:
    """Show the words of a text once for each model; the one pointed at colors all others by how much it looks at them.

    Args:
        tokens: As people read them.
        special: Which of them frame the text.
        sides: Name, color and map of each model; a map is ``(tokens, tokens)`` of shares.
        key: Of the widget.
        first: The token that is pointed at until somebody points at another.
    """
    _show(
        key=key,
        data={
            "tokens": list(tokens),
            "special": list(special),
            "sides": [
                {"name": name, "color": color, "rows": np.rint(1000 * shares).astype(int).tolist()}
                for name, color, shares in sides
            ],
            "first": first,
        },
    )
