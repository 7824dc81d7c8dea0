"""Write the student of a run into a folder that works without the lab, and prove that it does."""

import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import torch
from tokenizers import Tokenizer as TokenizerFile

from distil_core.analysis.comparison import model_name, shape_title
from distil_core.compression.extras import require_onnx
from distil_core.compression.onnx_model import OnnxModel
from distil_core.errors import ConfigError, RunNotFoundError
from distil_core.evaluation.cost import bytes_on_disk
from distil_core.evaluation.environment import environment
from distil_core.export.archive import record_json
from distil_core.export.browser_page import add_page
from distil_core.export.folders import MODEL, write_hf, write_onnx_folder
from distil_core.export.formats import IN_ONNX, Format, OnnxDetails, Proof, offered
from distil_core.export.lab_student import (
    Answering,
    LabStudent,
    compare_answers,
    load_student,
    reloaded,
    time_singles,
)
from distil_core.export.model_card import model_card
from distil_core.export.static import TABLE, looked_up, write_static_folder
from distil_core.export.web_runtime import web_runtime
from distil_core.runs.families import Family, family
from distil_core.runs.sources import RunSource
from distil_core.runs.timing import alone
from distil_core.settings.config import Precision
from distil_core.settings.serialization import to_json

_SECONDS = 4.0
"""What the readings of the latency may take."""

Tell = Callable[[str, float | None], None]


def _silent(what: str, share: float | None) -> None: ...


def exportable(source: RunSource, run_id: str) -> Family:
    """Return a finished run that has a student.

    Raises:
        RunNotFoundError: If there is no such run, it is not done, or it has no student.
    """
    exported = family(source.get(run_id), source)
    if exported is None:
        raise RunNotFoundError(f"run {run_id!r} must be done to be exported; wait for it or run it again")
    if not exported.distilled.folder.has_student:
        name = model_name(exported.distilled.record.config)
        raise RunNotFoundError(f"run {run_id!r} must have a student to be exported; {name} has none")
    return exported


def export_student(
    source: RunSource,
    run_id: str,
    wanted: Format,
    folder: Path,
    *,
    tell: Tell = _silent,
    seconds: float = _SECONDS,
    pausing: Path | None = None,
) -> Proof:
    """Write the student of a finished run into a folder of its own, and hold it against the one in the lab.

    Args:
        source: Where the run is.
        run_id: Its name.
        wanted: What to write.
        folder: Where to; must be empty or not there.
        tell: Told what is being done, and which share of it is.
        seconds: What the readings of the latency may take.
        pausing: Folder of the cache whose workers pause meanwhile.

    Raises:
        RunNotFoundError: If there is no such run, it is not done, or it has no student.
        ConfigError: If the folder holds something else.
        MissingExtraError: If the format needs a package that is not installed.
        FetchError: If the format needs something that must be fetched first, and cannot be.
    """
    exported = exportable(source, run_id)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"--out must be a folder that is empty or not there yet, got {folder}; choose another one")
    record = exported.distilled.record
    possible = offered(record.config.student.n_layers, record.task)
    if wanted not in possible:
        raise ConfigError(
            f"--format must be of {', '.join(possible)} for this student ({shape_title(record.config.student)}), "
            f"got {wanted}"
        )
    if wanted in IN_ONNX:
        require_onnx("ONNX export")
    if wanted is Format.BROWSER:
        tell("Fetching what runs it in a browser", None)
        web_runtime()
    tell("Loading the student", None)
    student = load_student(exported.distilled.folder, record=exported.distilled.record)
    with tempfile.TemporaryDirectory() as scratch:
        made, fp32, details = Path(scratch, "folder"), Path(scratch, MODEL), None
        made.mkdir()
        tell("Writing the files", None)
        if wanted is Format.HF:
            write_hf(exported, student, made)
        elif wanted is Format.STATIC:
            write_static_folder(exported, student, made)
        else:
            details = write_onnx_folder(exported, student, made, wanted, fp32=fp32)
            if wanted is Format.BROWSER:
                add_page(exported, student, made)
        proof = _prove(
            exported, student, wanted, made, fp32=fp32, details=details, tell=tell, seconds=seconds, pausing=pausing
        )
        (made / "README.md").write_text(model_card(exported, proof), encoding="utf-8")
        (made / "record.json").write_text(record_json(exported), encoding="utf-8")
        (made / "proof.json").write_text(json.dumps(to_json(proof), indent=1) + "\n", encoding="utf-8")
        try:
            shutil.copytree(made, folder, dirs_exist_ok=True)
        except OSError as exc:
            raise ConfigError(f"--out must be a folder that can be written to, got {folder} ({exc})") from exc
    return proof


def _prove(
    exported: Family,
    student: LabStudent,
    wanted: Format,
    folder: Path,
    *,
    fp32: Path,
    details: OnnxDetails | None,
    tell: Tell,
    seconds: float,
    pausing: Path | None,
) -> Proof:
    threads, int8 = torch.get_num_threads(), wanted is Format.ONNX_INT8
    model: Answering
    match wanted:
        case Format.HF:
            model = reloaded(folder, student)
        case Format.STATIC:
            model = looked_up(folder)
        case _:
            model = OnnxModel(folder / MODEL, n_threads=threads)
    models: dict[str, Answering] = {"lab": student.answer, "exported": model}
    if int8:
        models["fp32"] = OnnxModel(fp32, n_threads=threads)
    comparison = compare_answers(
        student,
        model,
        student.tokenizer_file() if wanted is Format.HF else TokenizerFile.from_file(str(folder / "tokenizer.json")),
        alone=int8,
        tell=lambda share: tell("Asking both the test texts", share),
    )
    tell("Timing", None)
    with nullcontext() if pausing is None else alone(pausing):
        timed = time_singles(models, student, seconds=seconds)
    weights = {Format.HF: "*.safetensors", Format.STATIC: TABLE}.get(wanted, "*.onnx")
    return Proof(
        run=exported.distilled.run,
        format=wanted,
        bytes=sum(path.stat().st_size for path in folder.rglob(weights)),
        lab_bytes=bytes_on_disk(exported.distilled.folder.student),
        comparison=comparison,
        latency_ms=timed["exported"],
        lab_latency_ms=timed["lab"],
        fp32_latency_ms=timed.get("fp32"),
        threads=threads,
        processor=environment(torch.device("cpu"), Precision.FP32).processor,
        onnx=details,
    )
