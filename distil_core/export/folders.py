"""An exported student as a folder: the model, a tokenizer that needs no telling, and a script that asks it."""

import json
import shutil
from pathlib import Path

from distil_core.compression.onnx_model import OPSET, quantize, quantize_weights, write_onnx
from distil_core.export.formats import Format, OnnxDetails
from distil_core.export.lab_student import LabStudent
from distil_core.export.model_card import FEWER_HEADS, IMPORTED
from distil_core.models.configuration import lacks_heads
from distil_core.models.head import Head
from distil_core.runs.families import Family

MODEL = "model.onnx"
SCRIPTS = Path(__file__).parent / "predict"
"""Where the scripts are that lie beside an exported student."""
_ARGUMENTS = {
    '"path/to/this/folder"': "str(Path(__file__).parent)",
    '"Put a sentence here."': "sys.argv[1]",
    '"Put a [MASK] here."': "sys.argv[1]",
    '"Put a text here."': "sys.argv[1]",
    '"Put another one here."': "sys.argv[2]",
    '"Put a question here."': "sys.argv[1]",
    '"Put its context here."': "sys.argv[2]",
}
"""What stands in the place of the examples of :attr:`distil_core.tasks.task.Task.usage`."""


def write_hf(exported: Family, student: LabStudent, folder: Path) -> None:
    """Write a student as transformers has it: its files and ``predict.py``."""
    shutil.copytree(exported.distilled.folder.student, folder, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)
    _cut_as_in_the_lab(folder / "tokenizer_config.json", student.max_length)
    usage = student.usage
    for example, argument in _ARGUMENTS.items():
        usage = usage.replace(example, argument)
    script = f"import sys\nfrom pathlib import Path\n\n{usage}\n"
    if lacks_heads(folder):
        shutil.copyfile(FEWER_HEADS, folder / FEWER_HEADS.name)
        script = f"{IMPORTED}\n{script}"
    (folder / "predict.py").write_text(script, encoding="utf-8")


def write_onnx_folder(
    exported: Family, student: LabStudent, folder: Path, wanted: Format, *, fp32: Path
) -> OnnxDetails:
    """Write a student as one ONNX file with its tokenizer and a ``predict.py`` without torch.

    Args:
        exported: The run.
        student: Its student.
        folder: Where to.
        wanted: Whether it is quantized: with its activations, with its weights alone for the page, or not at all.
        fp32: Where the file in fp32 goes, which is the one in the folder unless that is quantized.

    Raises:
        MissingExtraError: If the extra ``onnx`` is not installed.
    """
    run, task = exported.distilled, student.task
    metadata = {"run": run.run, "task": task.name, "max_length": str(student.max_length)}
    write_onnx(student.model, fp32, metadata=metadata)
    if wanted is Format.ONNX_INT8:
        details = OnnxDetails(opset=OPSET, weights="uint8, a scale for each column")
        quantize(fp32, folder / MODEL)
    elif wanted is Format.BROWSER:
        details = OnnxDetails(opset=OPSET, weights="int8, a scale for each output or token, computed with in fp32")
        quantize_weights(fp32, folder / MODEL)
    else:
        details = OnnxDetails(opset=OPSET)
        shutil.copyfile(fp32, folder / MODEL)
    copy_settings(exported, student, folder)
    script = (SCRIPTS / f"{script_of(task.head)}.py").read_text(encoding="utf-8")
    script = script.replace("MAY_BE_EMPTY = True", f"MAY_BE_EMPTY = {student.may_be_empty}")
    (folder / "predict.py").write_text(script, encoding="utf-8")
    return details


def copy_settings(exported: Family, student: LabStudent, folder: Path) -> None:
    """Write what stands beside the weights of a student that needs no torch: its configuration and its tokenizer."""
    for name in ("config.json", "tokenizer_config.json"):
        shutil.copyfile(exported.distilled.folder.student / name, folder / name)
    _cut_as_in_the_lab(folder / "tokenizer_config.json", student.max_length)
    student.tokenizer_file().save(str(folder / "tokenizer.json"))


def script_of(head: Head) -> str:
    """Return which script asks a student with a head, by what it answers."""
    kinds = {"TokenClassification": "tags", "QuestionAnswering": "answer", "Embedding": "vector", "MaskedLM": "words"}
    return kinds.get(head.kind, "labels")


def _cut_as_in_the_lab(path: Path, max_length: int) -> None:
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["model_max_length"] = max_length
    path.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
