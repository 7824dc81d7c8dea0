"""Finished runs and loaded models become plain data that answers a question.

In: records, stored predictions, a pair of loaded models. Out: dataclasses of numbers, without a sentence or a figure.
"""

__all__ = [
    "ablation",
    "advice",
    "answer_spans",
    "attention",
    "attention_reading",
    "caveats",
    "comparison",
    "contrasts",
    "decisions",
    "edits",
    "entity_spans",
    "error_analysis",
    "gradients",
    "kinds",
    "layer_cuts",
    "learning_curves",
    "lesson_facts",
    "literature",
    "masked_words",
    "model_pair",
    "novelty",
    "roads",
    "roles",
    "side_by_side",
    "slices",
    "stored_answers",
    "sweep_grids",
    "teacher_health",
    "temperature",
    "tradeoffs",
    "vectors",
]
