"""What was done to make a student smaller, in words."""

from pathlib import Path

from distil_core.evaluation.records import Latency
from distil_core.reporting import tables
from distil_core.reporting.narrative import compression, runs
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.folder import RunFolder
from distil_core.settings.config import RunConfig, StudentConfig, WeightFormat
from tests.factories import a_cost, a_model_record, a_run_record, a_teacher_record


def config(**student: object) -> RunConfig:
    return RunConfig(student=StudentConfig(**student))  # type: ignore[arg-type]


def test_each_road_has_its_sentence_and_none_has_none() -> None:
    assert compression.made_smaller(RunConfig()) == ""
    assert compression.made_smaller(config(heads=0.5, neurons=0.25)) == (
        "Pruned before training: the most important 50 % of the attention heads and 25 % of the feed-forward neurons "
        "of each layer stay."
    )
    assert "smallest 90 % of the weights of each matrix are 0" in compression.made_smaller(config(sparsity=0.9))
    assert "kept in bf16 and computed with in fp32" in compression.made_smaller(config(weights=WeightFormat.BF16))


def test_int8_says_whether_it_is_faster_than_its_runtime_alone() -> None:
    small, latency = config(weights=WeightFormat.INT8), Latency(p5=1.0, p50=2.0, p95=3.0)
    faster = compression.made_smaller(small, a_cost(latency_ms=latency, runtime_fp32_ms=3.0))
    assert faster.endswith("int8 is faster than fp32 on this processor (1.5 × the speed of the ONNX file in fp32).")
    slower = compression.made_smaller(small, a_cost(latency_ms=latency, runtime_fp32_ms=1.0))
    assert "int8 is slower than fp32 on this processor: take it for its size" in slower
    assert compression.asked_here(small).startswith("What you ask here is answered by the weights in fp32")
    assert compression.asked_here(RunConfig()) == ""


def test_what_is_smaller_on_disk_alone_says_so_and_packed_bytes_stand_beside() -> None:
    cost = a_cost(6_000_000, bytes=6_000_000, packed_bytes=4_000_000)
    teacher = a_teacher_record(cost=a_cost(6_000_000, bytes=24_000_000))
    record = a_run_record(
        config=config(weights=WeightFormat.INT8, sparsity=0.5), teacher=teacher, model=a_model_record(cost=cost)
    )
    _, smaller, _ = runs.cards(record, record.metric)
    assert (smaller.label, smaller.value) == ("Smaller on disk by", "75.0 %")
    assert smaller.details[-1] == "4.00 MB packed"
    family = Family(distilled=FinishedRun(run="run", folder=RunFolder(path=Path("run")), record=record), twins=())
    packed = next(line for line in tables.metric_table(family) if line.label == "Packed")
    assert [value for value, _ in packed.cells] == ["–", "4.00 MB"]
