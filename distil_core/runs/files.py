"""What a run has left on disk: the answers of its models, its test texts, its events."""

import json
from pathlib import Path

from distil_core.data.corpus import LabeledText
from distil_core.errors import StoreError
from distil_core.evaluation.predictions import Predictions
from distil_core.training.events import Event, event_from_json


def read_predictions(folder: Path) -> Predictions:
    """Read what a run and its teacher answered on the validation and test texts.

    Raises:
        StoreError: If the file is not there or cannot be read.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(folder / "outputs.safetensors")
        return Predictions(
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


def read_test_texts(folder: Path) -> tuple[LabeledText, ...]:
    """Read the test texts of a run with their labels.

    Raises:
        StoreError: If the file is not there or cannot be read.
    """
    try:
        with (folder / "test.jsonl").open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        return tuple(LabeledText(text=row["text"], label=row["label"]) for row in rows)
    except (OSError, KeyError, ValueError) as error:
        raise StoreError(
            f"the test texts of run {folder.name} cannot be read ({error}); delete the run and repeat it"
        ) from (error)


def read_events(path: Path) -> tuple[Event, ...]:
    """Read the events of a run from a file with one JSON object a line; none where there is no such file."""
    if not path.is_file():
        return ()
    return tuple(event_from_json(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())
