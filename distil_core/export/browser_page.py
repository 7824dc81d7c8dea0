"""A student as a page that runs it in the visitor's own browser, from any server of static files."""

import json
import shutil
from pathlib import Path

from distil_core.analysis.comparison import settings_title
from distil_core.data.corpus import split_segments
from distil_core.data.scales import graded_labels
from distil_core.export.folders import script_of
from distil_core.export.lab_student import LabStudent
from distil_core.export.web_runtime import PACKAGES, web_runtime
from distil_core.reporting.formatting import size
from distil_core.runs.families import Family
from distil_core.tasks.qa.spans import MAX_TOKENS
from distil_core.tasks.qa.windows import overlap

RUNTIME = "runtime"
_PAGE = Path(__file__).parent / "browser"


def add_page(exported: Family, student: LabStudent, folder: Path) -> None:
    """Add a page to a folder that holds a student as ONNX, with all that it takes to run it in a browser.

    Args:
        exported: The run.
        student: Its student.
        folder: Where model and tokenizer lie.

    Raises:
        FetchError: If what runs it in a browser must be fetched first, and cannot be.
    """
    shutil.copytree(web_runtime(), folder / RUNTIME)
    for path in _PAGE.iterdir():
        shutil.copyfile(path, folder / path.name)
    (folder / "predict.py").unlink()
    about = json.dumps(_about(exported, student, folder), indent=1, ensure_ascii=False)
    (folder / "student.json").write_text(about + "\n", encoding="utf-8")


def _about(exported: Family, student: LabStudent, folder: Path) -> dict[str, object]:
    record, task = exported.distilled.record, student.task
    kind = script_of(task.head)
    runtime = sum(path.stat().st_size for path in (folder / RUNTIME).iterdir())
    packages = " and ".join(f"{package.name} {package.version} ({package.license})" for package in PACKAGES)
    segments = task.segments if kind in ("vector", "labels", "answer") else task.segments[:1]
    return {
        "kind": kind,
        "problem": task.head.problem_type,
        "title": f"A student of {record.teacher_name} for {record.corpus.name}",
        "subtitle": f"{task.title} · {settings_title(record.config)}. It runs in this page: nothing that you type "
        "leaves your device.",
        "labels": [str(label) for label in record.class_names] if kind in ("labels", "tags") else [],
        "order": graded_labels(record.class_names) if kind == "labels" else None,
        "segments": list(segments),
        "example": _example(student, n=len(segments)),
        "max_length": student.max_length,
        "max_tokens": MAX_TOKENS,
        "overlap": overlap(student.max_length),
        "may_be_empty": student.may_be_empty,
        "mask_token": student.tokenizer.mask_token or "",
        "facts": [
            f"The student in 8 bits: {size((folder / 'model.onnx').stat().st_size)}.",
            f"{packages}: {size(runtime)}, with one thread.",
            f"A long context is read in parts of {student.max_length} tokens that overlap, as in the lab."
            if task.points
            else f"Texts are cut after {student.max_length} tokens, as in the lab.",
        ],
    }


def _example(student: LabStudent, *, n: int) -> list[str]:
    """Return the segments of a test text to begin with: a short one."""
    texts = [text for text in student.texts if len(split_segments(text)) >= n] or [""]
    text = min(texts, key=lambda text: abs(len(text) - 80 * n))
    segments = list(split_segments(text))[:n]
    if student.task.head.predicts_words and student.tokenizer.mask_token:
        words = segments[0].split()[:20]
        words[len(words) // 2] = student.tokenizer.mask_token
        segments = [" ".join(words)]
    return segments
