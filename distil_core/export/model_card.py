"""The model card of a student: what it is, how it was made, what was measured, and on which machine."""

import json
from typing import Any

from distil_core.analysis.comparison import run_verdict, settings_title, twin_difference
from distil_core.reporting import narrative
from distil_core.reporting.tables import metric_table_markdown
from distil_core.runs.families import Family
from distil_core.runs.record import RunRecord
from distil_core.settings.serialization import to_json


def model_card(family: Family) -> str:
    """Return the model card of the student of a family, with its figures also where the Hugging Face hub reads them."""
    from huggingface_hub import ModelCard, ModelCardData

    record = family.distilled.record
    name = f"A student of {record.teacher_name} for {record.corpus.name}"
    data = ModelCardData(
        model_name=name,
        library_name=record.task.library,
        pipeline_tag=_pipeline(record),
        tags=["knowledge-distillation"],
        eval_results=_results(record),
    )
    return str(ModelCard(f"---\n{data}\n---\n\n# {name}\n{_body(family)}"))


def _pipeline(record: RunRecord) -> str:
    return record.task.head.pipeline


def _results(record: RunRecord) -> list[Any]:
    from huggingface_hub import EvalResult

    measured = [(metric, record.model.metric(metric.name)) for metric in record.task.metrics if metric.hub_name]
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


def _body(family: Family) -> str:
    record = family.distilled.record
    labels = "\n".join(f"- {i}: {label}" for i, label in enumerate(record.corpus.label_names))
    labels = f"\n## Labels\n\n{labels}\n" if labels else ""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(record.environment.versions.items()))
    config = json.dumps(to_json(record.config), indent=2, ensure_ascii=False)
    return f"""
{settings_title(record.config)}; layers of the teacher, counted from 0: {", ".join(map(str, record.layers)) or "none"}.

{narrative.runs.verdict(run_verdict(family, twin_difference(family)))}

```python
{record.task.usage}
```
{labels}
## What was measured

On {record.corpus.n_test:,} test texts; {record.corpus.n_train:,} training texts. Intervals are 95 % bootstrap
intervals; latency is for one text, median with 5th to 95th percentile, in fp32 on {record.environment.processor},
{record.environment.threads} threads.

{metric_table_markdown(family)}

## How it was made

Teacher {record.teacher_name} (digest {record.teacher_digest}), corpus digest {record.corpus.digest}, precision
{record.environment.precision} on {record.environment.device}; {versions}.

```json
{config}
```
"""
