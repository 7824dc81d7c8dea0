"""The other roads to a smaller model, beside fewer layers.

In: a student, before it learns or after, and texts. Out: the same student without its least important attention heads
and neurons; with zeros among its weights, or fewer bits in them; as an ONNX file.
"""

__all__ = ["extras", "importance", "int8", "onnx_model", "structured", "weights"]
