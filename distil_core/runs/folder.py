"""What lies where: in the folder of a run, and in that of a run store."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from distil_core.data.corpus import LabeledText, Place
from distil_core.errors import StoreError
from distil_core.evaluation.predictions import Predictions, SplitPredictions, split_predictions
from distil_core.runs.rows import read_event
from distil_core.training.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """The files of one run; a run in a store has its record and events in the store's database instead."""

    path: Path

    @property
    def student(self) -> Path:
        """Folder of the student, as ``from_pretrained`` reads it."""
        return self.path / "student"

    @property
    def has_student(self) -> bool:
        """Whether the run has a student that can be loaded; a baseline has none."""
        return self.student.is_dir()

    @property
    def quantized(self) -> Path:
        """The student as it was measured, where its weights have 8 bits: an ONNX file."""
        return self.path / "student-int8.onnx"

    def complete(self, *, student: bool) -> bool:
        """Tell whether the files of a finished run are there, and not deleted by hand."""
        weights = (self.student / name for name in ("model.safetensors", "model.safetensors.index.json"))
        return self.outputs.is_file() and self.test_texts.is_file() and (not student or any(map(Path.is_file, weights)))

    @property
    def outputs(self) -> Path:
        """What student and teacher answered to the validation and test texts; see :meth:`read_predictions`."""
        return self.path / "outputs.safetensors"

    @property
    def test_texts(self) -> Path:
        """The test texts with their labels and places; see :meth:`read_test_texts`."""
        return self.path / "test.jsonl"

    @property
    def checkpoint(self) -> Path:
        """Where an interrupted training goes on."""
        return self.path / "checkpoint.safetensors"

    @property
    def exports(self) -> Path:
        """The student in the forms in which it leaves."""
        return self.path / "exports"

    @property
    def traceback(self) -> Path:
        """Why the run failed, where that was a fault of the program."""
        return self.path / "traceback.txt"

    @property
    def record(self) -> Path:
        """The record of a run that is in no database."""
        return self.path / "record.json"

    @property
    def events(self) -> Path:
        """The events of a run that is in no database, one JSON object a line."""
        return self.path / "events.jsonl"

    def size_bytes(self) -> int:
        """Return how much disk the files take."""
        total = 0
        for path in self.path.rglob("*"):
            with suppress(FileNotFoundError):  # a running run replaces its files
                total += path.stat().st_size if path.is_file() else 0
        return total

    def read_predictions(self) -> Predictions:
        """Read what a run and its teacher answered to the validation and test texts.

        Raises:
            StoreError: If the file is not there or cannot be read.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            arrays = load_file(self.outputs)
            return Predictions(test=_split(arrays, "test"), validation=_split(arrays, "validation"))
        except (OSError, KeyError, ValueError, IndexError, SafetensorError) as error:
            raise StoreError(
                f"the outputs of run {self.path.name} cannot be read ({error}); delete the run and repeat it"
            ) from error

    def read_test_texts(self) -> tuple[LabeledText, ...]:
        """Read the test texts with their labels and the places of their sites.

        Raises:
            StoreError: If the file is not there or cannot be read.
        """
        try:
            with self.test_texts.open(encoding="utf-8") as lines:
                rows = [json.loads(line) for line in lines]
            return tuple(LabeledText(text=row["text"], label=row["label"], places=_places(row)) for row in rows)
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise StoreError(
                f"the test texts of run {self.path.name} cannot be read ({error}); delete the run and repeat it"
            ) from error

    def read_events(self) -> tuple[Event, ...]:
        """Read the events of a run that is in no database; none where there is no such file."""
        if not self.events.is_file():
            return ()
        lines = self.events.read_text(encoding="utf-8").splitlines()
        return tuple(event for event in map(read_event, lines) if event is not None)


def _places(row: Mapping[str, Any]) -> tuple[Place, ...]:
    if "places" not in row:
        return (Place.whole(row["text"]),)
    return tuple(Place(text=text, start=start, end=end) for text, start, end in row["places"])


def _split(arrays: Mapping[str, np.ndarray], split: str) -> SplitPredictions:
    return split_predictions(
        arrays[f"{split}_logits"],
        arrays[f"{split}_labels"],
        teacher_logits=arrays.get(f"teacher_{split}_logits"),
        examples=arrays.get(f"{split}_examples"),
        quality=arrays.get(f"{split}_quality"),
        teacher_quality=arrays.get(f"teacher_{split}_quality"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFolder:
    """The files of a run store: one database, one folder a run, and what is kept beside the runs."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file with runs, queue and events."""
        return self.path / "runs.sqlite3"

    @property
    def runs(self) -> Path:
        """Where each run has its folder."""
        return self.path / "runs"

    @property
    def cache(self) -> Path:
        """Fine-tuned teachers and what teachers answered."""
        return self.path / "cache"

    @property
    def uploads(self) -> Path:
        """Files that somebody has uploaded."""
        return self.path / "uploads"

    @property
    def slices(self) -> Path:
        """Filters that somebody has named."""
        return self.path / "slices.json"

    @property
    def owners(self) -> Path:
        """A lock file for each owner of running runs."""
        return self.path / "owners"

    def owner_lock(self, name: str) -> Path:
        """Return the lock that an owner holds while it is alive."""
        return self.owners / f"{name}.lock"

    def run(self, run_id: str) -> RunFolder:
        """Return the folder of a run."""
        return RunFolder(path=self.runs / run_id)

    def condemned(self, run_id: str, mark: str) -> Path:
        """Return where the files of a run that is being deleted go first."""
        return self.runs / f".{run_id}.{mark}"
