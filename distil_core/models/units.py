"""What can be taken out of a layer as a whole, and of which models; needs neither torch nor a model."""

from enum import StrEnum

from distil_core.errors import ConfigError

KEPT_HEADS = "kept_heads"
"""Entry of a configuration: attention heads of each layer, where that is fewer than its width has room for."""


class LayerUnit(StrEnum):
    """What structured pruning takes out: attention heads, or neurons of the feed-forward blocks."""

    HEADS = "heads"
    NEURONS = "neurons"


_WHOLE = {
    ("squeezebert", LayerUnit.HEADS): "its convolutions are grouped",
    ("squeezebert", LayerUnit.NEURONS): "its convolutions are grouped",
    ("mpnet", LayerUnit.HEADS): "all its layers share one bias for each head",
}


def refuse_whole(architecture: str, unit: LayerUnit) -> None:
    """Refuse to take units out of a model that needs all of them.

    Raises:
        ConfigError: If it does.
    """
    if (reason := _WHOLE.get((architecture, unit))) is not None:
        raise ConfigError(f"student.{unit} must be 1 for {architecture}, as {reason}; choose another teacher")


def least_depth(architecture: str) -> int:
    """Return how many layers a student of an architecture has at least; ModernBERT draws its weights by their share."""
    return int(architecture == "modernbert")
