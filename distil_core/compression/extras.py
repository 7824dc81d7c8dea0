"""Which of the packages that this room can use are there; needs none of them."""

from importlib.util import find_spec

from distil_core.errors import MissingExtraError


def require_onnx(feature: str) -> None:
    """Say so where the packages of the extra ``onnx`` are not there, before anything is computed.

    Args:
        feature: What needs them.

    Raises:
        MissingExtraError: If ``onnx`` or ``onnxruntime`` is not installed.
    """
    if any(find_spec(name) is None for name in ("onnx", "onnxruntime")):
        raise MissingExtraError(feature, "onnx")
