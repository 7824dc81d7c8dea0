"""What an edit of a sentence did, in words."""

from collections.abc import Sequence

from distil_core.analysis.edits import Change
from distil_core.reporting.formatting import escaped, percent


def edit_verdict(found: Sequence[Change], names: Sequence[str]) -> str:
    """Say in a sentence whether an edit changed either model's mind, and else what moved most."""
    teacher, teacher_now, student, student_now = (
        max(range(len(found)), key=shares.__getitem__)
        for shares in zip(*((*change.teacher, *change.student) for change in found), strict=True)
    )
    names = [escaped(name) for name in names]
    of_teacher = f"from **{names[teacher]}** to **{names[teacher_now]}**"
    of_student = f"from **{names[student]}** to **{names[student_now]}**"
    if teacher != teacher_now and student != student_now:
        if of_teacher == of_student:
            return f"Both change their mind {of_student}."
        return f"Both change their mind: the student {of_student}, the teacher {of_teacher}."
    if student != student_now:
        return f"The student changes its mind {of_student}; the teacher does not, it stays with **{names[teacher]}**."
    if teacher != teacher_now:
        return f"The teacher changes its mind {of_teacher}; the student does not, it stays with **{names[student]}**."
    most = max(found, key=lambda change: change.size)
    sides = (("teacher", most.teacher), ("student", most.student))
    model, (before, after) = max(sides, key=lambda side: abs(side[1][1] - side[1][0]))
    return (
        "Neither changes its mind. What moved most is how sure "
        f"the {model} is of **{names[most.label]}**: {percent(before)} → {percent(after)}."
    )
