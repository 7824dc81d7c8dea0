"""Layer mapping: which layers of a teacher the layers of a student are copied from."""

from distil_core.errors import ConfigError
from distil_core.settings.config import LayerMap, StudentConfig
from distil_core.settings.recipes import NARROW


def layer_indices(student: StudentConfig, n_layers: int, *, width: int | None = None) -> tuple[int, ...]:
    """Return the teacher layers, counted from 0, from which a student's layers start.

    ``alternate`` takes every other layer from below for the lower half and every other from above for the upper half,
    as DistilBERT does (Sanh et al., 2019, arXiv:1910.01108): 0, 2, 4, 7, 9, 11 of 12. ``even`` spaces them evenly from
    first to last. ``middle`` takes those that end in the middle, 1, 2, 3 of 6, where layers begin to hold one part of a
    text against another, which few texts do not teach a lower layer anew; of a narrow teacher, whose lowest layer has
    much to add to the words, that one and the rest: 0, 2, 3.

    Args:
        student: Depth and map, or the explicit layers.
        n_layers: Encoder layers of the teacher.
        width: Size of the teacher's hidden states; None: no narrow one.

    Raises:
        ConfigError: If the teacher has too few layers.
    """
    if student.layers:
        if max(student.layers) >= n_layers:
            raise ConfigError(
                f"student.layers must lie between 0 and {n_layers - 1} for a teacher of {n_layers} layers, "
                f"got {list(student.layers)}"
            )
        return student.layers
    depth = student.depth
    if depth > n_layers:
        raise ConfigError(f"student.depth must be at most the teacher's {n_layers} layers, got {depth}")
    even = tuple(int(i * (n_layers - 1) / max(depth - 1, 1) + 0.5) for i in range(depth))
    match student.layer_map:
        case LayerMap.FIRST:
            return tuple(range(depth))
        case LayerMap.LAST:
            return tuple(range(n_layers - depth, n_layers))
        case LayerMap.MIDDLE:
            end = max(n_layers // 2 + 1, depth)
            chosen = tuple(range(end - depth, end))
            return (0, *chosen[1:])[:depth] if width is not None and width <= NARROW else chosen
        case LayerMap.ALTERNATE:
            below, above = (depth + 1) // 2, depth // 2
            picked = {2 * i for i in range(below)} | {n_layers - 1 - 2 * i for i in range(above)}
            return tuple(sorted(picked)) if len(picked) == depth and max(picked) < n_layers else even
        case _:
            return even
