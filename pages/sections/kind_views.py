"""The test texts by what their task sorts them by, such as a question word: how both models do on each kind.

Reads: a finished run's outputs. Writes: the kind that the test texts of the Compare page are filtered by.
"""

from functools import partial

import streamlit as st

from distil_core.analysis import kinds
from distil_core.analysis.kinds import KindGroup
from distil_core.reporting.figures import cells
from distil_core.reporting.figures import kinds as figures
from distil_core.runs.families import FinishedRun
from pages.sections import charts, example_filter
from pages.state import model_answers, resources


def show(outcome: FinishedRun) -> None:
    """Show a figure of both models for each kind of test text; a press on a bar filters the texts by that kind."""
    answered = model_answers.of_test_texts(outcome)
    test, metric = resources.outputs(outcome.folder).test, outcome.record.metric
    for what in answered.kinds:
        name, scale = metric.label_with_unit, metric.scale
        if what == kinds.LABEL:
            groups, name, scale = kinds.by_label(answered), "F1 (%)", 100.0
        else:
            groups = kinds.by_kind(what, answered, test, metric)
        key = f"{example_filter.KIND}.{what.split()[0]}"
        charts.show(
            f"{name.partition(' (')[0]} by {what} · press to filter",
            figures.groups(groups, axis=name, scale=scale, chosen=_chosen(what)),
            key=key,
            alt=f"{name} of teacher and student by {what}",
            header=(what, "test texts", "teacher", "student"),
            rows=[(group.name, group.n, group.teacher, group.student) for group in groups],
            on_select=partial(_take, key, what, groups),
        )


def _chosen(what: str) -> str | None:
    kind = st.session_state.get(example_filter.KIND) or ""
    return kind.removeprefix(f"{what}: ") if kind.startswith(f"{what}: ") else None


def _take(key: str, what: str, groups: tuple[KindGroup, ...]) -> None:
    cell = cells.picked(st.session_state[key], rows=len(groups), columns=2)
    if cell is not None:
        example_filter.press_kind(f"{what}: {groups[cell[0]].name}")
