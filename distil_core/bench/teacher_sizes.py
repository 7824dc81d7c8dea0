"""Fine-tuned teachers beside those of a well-tuned ``Trainer``, by number of training texts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from distil_core.bench import child
from distil_core.bench.quality import RATES, Measured, Rounds, points, prepared
from distil_core.bench.readings import as_markdown
from distil_core.errors import ConfigError
from distil_core.evaluation.bootstrap import Sample, estimate, share
from distil_core.settings.config import Recipe
from distil_core.settings.serialization import to_json

_PEER = "Trainer"


def compare(
    corpora: Sequence[Measured], *, epochs: Sequence[int], repeats: int, keep: Path | None = None
) -> dict[str, Any]:
    """Fine-tune every teacher with every seed.

    Args:
        corpora: Of several sizes.
        epochs: What ``Trainer`` may choose from on the validation texts, with three learning rates each.
        repeats: Seeds, each with other training texts.
        keep: File of finished rounds, to go on from; None: nowhere.
    """
    finished = Rounds.read(keep)
    sizes = []
    for corpus in corpora:
        about = {"corpus": corpus.name, "examples": corpus.examples, "epochs": list(epochs)}
        for seed in range(repeats):
            if not finished.lines(**about, seed=seed):
                finished.add({**about, "seed": seed, **_round(corpus, seed, epochs)})
        rounds = [line for seed in range(repeats) for line in finished.lines(**about, seed=seed)]
        sides = [line["sides"] for line in rounds]
        sizes.append({"n_train": rounds[0]["n_train"], "corpus": corpus.name, "sides": _figures(sides)})
    return {"sizes": sizes}


def _round(corpus: Measured, seed: int, epochs: Sequence[int]) -> dict[str, Any]:
    sides = {}
    with prepared(corpus, seed, Recipe.THOROUGH) as round_:
        if round_.n_train < corpus.examples:
            there = f"{corpus.train.name} has {round_.n_train:,} texts to train on, not {corpus.examples:,}"
            raise ConfigError(f"{there}; leave larger --sizes out")
        for recipe in Recipe:
            config = replace(round_.config, training=replace(round_.config.training, recipe=recipe))
            sides[recipe.value] = child.run("fine-tune", config=to_json(config)).result
        tuned = {"rates": list(RATES), "epochs": list(epochs)}
        sides[_PEER] = child.run("best teacher", **round_.common, **tuned).result
        return {"n_train": round_.n_train, "sides": sides}


def _figures(rounds: Sequence[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for side in rounds[0]:
        samples = [_sample(line[side]) for line in rounds]
        gaps = [sample - _sample(line[_PEER]) for sample, line in zip(samples, rounds, strict=True)]
        figures[side] = {
            "accuracy": mean(sample.value for sample in samples),
            "difference": to_json(estimate(gaps)) if side != _PEER else None,
            "seconds": median(line[side]["seconds"] for line in rounds),
            "chosen": [[line[side]["epochs"], line[side]["rate"]] for line in rounds] if side == _PEER else None,
        }
    return figures


def _sample(side: dict[str, Any]) -> Sample:
    return share(np.array(side["right"], dtype=bool))


def table(figures: dict[str, Any]) -> str:
    """Return the figures as the README has them: a line a size, with what every teacher is worth and took."""
    lines: list[list[str]] = []
    for size in figures["sizes"]:
        head, line = ["corpus", "texts"], [size["corpus"], f"{size['n_train']:,}"]
        for name, side in size["sides"].items():
            head.append(name)
            line.append(f"{100 * side['accuracy']:.1f} %, {side['seconds']:.0f} s")
            if name != _PEER:
                head.append("points")
                line.append(points(side["difference"]))
        lines += [line] if lines else [head, line]
    return as_markdown(lines)
