"""A student without layers as a table: what each token of the vocabulary puts out, which is looked up and averaged.

Pooling and output layer are linear, so that the output layer of a mean is the mean of output layers: a classifier needs
no vectors any more, but as many numbers a token as there are labels.
"""

import copy
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from distil_core.compression.onnx_model import ask, each_token
from distil_core.export.folders import SCRIPTS, copy_settings, script_of
from distil_core.export.lab_student import Answering, LabStudent
from distil_core.export.lookup import Lookup
from distil_core.models.packing import tells_segments_apart
from distil_core.models.pooling import Embedder
from distil_core.runs.families import Family

TABLE = "tokens.npy"
_AT_ONCE = 4096
_SESSION = 'onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])'
_IN_SCRIPT = {
    "needs onnxruntime and tokenizers": "needs numpy and tokenizers",
    "import onnxruntime\n": "from lookup import Lookup\n",
    _SESSION: "Lookup(folder)",
}
"""What the scripts for ONNX say otherwise."""


def write_static_folder(exported: Family, student: LabStudent, folder: Path) -> None:
    """Write a student without layers as a table, with its tokenizer and a ``predict.py`` that needs numpy alone.

    Args:
        exported: The run.
        student: Its student.
        folder: Where to.
    """
    task = student.task
    np.save(folder / TABLE, token_table(student))
    settings = {
        "each_token": each_token(student.model),
        "points": task.points,
        "normalize": isinstance(student.model, Embedder) and student.model.pooling.normalize,
    }
    (folder / "lookup.json").write_text(json.dumps(settings) + "\n", encoding="utf-8")
    copy_settings(exported, student, folder)
    script = (SCRIPTS / f"{script_of(task.head)}.py").read_text(encoding="utf-8")
    for onnx, static in _IN_SCRIPT.items():
        script = script.replace(onnx, static)
    (folder / "predict.py").write_text(script, encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("lookup.py"), folder / "lookup.py")


def token_table(student: LabStudent) -> np.ndarray:
    """Return what a student puts out for each token alone, ``[types, vocabulary, outputs]``, vectors not normalized."""
    model, together = student.model, len(student.task.segments) > 1 and student.task.head.labeled
    n_types = 2 if together and tells_segments_apart(model) else 1
    if isinstance(model, Embedder):
        model = copy.deepcopy(model)
        model.config.sentence_embedding["normalize"] = False
    alone, tables = replace(student, model=model), []
    for kind in range(n_types):
        parts = []
        for ids in torch.arange(model.get_input_embeddings().num_embeddings).split(_AT_ONCE):
            inputs = {"input_ids": ids[:, None], "attention_mask": torch.ones_like(ids)[:, None]}
            if n_types > 1:
                inputs["token_type_ids"] = torch.full_like(ids, kind)[:, None]
            parts.append(alone.answer(inputs))
        tables.append(torch.cat(parts))
    outputs = torch.stack(tables)
    return outputs.reshape(n_types, -1, outputs.shape[-1]).numpy()


def looked_up(folder: Path) -> Answering:
    """Return the model in an exported folder, as its ``predict.py`` has it."""
    session = Lookup(folder)

    def answer(inputs: Mapping[str, Tensor]) -> Tensor:
        return ask(session, inputs)

    return answer
