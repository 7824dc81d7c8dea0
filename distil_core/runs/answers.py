"""What the models of a run answered, written into its folder; :mod:`distil_core.runs.folder` reads it."""

import json
from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import save_file
from torch import Tensor

from distil_core.runs.folder import RunFolder
from distil_core.runs.materials import Materials
from distil_core.settings.config import RunConfig
from distil_core.training.cache import replacing


def write_answers(
    folder: RunFolder,
    config: RunConfig,
    materials: Materials,
    *,
    test: Float[Tensor, "test_sites classes"],
    validation: Float[Tensor, "validation_sites classes"],
    quality: Mapping[str, np.ndarray],
) -> None:
    """Write what model and teacher answered to the test and validation texts, and the test texts themselves.

    Args:
        folder: Of the run.
        config: Of the run.
        materials: Texts, their targets and the teacher's answers.
        test: What the model answered to the test texts.
        validation: What it answered to the validation texts.
        quality: What the model's answers are worth to each example, by split, where they are no logits.
    """
    arrays: dict[str, Tensor] = {}
    for name, answers in (("test", test), ("validation", validation)):
        sites, of_models = materials.splits[name].sites, {"": answers}
        if (by_teacher := materials.teacher_logits(name)) is not None:
            of_models["teacher_"] = by_teacher.cpu()
        arrays |= {f"{whose}{name}_logits": logits for whose, logits in of_models.items()}
        arrays[f"{name}_labels"] = sites.targets.cpu()
        if not sites.one_a_text or sites.owners is not None:
            arrays[f"{name}_examples"] = sites.examples.cpu()
        if sites.judge is not None:
            for whose, logits in of_models.items():
                arrays[f"{whose}{name}_quality"] = torch.from_numpy(sites.judge(logits.float().numpy()))
        if name in quality:
            arrays[f"{name}_quality"] = torch.from_numpy(quality[name])
    with replacing(folder.outputs) as path:
        save_file(arrays, path)
    with replacing(folder.test_texts) as path:
        split, limit = materials.corpus.test, min(config.teacher.max_length, materials.tokenizer.model_max_length)
        rows: list[dict[str, object]] = [
            {"text": text, "label": label} for text, label in zip(split.texts, split.labels, strict=True)
        ]
        if "test_examples" in arrays:
            for row, text in zip(rows, split.texts, strict=True):
                places = materials.task.places(materials.tokenizer, text, max_length=limit)
                row["places"] = [(place.text, place.start, place.end) for place in places]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
