"""Models as ONNX files: written from torch, quantized, and asked for answers; needs the extra ``onnx``.

The exporter is the older one of torch, which traces. On all of the declared versions of torch it writes all
architectures, at once and without further packages; the one that ``torch.export`` feeds takes forty times as long.
"""

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from distil_core.errors import MissingExtraError
from distil_core.models.packing import scores_of, tells_segments_apart
from distil_core.models.pooling import Embedder
from distil_core.types import Model

OPSET = 17
"""The first with layer normalization as one operation; ONNX Runtime has it since version 1.12."""
_AXES = {0: "batch", 1: "length"}


def output_names(model: Model) -> tuple[str, ...]:
    """Return what the outputs of a model's file are called: as others name them who export such models."""
    if isinstance(model, Embedder):
        return ("sentence_embedding",)
    return ("start_logits", "end_logits") if _points(model) else ("logits",)


def write_onnx(model: Model, path: Path, *, metadata: Mapping[str, str]) -> None:
    """Write a model as one ONNX file, for any number of texts of any length.

    Args:
        model: In eval mode, on the processor.
        path: The file.
        metadata: What the file says of itself.

    Raises:
        MissingExtraError: If ``onnx`` is not installed.
    """
    onnx = _onnx()
    names = ("input_ids", "attention_mask", *["token_type_ids"] * tells_segments_apart(model))
    # Neither axis may have a size that could be taken for a constant.
    ids = torch.full((2, 7), model.config.pad_token_id + 1)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    outputs = output_names(model)
    axes = dict.fromkeys(names, _AXES)
    for name in outputs:
        axes[name] = _AXES if each_token(model) else {0: "batch"}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # tracing warns of each size that Python looks at
        torch.onnx.export(
            _Positional(model, names).eval(),
            tuple({"input_ids": ids, "attention_mask": mask}.get(name, torch.zeros_like(ids)) for name in names),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(names),
            output_names=list(outputs),
            dynamic_axes=axes,
        )
    graph = onnx.load(path)
    for key, value in metadata.items():
        graph.metadata_props.add(key=key, value=value)
    onnx.save(graph, path)


def quantize(source: Path, path: Path) -> None:
    """Write an ONNX file whose matrices and embeddings are kept in 8 bits, activations being quantized as they come.

    Weights are unsigned, as activations are, with a scale for each column. Signed ones are multiplied by instructions
    that overflow on processors without VNNI unless they have 7 bits only. Of a student of MiniLM on SST-2, on AVX2, so
    99.1 % of the answers stayed as they were, with signed weights of 7 or 8 bits 98.7 %, and with one scale a matrix
    94.8 to 97.3 %; embeddings in 8 bits changed nothing.

    Args:
        source: A file in fp32.
        path: The new file.

    Raises:
        MissingExtraError: If ``onnxruntime`` is not installed.
    """
    _onnxruntime()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)  # it advises preparing graphs first, which changes nothing in those of encoders
    try:
        quantize_dynamic(source, path, per_channel=True, weight_type=QuantType.QUInt8)
    finally:
        logging.disable(logging.NOTSET)


def quantize_weights(source: Path, path: Path) -> None:
    """Write an ONNX file whose matrices and embeddings are kept in 8 bits and computed with in fp32.

    So it answers alike everywhere. Where activations are quantized as well, those that lie between two steps are
    rounded up on one machine and down on another: logits of a student of MiniLM on SST-2 differed by up to 0.096
    between ONNX Runtime here and in a browser, so by 3e-6; and from those in fp32 by 0.42 at most, so by 0.071. What it
    costs is the speed of 8 bits: it is as fast as fp32, 1.75 times slower there.

    Args:
        source: A file in fp32.
        path: The new file.

    Raises:
        MissingExtraError: If ``onnx`` is not installed.
    """
    onnx = _onnx()
    from onnx.helper import make_node
    from onnx.numpy_helper import from_array, to_array

    model = onnx.load(source)
    graph = model.graph
    weights = {
        item.name: item
        for item in graph.initializer
        if len(item.dims) == 2 and item.data_type == onnx.TensorProto.FLOAT
    }
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in weights.keys() & set(node.input):
            readers.setdefault(name, []).append(node)
    nodes = []
    for name, users in readers.items():
        values = to_array(weights[name])
        by_row = any(
            user.op_type == "Gather" or any(option.name == "transB" and option.i for option in user.attribute)
            for user in users
        )
        scale = np.abs(values).max(axis=1 if by_row else 0, keepdims=True) / 127
        scale[scale == 0] = 1
        codes = np.rint(values / scale).astype(np.int8)
        if codes.nbytes + scale.nbytes >= values.nbytes:
            continue
        graph.initializer.remove(weights[name])
        graph.initializer.extend([from_array(codes, f"{name}.codes"), from_array(scale, f"{name}.scale")])
        # Constants, which ONNX Runtime multiplies once, when it opens the file.
        nodes += [
            make_node("Cast", [f"{name}.codes"], [f"{name}.cast"], to=onnx.TensorProto.FLOAT),
            make_node("Mul", [f"{name}.cast", f"{name}.scale"], [name]),
        ]
    for node in reversed(nodes):
        graph.node.insert(0, node)
    onnx.save(model, path)


class OnnxModel:
    """An ONNX file in ONNX Runtime, which answers as a model does."""

    def __init__(self, file: Path | bytes, *, n_threads: int) -> None:
        """Open a file, or what is in one.

        Raises:
            MissingExtraError: If ``onnxruntime`` is not installed.
        """
        runtime = _onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = n_threads
        self._session = runtime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def __call__(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return what the head puts out for some texts, as :func:`distil_core.models.packing.scores_of` has it."""
        return ask(self._session, inputs)


def ask(session: Any, inputs: Mapping[str, Tensor]) -> Tensor:
    """Return what a session puts out for some texts, as :func:`distil_core.models.packing.scores_of` has it."""
    zeros = torch.zeros_like(inputs["input_ids"])
    feed = {item.name: inputs.get(item.name, zeros).cpu().numpy() for item in session.get_inputs()}
    outputs = [torch.from_numpy(values) for values in session.run(None, feed)]
    return outputs[0] if len(outputs) == 1 else torch.stack(outputs, dim=-1)


class _Positional(nn.Module):
    """Takes inputs by their place, as the exporter gives them."""

    def __init__(self, model: Model, names: tuple[str, ...]) -> None:
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, *inputs: Tensor) -> Any:
        output = self.model(**dict(zip(self.names, inputs, strict=True)))
        return (output.start_logits, output.end_logits) if hasattr(output, "start_logits") else scores_of(output)


def _points(model: Model) -> bool:
    return type(model).__name__.endswith("ForQuestionAnswering")


def each_token(model: Model) -> bool:
    """Tell whether a model answers each token, and not a text as a whole."""
    return type(model).__name__.endswith(("ForQuestionAnswering", "ForTokenClassification", "ForMaskedLM"))


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as exc:
        raise MissingExtraError("ONNX export", "onnx") from exc
    return onnx


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError as exc:
        raise MissingExtraError("ONNX export", "onnx") from exc
    return onnxruntime
