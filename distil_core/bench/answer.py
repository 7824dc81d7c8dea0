"""Answering: many texts through a student beside a ``pipeline``, and one text through teacher and student."""

import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from distil_core.bench.readings import alternating, as_text, ratios, spread, times
from distil_core.bench.workload import Workload
from distil_core.config import LayerMap, StudentConfig, from_json, to_json

BATCH = 32


def measure(workload: Mapping[str, Any], *, n_texts: int, n_singles: int, repeats: int) -> dict[str, Any]:
    """Time both sides on the same untrained student and the same texts; how well it answers does not matter here.

    Args:
        workload: A :class:`Workload` as plain data; its test texts are repeated until there are enough.
        n_texts: Texts to answer in one go, from strings to labels.
        n_singles: Texts to put one by one to teacher and student.
        repeats: Rounds.
    """
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    from distil_core import explore, models
    from distil_core.tokens import encode

    task = from_json(Workload, workload)
    folder, device = Path(task.teacher), models.default_device()
    tokenizer, teacher = models.load_tokenizer(folder), models.load_model(folder).to(device)
    shape = StudentConfig(layer_map=LayerMap.EXPLICIT, layers=task.layers)
    student = models.cut(teacher, shape)[0].to(device)
    other = AutoModelForSequenceClassification.from_config(student.config)
    other.load_state_dict(student.state_dict())
    pipe = pipeline(
        "text-classification",
        model=other.eval(),
        tokenizer=AutoTokenizer.from_pretrained(folder, model_max_length=task.max_length),
        batch_size=BATCH,
        device=device,
    )
    names = list(student.config.id2label.values())
    own = task.read("test")[0]
    texts = (own * -(-n_texts // len(own)))[:n_texts]

    def ours(some: list[str]) -> list[str]:
        tokens = encode(tokenizer, some, max_length=task.max_length).to(device)
        guess = models.predict(student, tokens, padding=tokenizer.pad_token_id).argmax(dim=1)
        return [names[i] for i in guess.tolist()]

    def theirs(some: list[str]) -> list[str]:
        return [answer["label"] for answer in pipe(some, truncation=True)]

    sides = {"ours": ours, "pipeline": theirs}
    spent: dict[str, list[float]] = {name: [] for name in sides}
    said = {name: side(texts[: 4 * BATCH]) for name, side in sides.items()}  # warm, and compared
    for _, name in alternating(list(sides), repeats):
        started = time.perf_counter()
        said[name] = sides[name](texts)
        spent[name].append(time.perf_counter() - started)
    same = sum(a == b for a, b in zip(said["ours"], said["pipeline"], strict=True)) / n_texts

    pair = explore.Pair(teacher=teacher, student=student, tokenizer=tokenizer, max_length=task.max_length)
    singles = list[float]()
    with torch.inference_mode():
        explore.compare(pair, own[0])
    for i in range(n_singles):
        started = time.perf_counter()
        explore.compare(pair, own[i % len(own)])
        singles.append((time.perf_counter() - started) * 1000)
    return figures(spent["ours"], spent["pipeline"], singles, n_texts=n_texts, same=same)


def figures(
    ours: list[float], theirs: list[float], singles: list[float], *, n_texts: int, same: float
) -> dict[str, Any]:
    """Return what the readings come down to; ``same_answers`` is the share of texts with the same label."""
    return {
        "ratio": to_json(ratios(ours, theirs)),
        "seconds": median(ours),
        "peer_seconds": median(theirs),
        "texts_per_second": n_texts / median(ours),
        "peer_texts_per_second": n_texts / median(theirs),
        "n_texts": n_texts,
        "same_answers": same,
        "compare_ms": to_json(spread(singles)),
    }


def table(found: dict[str, Any]) -> str:
    """Return the figures for a terminal."""
    rows = [["", f"{found['n_texts']:,} texts", "texts/s", "ratio"]]
    rows.append(["ours", f"{found['seconds']:.2f} s", f"{found['texts_per_second']:.0f}", ""])
    peer = [f"{found['peer_seconds']:.2f} s", f"{found['peer_texts_per_second']:.0f}", times(found["ratio"])]
    rows.append([f"pipeline, batches of {BATCH}", *peer])
    one = times(found["compare_ms"], unit=" ms")
    return "\n".join([
        as_text(rows),
        "",
        f"the same answers: {found['same_answers']:.2%}",
        f"one text through teacher and student, as the Compare page asks: {one}",
    ])  # fmt: skip
