"""Time to a good student: whole processes until it is there, beside the loop that people write, and how good it is.

A round is one seed on one corpus: the usual loop fine-tunes a teacher and distils from it; our side does the same from
the same texts, and once more from the loop's teacher. Finished rounds can go to a file, from which a long benchmark
goes on after it was stopped.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import exp, log
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from distil_core.bench import child
from distil_core.bench.readings import Spread, as_markdown, as_text, ratios, times
from distil_core.bench.workload import Workload, write
from distil_core.errors import ConfigError
from distil_core.evaluation.bootstrap import Sample, estimate, share
from distil_core.models.checkpoints import locate
from distil_core.settings import hardware
from distil_core.settings.config import (
    CorpusConfig,
    LayerMap,
    LossConfig,
    Recipe,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.settings.serialization import to_json
from distil_core.tasks.corpora import load_corpus

RATES = (5e-5, 1e-4, 3e-4)
"""Learning rates that the usual loop is tried with; the best on the validation texts of the first seed is its own."""
SUITE = {"sst2": 2000, "trec6": 0, "banking77": 4000, "ag_news": 2000}
"""Corpora of a suite, each a folder with ``train.csv`` and ``test.csv``, and how many training texts; 0: all."""
MAX_TEST = 2000
_WORDS = {"csv": "from bare texts", "teacher": "from a teacher"}
STARTS = tuple(_WORDS)
_LAYERS, _TEMPERATURE, _EPOCHS, _BATCH = (0, 2, 5), 4.0, 3, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A corpus to measure on: its files, and how many training texts are used; 0: all."""

    name: str
    train: Path
    test: Path
    examples: int


def suite(folder: Path) -> tuple[Measured, ...]:
    """Return the corpora of a suite that lie in a folder.

    Raises:
        ConfigError: If one is not there.
    """
    corpora = tuple(
        Measured(name=name, train=folder / name / "train.csv", test=folder / name / "test.csv", examples=examples)
        for name, examples in SUITE.items()
    )
    if missing := [str(path) for corpus in corpora for path in (corpus.train, corpus.test) if not path.is_file()]:
        raise ConfigError(f"--suite must be a folder with the corpora {', '.join(SUITE)}, but lacks {missing[0]}")
    return corpora


def compare(
    corpora: Sequence[Measured], *, starts: Sequence[str], repeats: int, recipe: Recipe, keep: Path | None
) -> dict[str, Any]:
    """Run all rounds that have not been run yet, and return what they come down to.

    Args:
        corpora: What to measure on.
        starts: Of ``csv``, the bare corpus, and ``teacher``, a fine-tuned teacher.
        repeats: Seeds.
        recipe: Of our side.
        keep: File of finished rounds, to go on from; None: nowhere.
    """
    if unknown := set(starts) - set(STARTS):
        raise ConfigError(f"--from must be of {', '.join(STARTS)}, got {', '.join(sorted(unknown))}")
    finished = Rounds.read(keep)
    for corpus in corpora:
        about = {"corpus": corpus.name, "examples": corpus.examples}
        if not finished.lines(rates=True, **about):
            with prepared(corpus, 0, recipe) as round_:
                finished.add({"rates": True, **about, **round_.best_rates()})
    for seed in range(repeats):
        for corpus in corpora:
            about = {"corpus": corpus.name, "examples": corpus.examples}
            key = {**about, "seed": seed, "recipe": recipe.value}
            if not finished.lines(**key):
                with prepared(corpus, seed, recipe) as round_:
                    finished.add({**key, **round_.run(starts, finished.lines(rates=True, **about)[0])})
    rounds = [
        line
        for corpus in corpora
        for seed in range(repeats)
        for line in finished.lines(corpus=corpus.name, examples=corpus.examples, seed=seed, recipe=recipe.value)
    ]
    return {"recipe": recipe.value, "starts": {start: summary(rounds, start) for start in starts}}


@dataclass
class Rounds:
    """Rounds that are finished: lines of a file, if there is one, from which a long benchmark goes on."""

    path: Path | None
    known: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path | None) -> "Rounds":
        """Take up what a file has, if it is there."""
        there = path is not None and path.is_file()
        text = path.read_text(encoding="utf-8") if path is not None and there else ""
        return cls(path, [json.loads(line) for line in text.splitlines()])

    def lines(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return the rounds with these values."""
        return [line for line in self.known if all(line.get(name) == value for name, value in wanted.items())]

    def add(self, line: dict[str, Any]) -> None:
        """Keep a round."""
        self.known.append(line)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One seed on one corpus: the texts as files, and what each side is asked."""

    config: RunConfig
    workload: dict[str, Any]
    label_names: tuple[str, ...]
    n_train: int
    folder: Path

    def best_rates(self) -> dict[str, Any]:
        """Learning rates with which the usual loop does best on the validation texts."""
        return child.run("best rates", rates=list(RATES), **self.common).result

    def run(self, starts: Sequence[str], rates: dict[str, Any]) -> dict[str, Any]:
        """Time the usual loop and our side in turn, and say what each comes to."""
        sides: dict[str, Any] = {}
        if "csv" in starts and self.config.seed % 2:
            sides["csv"] = self._ours("csv")
        chosen = {name: rates[name] for name in ("teacher_rate", "student_rate")}
        sides["peer"] = _side(child.run("usual loop", **self.common, **chosen, folder=str(self._loop_teacher)))
        return sides | {start: self._ours(start) for start in starts if start not in sides}

    @property
    def _loop_teacher(self) -> Path:
        return self.folder / "teacher"

    @property
    def common(self) -> dict[str, Any]:
        """What every peer is told."""
        precision = "bf16" if hardware.has_bf16_instructions() else "fp32"
        return {"workload": self.workload, "label_names": list(self.label_names), "precision": precision}

    def _ours(self, start: str) -> dict[str, Any]:
        source = self.config.teacher.source if start == "csv" else str(self._loop_teacher)
        config = replace(self.config, teacher=replace(self.config.teacher, source=source))
        return _side(child.run("quality", config=to_json(config)))


@contextmanager
def prepared(corpus: Measured, seed: int, recipe: Recipe) -> Iterator[Round]:
    """Write the texts of a round, split as our side will split them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        _cut_test(corpus.test, folder / "texts.csv")
        config = RunConfig(
            corpus=CorpusConfig(
                source=str(corpus.train.resolve()),
                test=str(folder / "texts.csv"),
                max_examples=corpus.examples,
                seed=seed,
            ),
            teacher=TeacherConfig(source="minilm"),
            student=StudentConfig(layer_map=LayerMap.EXPLICIT, layers=_LAYERS),
            loss=LossConfig(temperature=_TEMPERATURE),
            training=TrainingConfig(recipe=recipe, threads=hardware.n_processors()),
            seed=seed,
        )
        loaded = load_corpus(config.corpus, task=config.task)
        for split in ("train", "validation", "test"):
            write(folder / f"{split}.csv", getattr(loaded, split), loaded.label_names)
        workload = Workload(
            folder=str(folder),
            teacher=str(locate("minilm").folder),
            corpus=config.corpus,
            layers=_LAYERS,
            temperature=_TEMPERATURE,
            alpha=config.loss.alpha,
            epochs=_EPOCHS,
            batch_size=_BATCH,
            learning_rate=RATES[0],
            peer_learning_rate=RATES[0],
            max_length=config.teacher.max_length,
            seed=seed,
        )
        yield Round(
            config=config,
            workload=to_json(workload),
            label_names=loaded.label_names,
            n_train=len(loaded.train.texts),
            folder=folder,
        )


def _side(done: child.Finished) -> dict[str, Any]:
    """Return what came of a process, its time without that of measuring."""
    result = {**done.result, "right": "".join("01"[right] for right in done.result["right"])}
    return {**result, "process_seconds": done.seconds - result["excluded_seconds"]}


def _cut_test(source: Path, target: Path) -> None:
    """Copy the head and so many rows of a file of test texts, evenly spread."""
    with source.open(encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    step = max(1, -(-len(rows) // MAX_TEST))
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows[::step]])


def summary(rounds: Sequence[dict[str, Any]], start: str) -> dict[str, Any]:
    """Return times, accuracies and their difference, by corpus and over all."""
    by_corpus: dict[str, list[dict[str, Any]]] = {}
    for line in sorted(rounds, key=lambda line: line["seed"]):
        if start in line:
            by_corpus.setdefault(line["corpus"], []).append(line)
    corpora = {name: _figures(lines, start) for name, lines in by_corpus.items()}
    return {
        "corpora": corpora,
        "ratio": exp(mean(log(figures["ratio"]) for figures in corpora.values())) if corpora else None,
        "difference": to_json(estimate(list(_over_corpora(by_corpus, start)))),
    }


def _figures(lines: Sequence[dict[str, Any]], start: str) -> dict[str, Any]:
    ours = [line[start]["process_seconds"] for line in lines]
    theirs = [_peer_seconds(line, start) for line in lines]
    compared = ratios(ours, theirs)
    return {
        "ratio": compared.median,
        "ratio_range": [compared.low, compared.high],
        "accuracy": mean(line[start]["accuracy"] for line in lines),
        "peer_accuracy": mean(line["peer"]["accuracy"] for line in lines),
        "peer_teacher_accuracy": mean(line["peer"]["teacher_accuracy"] for line in lines),
        "difference": to_json(estimate([_difference(line, start) for line in lines])),
        "seconds": median(ours),
        "peer_seconds": median(theirs),
        "missed": sum(line[start]["accuracy"] < line["peer"]["accuracy"] for line in lines),
        "n_seeds": len(lines),
        "examples": lines[0]["examples"],
    }


def _peer_seconds(line: dict[str, Any], start: str) -> float:
    peer = line["peer"]
    seconds: float = peer["process_seconds"] - (peer["fine_tuning_seconds"] if start == "teacher" else 0.0)
    return seconds


def _difference(line: dict[str, Any], start: str) -> Sample:
    ours, theirs = (
        share(np.array([flag == "1" for flag in line[side]["right"]], dtype=bool)) for side in (start, "peer")
    )
    return ours - theirs


def _over_corpora(by_corpus: dict[str, list[dict[str, Any]]], start: str) -> Iterator[Sample]:
    """Give for each seed the mean difference over the corpora, whose texts are drawn again apart."""
    for lines in zip(*by_corpus.values(), strict=False):
        samples = [_difference(line, start) for line in lines]
        generator = np.random.default_rng(lines[0]["seed"])
        n_draws = min(len(sample.draws) for sample in samples)
        draws = [generator.permutation(sample.draws)[:n_draws] for sample in samples]
        yield Sample(value=mean(sample.value for sample in samples), draws=np.mean(draws, axis=0))


def rows(figures: dict[str, Any]) -> list[list[str]]:
    """Return the lines of a table of time to a good student: one a corpus, with the figures of every start."""
    starts = figures["starts"]
    corpora = {name: each for part in starts.values() for name, each in part["corpora"].items()}
    head = ["corpus", "loop's accuracy"]
    body = [[_named(name, each), f"{100 * each['peer_accuracy']:.1f} %"] for name, each in corpora.items()]
    over_all = ["all", ""]
    for start, part in starts.items():
        head += [_WORDS[start], "loop", "ratio", "accuracy", "points"]
        for line, name in zip(body, corpora, strict=True):
            line += _cells(part["corpora"].get(name))
        ratio = "–" if part["ratio"] is None else f"{part['ratio']:.1f}"
        over_all += ["", "", ratio, "", points(part["difference"])]
    return [head, *body, over_all]


def _named(name: str, figures: dict[str, Any]) -> str:
    return f"{name}, {figures['examples']:,} texts" if figures["examples"] else name


def _cells(figures: dict[str, Any] | None) -> list[str]:
    """Return what a line says of a start: both times, their ratio, our accuracy and by how much it differs."""
    if figures is None:
        return ["–"] * 5
    low, high = figures["ratio_range"]
    ratio = times(Spread(median=figures["ratio"], low=low, high=high), unit="")
    seconds = [f"{figures[side]:.1f} s" for side in ("seconds", "peer_seconds")]
    return [*seconds, ratio, f"{100 * figures['accuracy']:.1f} %", points(figures["difference"])]


def points(difference: dict[str, Any] | None) -> str:
    """Say a difference of shares with its interval, in points; a dash where there is none."""
    if difference is None:
        return "–"
    value, low, high = (100 * difference[end] for end in ("value", "low", "high"))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def table(figures: dict[str, Any]) -> str:
    """Return the figures for a terminal, and as the README has them."""
    lines = rows(figures)
    return f"{as_text(lines)}\n\n{as_markdown(lines)}"
