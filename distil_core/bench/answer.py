"""Answering: many texts through a student beside a ``pipeline``, and one text through teacher and student."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from distil_core.bench.readings import alternating, as_text, ratios, spread, times
from distil_core.bench.workload import Workload
from distil_core.settings.config import LayerMap, Precision, StudentConfig
from distil_core.settings.serialization import from_json, to_json
from distil_core.types import Model

BATCH = 32


def measure(workload: Mapping[str, Any], *, n_texts: int, n_singles: int, repeats: int) -> dict[str, Any]:
    """Time both sides on the same untrained student and the same texts; how well it answers does not matter here.

    Our side answers in fp32, as the peer does, and in the precision that is quick here.

    Args:
        workload: A :class:`Workload` as plain data; its test texts are repeated until there are enough.
        n_texts: Texts to answer in one go, from strings to labels.
        n_singles: Texts to put one by one to teacher and student.
        repeats: Rounds.
    """
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    from distil_core.analysis import model_pair
    from distil_core.data.tokenization import encode
    from distil_core.models import devices, forward, loading, surgery

    task = from_json(Workload, workload)
    folder, device = Path(task.teacher), devices.default_device()
    tokenizer, teacher = loading.load_tokenizer(folder), loading.load_model(folder).to(device)
    shape = StudentConfig(layer_map=LayerMap.EXPLICIT, layers=task.layers)
    student = surgery.cut_student(teacher, shape)[0].to(device)
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
    test_texts = task.read("test")[0]
    texts = (test_texts * -(-n_texts // len(test_texts)))[:n_texts]

    def answering(model: Model) -> Callable[[list[str]], list[str]]:
        def ours(some: list[str]) -> list[str]:
            tokens = encode(tokenizer, some, max_length=task.max_length).to(device)
            guess = forward.predict(model, tokens, padding=tokenizer.pad_token_id).argmax(dim=1)
            return [names[i] for i in guess.tolist()]

        return ours

    def theirs(some: list[str]) -> list[str]:
        return [answer["label"] for answer in pipe(some, truncation=True)]

    quick = devices.resolve_precision(Precision.AUTO, device)
    sides = {
        "ours": answering(student),
        "quick": answering(loading.independent_copy(student, quick)),
        "pipeline": theirs,
    }
    spent: dict[str, list[float]] = {name: [] for name in sides}
    answers = {name: side(texts[: 4 * BATCH]) for name, side in sides.items()}  # warm, and compared
    for _, name in alternating(list(sides), repeats):
        started = time.perf_counter()
        answers[name] = sides[name](texts)
        spent[name].append(time.perf_counter() - started)
    same = {
        name: sum(a == b for a, b in zip(answers[name], answers["pipeline"], strict=True)) / n_texts
        for name in ("ours", "quick")
    }

    pair = model_pair.ModelPair(teacher=teacher, student=student, tokenizer=tokenizer, max_length=task.max_length)
    singles = list[float]()
    with torch.inference_mode():
        model_pair.compare(pair, test_texts[0])
    for i in range(n_singles):
        started = time.perf_counter()
        model_pair.compare(pair, test_texts[i % len(test_texts)])
        singles.append((time.perf_counter() - started) * 1000)
    return {"quick_precision": quick.value, **figures(spent, singles, n_texts=n_texts, same=same)}


def figures(
    spent: Mapping[str, list[float]], singles: list[float], *, n_texts: int, same: Mapping[str, float]
) -> dict[str, Any]:
    """Return what the readings come down to; ``same_answers`` is the share of texts with the peer's label."""
    ours, quick, theirs = (spent[name] for name in ("ours", "quick", "pipeline"))
    return {
        "ratio": to_json(ratios(ours, theirs)),
        "quick_ratio": to_json(ratios(quick, theirs)),
        "seconds": median(ours),
        "quick_seconds": median(quick),
        "peer_seconds": median(theirs),
        "n_texts": n_texts,
        "same_answers": same["ours"],
        "quick_same_answers": same["quick"],
        "compare_ms": to_json(spread(singles)),
    }


def table(figures: dict[str, Any]) -> str:
    """Return the figures for a terminal."""

    def line(name: str, seconds: float, *more: str) -> list[str]:
        return [name, f"{seconds:.2f} s", f"{figures['n_texts'] / seconds:.0f}", *more]

    rows = [["", f"{figures['n_texts']:,} texts", "texts/s", "ratio", "same answers"]]
    for name, prefix in (("ours", ""), (f"ours in {figures['quick_precision']}", "quick_")):
        ratio, same = times(figures[f"{prefix}ratio"]), f"{figures[f'{prefix}same_answers']:.2%}"
        rows.append(line(name, figures[f"{prefix}seconds"], ratio, same))
    rows.append(line(f"pipeline, batches of {BATCH}", figures["peer_seconds"], "", ""))
    one = times(figures["compare_ms"], unit=" ms")
    return f"{as_text(rows)}\n\none text through teacher and student, as the Compare page asks: {one}"
