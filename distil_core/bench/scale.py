"""Cost against size: reviews by the thousand and by the hundred thousand, each in a process of its own."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from distil_core.bench import child
from distil_core.bench.readings import alternating, as_text, spread, times
from distil_core.settings.canonical import CanonicalConfig, canonical
from distil_core.settings.config import CorpusConfig, RunConfig, TrainingConfig
from distil_core.settings.serialization import to_json

_WARM = 1_000
"""Texts of the run before."""


def measure(*, n_texts: int, epochs: int, seed: int) -> dict[str, Any]:
    """Distil from so many reviews, from writing them to the answers to the test texts; what a run keeps is left out.

    A tenth as many come on top as validation and as test texts. A small run on other texts goes before, so that neither
    imports nor the first kernels count; memory is what comes on top of it.
    """
    small, whole = (
        canonical(
            RunConfig(
                corpus=CorpusConfig(n_train=size, n_test=max(size // 10, 20), seed=corpus_seed),
                training=TrainingConfig(epochs=epochs),
                seed=seed,
            )
        )
        for size, corpus_seed in ((min(_WARM, n_texts), seed + 1_000), (n_texts, seed))
    )
    _once(small)
    before, started = child.peak_bytes(), time.perf_counter()
    _once(whole)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "bytes": child.peak_bytes() - before, "n_texts": n_texts}


def _once(config: CanonicalConfig) -> None:
    from distil_core.runs.execute import cut_and_train, drain
    from distil_core.runs.materials import Stopwatch, gather_materials
    from distil_core.training.cache import Cache

    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        materials = drain(gather_materials(config, cache=Cache(Path(folder)), watch=watch), lambda event: None)
        drain(cut_and_train(materials, config, watch=watch), lambda event: None)


def compare(sizes: Sequence[int], *, epochs: int, repeats: int, seed: int = 0) -> dict[str, Any]:
    """Run all sizes in turn, and return all figures."""
    names = {str(size): size for size in sorted(sizes)}
    results: dict[int, list[dict[str, Any]]] = {size: [] for size in names.values()}
    for number, name in alternating(list(names), repeats):
        done = child.run("scale", n_texts=names[name], epochs=epochs, seed=seed + number)
        results[names[name]].append(done.result)
    return figures(results, epochs=epochs)


def figures(readings: dict[int, list[dict[str, Any]]], *, epochs: int) -> dict[str, Any]:
    """Return what the readings come down to.

    ``deviation`` is how far the time for a text lies from that of the middle size, at most; ``bytes_per_text`` of all
    is the slope of the memory from the smallest size to the largest.
    """
    by_size = [
        {
            "n_texts": size,
            "seconds": median(result["seconds"] for result in results),
            "ms_per_text": to_json(spread([1000 * result["seconds"] / size for result in results])),
            "bytes": median(result["bytes"] for result in results),
            "bytes_per_text": median(result["bytes"] / size for result in results),
        }
        for size, results in sorted(readings.items())
    ]
    paces = [line["ms_per_text"]["median"] for line in by_size]
    middle = paces[len(paces) // 2]
    first, last = by_size[0], by_size[-1]
    return {
        "sizes": by_size,
        "epochs": epochs,
        "ratio": paces[-1] / paces[0],
        "deviation": max(abs(pace / middle - 1) for pace in paces),
        "bytes_per_text": (last["bytes"] - first["bytes"]) / max(last["n_texts"] - first["n_texts"], 1),
    }


def table(figures: dict[str, Any]) -> str:
    """Return the figures for a terminal."""
    rows = [["reviews", "time", "time a text", "memory on top", "memory a text"]]
    for line in figures["sizes"]:
        pace = times(line["ms_per_text"], unit=" ms", digits=3)
        memory = [f"{line['bytes'] / 1e6:.0f} MB", f"{line['bytes_per_text']:.0f} bytes"]
        rows.append([f"{line['n_texts']:,}", f"{line['seconds']:.2f} s", pace, *memory])
    return "\n".join([
        as_text(rows),
        "",
        f"time a text lies within {figures['deviation']:.0%} of that of the middle size",
        f"memory grows by {figures['bytes_per_text']:.0f} bytes a text from the smallest size to the largest",
    ])  # fmt: skip
