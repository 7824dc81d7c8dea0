"""Our side of the time to a good student: what a run does until its student is there, and nothing that comes after."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distil_core.runs.execute import cut_and_train, drain
from distil_core.runs.materials import Stopwatch, gather_materials
from distil_core.settings.canonical import canonical, parse_config
from distil_core.training.cache import Cache


def fine_tune(config: Mapping[str, Any]) -> dict[str, Any]:
    """Read a corpus and prepare its teacher; whether it gets each test text ``right``, and the ``seconds`` it took."""
    settings, watch = canonical(parse_config(config)), Stopwatch()
    import torch

    torch.set_num_threads(settings.training.threads)
    with tempfile.TemporaryDirectory() as folder:
        materials = drain(gather_materials(settings, cache=Cache(Path(folder)), watch=watch), lambda event: None)
        right = materials.outputs["test"].logits.argmax(dim=1) == materials.splits["test"].sites.targets
        return {"right": right.tolist(), "seconds": watch.total()["teacher"]}


def distil(config: Mapping[str, Any]) -> dict[str, Any]:
    """Read a corpus, prepare its teacher and train a student.

    Args:
        config: Settings of a run, as plain data.

    Returns:
        ``excluded_seconds`` of all measuring; ``seconds`` by part; ``accuracy`` on the test texts, and ``right``,
        whether the student gets each of them right; ``teacher_accuracy`` on the validation texts.
    """
    settings, watch = canonical(parse_config(config)), Stopwatch()
    import torch

    torch.set_num_threads(settings.training.threads)
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder))
        materials = drain(
            gather_materials(settings, cache=cache, watch=watch, queried=("train", "validation")), lambda event: None
        )
        student = drain(cut_and_train(materials, settings, watch=watch), lambda event: None)
        started = time.perf_counter()
        targets = materials.splits["test"].sites.targets.cpu()
        right = (student.test_logits.argmax(dim=1) == targets).tolist()
        validation = materials.splits["validation"].sites.targets
        teacher = (materials.outputs["validation"].logits.argmax(dim=1) == validation).float().mean()
        seconds = watch.total()
        return {
            "accuracy": sum(right) / len(right),
            "teacher_accuracy": float(teacher),
            "right": right,
            "seconds": seconds,
            "excluded_seconds": seconds["measurement"] + time.perf_counter() - started,
        }
