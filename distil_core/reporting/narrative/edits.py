"""What an edit of a sentence did."""

from collections.abc import Sequence

from distil_core.analysis.comparison import SentenceAnswer
from distil_core.analysis.edits import EditVerdict
from distil_core.analysis.novelty import Novelty
from distil_core.reporting.formatting import escaped, percent


def answers(sides: Sequence[SentenceAnswer], names: Sequence[str]) -> str:
    """Say in a sentence what each model answers, as it is read out; nothing in it is markdown.

    Args:
        sides: What the models answer.
        names: Names of the labels.
    """
    return "; ".join(f"{side.role}: {names[side.label]}, {percent(side.probability)} sure" for side in sides) + "."


def verdict(judged: EditVerdict, names: Sequence[str]) -> str:
    """Say in a sentence whether an edit changed either model's mind, and else what moved most.

    Args:
        judged: What the edit did.
        names: Names of the labels.
    """
    names = [escaped(name) for name in names]
    teacher, student = judged.teacher, judged.student
    of_teacher = f"from **{names[teacher.before]}** to **{names[teacher.after]}**"
    of_student = f"from **{names[student.before]}** to **{names[student.after]}**"
    if teacher.changed and student.changed:
        if teacher == student:
            return f"Both change their mind {of_student}."
        return f"Both change their mind: the student {of_student}, the teacher {of_teacher}."
    if student.changed:
        stays = names[teacher.before]
        return f"The student changes its mind {of_student}; the teacher does not, it stays with **{stays}**."
    if teacher.changed:
        stays = names[student.before]
        return f"The teacher changes its mind {of_teacher}; the student does not, it stays with **{stays}**."
    most = judged.largest
    return (
        "Neither changes its mind. What moved most is how sure "
        f"the {most.role} is of **{names[most.label]}**: {percent(most.before)} → {percent(most.after)}."
    )


_MOST_WORDS = 4


def unlike(novelty: Novelty) -> str:
    """Say in a sentence that a text is unlike what a run was trained and measured on, and by what that is told."""
    n = len(novelty.unknown)
    words = ", ".join(f"*{escaped(word)}*" for word in novelty.unknown[:_MOST_WORDS])
    more = f" and {n - _MOST_WORDS} more" if n > _MOST_WORDS else ""
    return (
        f"**Unlike the texts of this run**, so its test figures say little about these answers: {n} of its "
        f"{novelty.n_words} words ({words}{more}) {'occurs' if n == 1 else 'occur'} in none of the {novelty.n_texts:,} "
        f"test texts, a larger share than {percent(novelty.n_less / novelty.n_texts)} of them have themselves."
    )
