"""Which of the packages that this room can use are there; needs none of them."""

from importlib.util import find_spec

from distil_core.errors import MissingExtraError


def has_onnx() -> bool:
    """Tell whether ``onnx`` and ``onnxruntime`` are there."""
    return all(find_spec(name) is not None for name in ("onnx", "onnxruntime"))


def require_onnx(feature: str) -> None:
    """Say so where the packages of the extra ``onnx`` are not there, before anything is computed.

    Args:
        feature: What needs them.

    Raises:
        MissingExtraError: If ``onnx`` or ``onnxruntime`` is not installed.
    """
    if not has_onnx():
        raise MissingExtraError(feature, "onnx")
