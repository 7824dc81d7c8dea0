"""Runs as the pages read them: records with their twins, curves and progress from events, outputs on the test texts.

Needs neither torch nor a model.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from distil_core.checkpoints import assets_folder
from distil_core.config import RunConfig, RunKind, canonical, from_json
from distil_core.errors import StoreError
from distil_core.records import Event, RunRecord, Stage, Step, Validation, event_from_json
from distil_core.runs import Run, RunStore

EXAMPLE = "example"
"""The name by which the pages know the run that ships with the package."""

TWINS = (RunKind.HARD_LABELS, RunKind.LAYER_CUT, RunKind.TFIDF)
"""What a distilled student is held against, the most telling first."""

_ACCURACY = re.compile(r"accuracy (\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One finished run: its name, the folder of its files, and its record."""

    run: str
    folder: Path
    record: RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A distilled run and those of its twins that are finished, the most telling first."""

    distilled: Outcome
    twins: tuple[Outcome, ...]

    def twin(self, kind: RunKind) -> Outcome | None:
        """Return the twin of a kind, or None while it is not finished."""
        return next((twin for twin in self.twins if twin.record.config.kind is kind), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What the model of a run and its teacher answered, as logits, beside the right labels."""

    test: np.ndarray
    teacher_test: np.ndarray
    test_labels: np.ndarray
    validation: np.ndarray
    teacher_validation: np.ndarray
    validation_labels: np.ndarray

    def right(self) -> np.ndarray:
        """Return, for each test text, whether the model answered it right."""
        return np.asarray(self.test.argmax(axis=1) == self.test_labels)

    def teacher_validation_accuracy(self) -> float:
        """Return the share of the validation texts that the teacher answers right."""
        return float((self.teacher_validation.argmax(axis=1) == self.validation_labels).mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A labeled text."""

    text: str
    label: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """What a run has reported so far: weighted loss by part, and validation accuracy, over epochs."""

    epochs: tuple[float, ...]
    loss: Mapping[str, tuple[float, ...]]
    validation_epochs: tuple[float, ...]
    accuracy: tuple[float, ...]
    teacher_accuracy: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a running run is doing; ``fraction`` and ``seconds_left`` are of this stage, None where nobody knows."""

    stage: str
    detail: str
    fraction: float | None
    seconds_left: float | None


def twin_config(config: RunConfig, kind: RunKind) -> RunConfig:
    """Return the config of a twin of the run that ``config`` asks for."""
    return canonical(replace(config, kind=kind))


def twins(run: Run, runs: Iterable[Run]) -> tuple[Run, ...]:
    """Find the twins of a distilled run among all runs, in any state, the most telling first."""
    by_config = {other.config: other for other in reversed(tuple(runs)) if _comparable(run.record, other.record)}
    wanted = (twin_config(run.config, kind) for kind in TWINS)
    return tuple(by_config[config] for config in wanted if config in by_config)


def _comparable(first: RunRecord | None, second: RunRecord | None) -> bool:
    """Tell whether two runs had the same texts and teacher; a file may have changed between them, under its name."""
    if first is None or second is None:
        return True
    return (first.corpus.digest, first.teacher_digest) == (second.corpus.digest, second.teacher_digest)


def family(run: Run, store: RunStore, *, runs: Iterable[Run] | None = None) -> Family | None:
    """Gather a run and those of its twins that are done, or None while the run itself is not.

    Args:
        run: A distilled run, or a twin on its own.
        store: Where its files are.
        runs: All runs, if somebody has just listed them.
    """
    if run.record is None:
        return None
    others = () if run.config.kind is not RunKind.DISTILLED else twins(run, store.list() if runs is None else runs)
    return Family(
        distilled=Outcome(run=run.id, folder=store.folder(run.id), record=run.record),
        twins=tuple(
            Outcome(run=twin.id, folder=store.folder(twin.id), record=twin.record)
            for twin in others
            if twin.record is not None
        ),
    )


def curves(events: Iterable[Event], *, points: int = 200) -> Curves:
    """Sort the events of a run into curves of at most about ``points`` points; the newest is always among them."""
    steps: list[Step] = []
    validations: list[Validation] = []
    teacher: float | None = None
    for event in events:
        match event:
            case Step():
                while steps and steps[-1].step >= event.step:  # done again after an interruption
                    steps.pop()
                steps.append(event)
            case Validation():
                while validations and validations[-1].epoch >= event.epoch:
                    validations.pop()
                validations.append(event)
            case Stage() if found := _ACCURACY.search(event.detail):
                teacher = float(found[1])
            case _:
                pass
    stride = max(1, len(steps) // points)
    kept = steps[::-1][::stride][::-1]
    parts = tuple(dict.fromkeys(part for step in kept for part in step.loss))
    return Curves(
        epochs=tuple(step.epoch for step in kept),
        loss={part: tuple(step.loss.get(part, 0.0) for step in kept) for part in parts},
        validation_epochs=tuple(event.epoch for event in validations),
        accuracy=tuple(event.accuracy for event in validations),
        teacher_accuracy=teacher,
    )


def validation_rows(found: Mapping[RunKind, Curves], names: Mapping[RunKind, str]) -> list[tuple[str, float, float]]:
    """Return name, epoch and validation accuracy of every point of the curves."""
    return [
        (names[kind], epoch, accuracy)
        for kind, curve in found.items()
        for epoch, accuracy in zip(curve.validation_epochs, curve.accuracy, strict=True)
    ]


def busy(store: RunStore, run_id: str) -> bool:
    """Tell whether a run or one of its twins is waiting or being computed."""
    run = store.find(run_id)
    if run is None:
        return False
    members = (run, *twins(run, store.list())) if run.config.kind is RunKind.DISTILLED else (run,)
    return any(not member.state.over for member in members)


def progress(events: Sequence[Event]) -> Progress:
    """Say what a run is doing, from its newest stage and the newest step within it."""
    stage = Stage(name="Starting", detail="", fraction=None)
    step: Step | None = None
    for event in events:
        if isinstance(event, Stage):
            stage, step = event, None
        elif isinstance(event, Step):
            step = event
    if step is None:
        return Progress(stage=stage.name, detail=stage.detail, fraction=stage.fraction, seconds_left=None)
    return Progress(
        stage=stage.name,
        detail=f"{step.examples_per_second:,.0f} texts/s",
        fraction=min(1.0, step.step / max(1, step.n_steps)),
        seconds_left=step.seconds_left,
    )


def outputs(folder: Path) -> Outputs:
    """Read what a run and its teacher answered on the validation and test texts.

    Raises:
        StoreError: If the file is not there or cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(folder / "outputs.safetensors")
        return Outputs(
            test=arrays["test_logits"],
            teacher_test=arrays["teacher_test_logits"],
            test_labels=arrays["test_labels"],
            validation=arrays["validation_logits"],
            teacher_validation=arrays["teacher_validation_logits"],
            validation_labels=arrays["validation_labels"],
        )
    except (OSError, KeyError, SafetensorError) as error:
        raise StoreError(
            f"the outputs of run {folder.name} cannot be read ({error}); delete the run and repeat it"
        ) from (error)


def test_texts(folder: Path) -> tuple[Example, ...]:
    """Read the test texts of a run with their labels.

    Raises:
        StoreError: If the file is not there or cannot be read.
    """
    try:
        with (folder / "test.jsonl").open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        return tuple(Example(text=row["text"], label=row["label"]) for row in rows)
    except (OSError, KeyError, ValueError) as error:
        raise StoreError(
            f"the test texts of run {folder.name} cannot be read ({error}); delete the run and repeat it"
        ) from (error)


def one_per_label(texts: Sequence[Example], *, limit: int = 5) -> tuple[Example, ...]:
    """Return the shortest text of each label, to try things with; texts of a word or two are left out."""
    found: dict[int, Example] = {}
    for example in sorted(texts, key=lambda example: len(example.text)):
        if len(example.text.split()) > 3:
            found.setdefault(example.label, example)
    return tuple(found[label] for label in sorted(found))[:limit]


def gold_label(text: str, texts: Sequence[Example]) -> int | None:
    """Return the right label of a text if it is one of the test texts, else None."""
    wanted = text.strip()
    return next((example.label for example in texts if example.text.strip() == wanted), None)


def soften(logits: Sequence[float], temperature: float) -> tuple[float, ...]:
    """Return the softened distribution of one row of logits."""
    return tuple(float(p) for p in np.exp(log_softmax(np.asarray(logits), temperature)))


def log_softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Return the logarithms of the softened distributions of rows of logits, in float64."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled = scaled - scaled.max(axis=-1, keepdims=True)
    return np.asarray(scaled - np.log(np.exp(scaled).sum(axis=-1, keepdims=True)))


def read_events(path: Path) -> tuple[Event, ...]:
    """Read the events of a run from a file with one JSON object a line; none where there is no such file."""
    if not path.is_file():
        return ()
    return tuple(event_from_json(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())


def example_folder() -> Path | None:
    """Return the folder of the run that ships with the package, or None where it has been left out."""
    folder = assets_folder() / "example"
    return folder if (folder / RunKind.DISTILLED / "record.json").is_file() else None


def example(folder: Path | None = None) -> Family | None:
    """Read the run that ships with the package, or None where it has been left out."""
    folder = folder or example_folder()
    if folder is None:
        return None
    twins = (
        _read(folder / kind, run=f"{EXAMPLE}-{kind}") for kind in TWINS if (folder / kind / "record.json").is_file()
    )
    return Family(distilled=_read(folder / RunKind.DISTILLED, run=EXAMPLE), twins=tuple(twins))


def _read(folder: Path, *, run: str) -> Outcome:
    record = from_json(RunRecord, json.loads((folder / "record.json").read_text(encoding="utf-8")))
    return Outcome(run=run, folder=folder, record=record)
