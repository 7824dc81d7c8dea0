"""A student's Hugging Face folder as a ZIP archive, with a model card of its figures.

Needs neither torch nor a model; ONNX is written elsewhere.
"""

import json
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from distil_core.analysis.comparison import model_name
from distil_core.errors import RunNotFoundError
from distil_core.export.model_card import FEWER_HEADS, model_card
from distil_core.models.configuration import lacks_heads
from distil_core.runs.families import Family, family
from distil_core.runs.sources import RunSource
from distil_core.settings.canonical import without_folders
from distil_core.settings.serialization import to_json

# What does not shrink is stored as it is: compressing weights takes seconds and saves a few percent.
_STORED = {".safetensors", ".onnx", ".bin"}


def student_zip(source: RunSource, run_id: str) -> bytes:
    """Return the student of a finished run as a ZIP archive that unpacks into one folder.

    The folder loads with ``from_pretrained`` of the class that the head of its task has in transformers, and holds a
    model card and the record of the run beside the weights.

    Args:
        source: Where the run is.
        run_id: Its name.

    Raises:
        RunNotFoundError: If there is no such run, it is not done, or it has no student.
    """
    exported = family(source.get(run_id), source)
    if exported is None:
        raise RunNotFoundError(f"run {run_id!r} must be done to be exported; wait for it or run it again")
    folder = exported.distilled.folder.student
    if not exported.distilled.folder.has_student:
        name = model_name(exported.distilled.record.config)
        raise RunNotFoundError(f"run {run_id!r} must have a student to be exported; {name} has none")
    archive, name = BytesIO(), folder_name(exported)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        _add(zipped, folder, name)
        if lacks_heads(folder):
            zipped.write(FEWER_HEADS, Path(name, FEWER_HEADS.name))
        zipped.writestr(f"{name}/README.md", model_card(exported))
        zipped.writestr(f"{name}/record.json", record_json(exported))
    return archive.getvalue()


def folder_zip(folder: Path, name: str) -> bytes:
    """Return a folder as a ZIP archive that unpacks into one folder.

    Args:
        folder: Where the files are.
        name: What the folder is called in the archive.
    """
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        _add(zipped, folder, name)
    return archive.getvalue()


def _add(zipped: zipfile.ZipFile, folder: Path, name: str) -> None:
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        kind = zipfile.ZIP_STORED if path.suffix in _STORED else zipfile.ZIP_DEFLATED
        zipped.write(path, Path(name, path.relative_to(folder)), compress_type=kind)


def folder_name(exported: Family) -> str:
    """Name the folder of an exported student after its corpus and its run."""
    record = exported.distilled.record
    corpus = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in record.corpus.name)
    return f"student-{corpus}-{exported.distilled.run[:8]}"


def record_json(exported: Family) -> str:
    """Return the record of a run as JSON, as the store keeps it, but for the folders of this machine."""
    record = exported.distilled.record
    record = replace(record, config=without_folders(record.config))
    return json.dumps(to_json(record), indent=2, ensure_ascii=False) + "\n"
