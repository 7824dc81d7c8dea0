"""What was done to make a student smaller, beside leaving layers out."""

from distil_core.evaluation.records import Cost
from distil_core.models.units import LayerUnit
from distil_core.reporting.formatting import beside_fp32
from distil_core.settings.config import RunConfig, WeightFormat

_UNITS = {LayerUnit.HEADS: "attention heads", LayerUnit.NEURONS: "feed-forward neurons"}


def made_smaller(config: RunConfig, cost: Cost | None = None) -> str:
    """Say which other roads than fewer layers a student has gone; empty where none.

    Args:
        config: Of its run.
        cost: What it costs, once that was measured.
    """
    student, sentences = config.student, []
    shares = [(unit, getattr(student, unit)) for unit in LayerUnit if getattr(student, unit) < 1]
    if shares:
        parts = " and ".join(f"{100 * share:g} % of the {_UNITS[unit]}" for unit, share in shares)
        sentences.append(f"Pruned before training: the most important {parts} of each layer stay.")
    if student.sparsity:
        sentences.append(
            f"Pruned after training: the smallest {100 * student.sparsity:g} % of the weights of each matrix are 0: "
            "less room when packed, no less time."
        )
    if student.weights is WeightFormat.INT8:
        sentences.append("Its figures are those of weights in int8, as ONNX Runtime runs them.")
        if cost is not None and cost.runtime_fp32_ms is not None and cost.latency_ms is not None:
            sentences.append(f"{beside_fp32(cost.runtime_fp32_ms / cost.latency_ms.p50)}.")
    elif student.weights is not WeightFormat.FP32:
        sentences.append(
            f"Its weights are kept in {student.weights} and computed with in fp32: less room, no less time."
        )
    return " ".join(sentences)


def asked_here(config: RunConfig) -> str:
    """Say which form of a student answers where a page asks it, if it is not the one that was measured."""
    if config.student.weights is not WeightFormat.INT8:
        return ""
    return (
        "What you ask here is answered by the weights in fp32 from which the int8 of this run was made; the figures of "
        "the run are those of int8."
    )
