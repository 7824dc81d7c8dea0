"""The model card of a student: what it is, how it was made, what was measured, and on which machine."""

import json
from pathlib import Path
from typing import Any

from distil_core.analysis.comparison import settings_title
from distil_core.analysis.contrasts import drawing, verdict_of
from distil_core.export.formats import Format, Proof, offered, sentences
from distil_core.models.configuration import lacks_heads
from distil_core.reporting import narrative
from distil_core.reporting.tables import metric_table_markdown
from distil_core.runs.families import Family
from distil_core.runs.record import RunRecord
from distil_core.settings.canonical import without_folders
from distil_core.settings.config import WeightFormat
from distil_core.settings.serialization import to_json

FEWER_HEADS = Path(__file__).parent / "predict" / "fewer_heads.py"
"""What lets transformers load a student whose layers lack attention heads; it lies beside such a student."""
IMPORTED = "import fewer_heads  # lies in this folder: lets transformers load layers that lack attention heads"
"""How it is told to."""


def model_card(family: Family, proof: Proof | None = None) -> str:
    """Return the model card of the student of a family, with its figures also where the Hugging Face hub reads them.

    Args:
        family: The run with its twins.
        proof: What is known of the student in the form that it is written in, if that is another than the lab's.
    """
    onnx = proof is not None and proof.onnx is not None
    from huggingface_hub import ModelCard, ModelCardData

    record = family.distilled.record
    name = f"A student of {record.teacher_name} for {record.corpus.name}"
    data = ModelCardData(
        model_name=name,
        library_name="onnx" if onnx else record.task.library,
        pipeline_tag=_pipeline(record),
        tags=["knowledge-distillation"],
        eval_results=_results(record, proof),
    )
    return str(ModelCard(f"---\n{data}\n---\n\n# {name}\n{_body(family, proof)}"))


def _pipeline(record: RunRecord) -> str:
    return record.task.head.pipeline


def _results(record: RunRecord, proof: Proof | None) -> list[Any]:
    from huggingface_hub import EvalResult

    measured = [(metric, record.model.metric(metric.name)) for metric in record.task.metrics if metric.hub_name]
    int8 = record.config.student.weights is WeightFormat.INT8
    same = (Format.ONNX_INT8,) if int8 else (Format.HF, Format.ONNX, Format.STATIC)
    if proof is not None and proof.format not in same:  # another than was measured in full
        measured = [
            (metric, proof.comparison.score) for metric, _ in measured if metric.name == proof.comparison.metric
        ]
    return [
        EvalResult(
            task_type=_pipeline(record),
            dataset_type=record.corpus.name,
            dataset_name=record.corpus.name,
            dataset_split="test",
            metric_type=metric.hub_name,
            metric_name=metric.label,
            metric_value=figure.value,
        )
        for metric, figure in measured
        if figure is not None
    ]


def _body(family: Family, proof: Proof | None) -> str:
    record = family.distilled.record
    labels = [row.label for row in family.distilled.folder.read_test_texts()]
    usage, exported = record.task.usage_for(max_length=record.config.teacher.max_length, labels=labels), ""
    if lacks_heads(family.distilled.folder.student):
        usage = f"{IMPORTED}\n{usage}"
    usage = f"```python\n{usage}\n```"
    if proof is not None:
        told = "\n".join(f"- {sentence}" for sentence in sentences(proof, record.task))
        exported = (
            f"\n## What was exported\n\nAs {proof.format}, held against the lab's on {proof.processor}:\n\n{told}\n"
        )
    if proof is not None and proof.format is Format.BROWSER:
        usage = "```sh\npython -m http.server  # or any other server of files; then open its address\n```"
    elif proof is not None and proof.format is Format.STATIC:
        usage = '```sh\npip install numpy tokenizers\npython predict.py "Put a text here."\n```'
    elif proof is not None and proof.onnx is not None:
        usage = '```sh\npip install onnxruntime tokenizers\npython predict.py "Put a text here."\n```'
    elif Format.HF not in offered(record.config.student.n_layers, record.task):
        command = f"python -m distil_core export {record.run} --format static"
        usage = f"transformers has no class for a student without layers; `{command}` writes it for numpy alone."
    names = "\n".join(f"- {i}: {label}" for i, label in enumerate(record.corpus.label_names))
    names = f"\n## Labels\n\n{names}\n" if names else ""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record.environment.versions.items()))
    config = json.dumps(to_json(without_folders(record.config)), indent=2, ensure_ascii=False)
    n_threads = record.environment.threads
    threads = f"{n_threads} {'thread' if n_threads == 1 else 'threads'}"
    told_of = (
        narrative.runs.verdict(verdict_of(family, drawing())),
        narrative.compression.made_smaller(record.config, record.model.cost),
    )
    return f"""
{settings_title(record.config)}; layers of the teacher, counted from 0: {", ".join(map(str, record.layers)) or "none"}.

{" ".join(filter(None, told_of))}

{usage}
{names}{exported}
## What was measured

On {record.corpus.n_test:,} test texts; {record.corpus.n_train:,} training texts. Intervals are 95 % bootstrap
intervals; latency is for one text, median with 5th to 95th percentile, in {record.config.student.arithmetic} on
{record.environment.processor}, {threads}.

{metric_table_markdown(family)}

## How it was made

Teacher {record.teacher_name} (digest {record.teacher_digest}), corpus digest {record.corpus.digest}, precision
{record.environment.precision} on {record.environment.device}; {versions}.

```json
{config}
```
"""
