"""What a model stands for when models are compared, apart from what was done to make it."""

from enum import StrEnum

from distil_core.settings.config import Method


class Role(StrEnum):
    """What a model stands for in a comparison.

    A twin has the student's architecture and goes without what the teacher adds; a baseline is what people would take
    instead of any transformer.
    """

    TEACHER = "teacher"
    STUDENT = "student"
    TWIN = "twin"
    BASELINE = "baseline"

    @property
    def shares_architecture(self) -> bool:
        """Whether the model is built as a student is, be it taught or not."""
        return self in (Role.STUDENT, Role.TWIN)


_ROLES = {
    Method.DISTILLED: Role.STUDENT,
    Method.HARD_LABELS: Role.TWIN,
    Method.RANDOM_START: Role.TWIN,
    Method.LAYER_CUT: Role.TWIN,
    Method.BASELINE: Role.BASELINE,
}


def role_of(method: Method) -> Role:
    """Return what a model stands for within its family, by what was done to make it; the teacher has no method."""
    return _ROLES[method]
