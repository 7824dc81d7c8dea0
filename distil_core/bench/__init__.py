"""The lab timed beside what people would otherwise run: ``python -m distil_core bench --help``.

In: texts, a teacher, a schedule. Out: ratios of time, accuracy and memory, as a table and as JSON.
"""

__all__ = [
    "ablation",
    "answer",
    "child",
    "commands",
    "depths",
    "general",
    "grid",
    "machine",
    "masked",
    "masked_loop",
    "masked_ours",
    "ours",
    "peers",
    "quality",
    "quality_ours",
    "readings",
    "report",
    "roads",
    "scale",
    "start",
    "teacher_sizes",
    "train",
    "usual_loop",
    "workload",
]
