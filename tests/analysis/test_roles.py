"""What models stand for when they are compared."""

import pytest

from distil_core.analysis.roles import Role, role_of
from distil_core.settings.config import Method


def test_every_method_has_a_role_and_none_is_the_teachers() -> None:
    assert {method: role_of(method) for method in Method} == {
        Method.DISTILLED: Role.STUDENT,
        Method.HARD_LABELS: Role.TWIN,
        Method.RANDOM_START: Role.TWIN,
        Method.LAYER_CUT: Role.TWIN,
        Method.BASELINE: Role.BASELINE,
    }


@pytest.mark.parametrize("role", Role)
def test_student_and_twins_share_their_architecture(role: Role) -> None:
    assert role.shares_architecture is (role in (Role.STUDENT, Role.TWIN))
