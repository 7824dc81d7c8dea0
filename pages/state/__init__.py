"""What pages have between two reruns, and where it comes from.

In: the run store, the address, the session, files that somebody uploads. Out: finished runs and their outputs, loaded
models and what they answer, the settings of a sweep: values that all sessions share and nobody changes. Every cache is
bounded and keyed on names of runs or on contents, never on tensors. Nothing here imports a page or a part of one.
"""

__all__ = [
    "address",
    "attention_maps",
    "class_answers",
    "class_exports",
    "class_mode",
    "hosts",
    "lesson_progress",
    "masked_words",
    "model_answers",
    "resources",
    "run_in_use",
    "softened_outputs",
    "stored_vectors",
    "student_pages",
    "sweep_runs",
    "uploads",
]
