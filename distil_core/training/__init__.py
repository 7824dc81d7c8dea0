"""A model learns, from labels or from a teacher.

In: a model, tokens, labels, what a teacher said. Out: events while it learns, and the same model, trained; teachers
that fit a corpus, and all that they say of it, computed once and kept.
"""

__all__ = [
    "cache",
    "events",
    "head_fitting",
    "lessons",
    "masked",
    "optimizer",
    "teacher_checks",
    "teacher_outputs",
    "teacher_words",
    "teachers",
    "trainer",
    "zero_shot",
]
