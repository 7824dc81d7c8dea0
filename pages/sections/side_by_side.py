"""Several runs beside the picked one: settings that differ, figures with paired intervals, classes, and curves.

Reads: finished runs, their answers and events. Writes: the session's choice and the query parameter of its key.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from distil_core.analysis import learning_curves
from distil_core.analysis.side_by_side import class_scores, paired_differences, same_test
from distil_core.errors import StoreError
from distil_core.models.head import SEQUENCE_CLASSIFICATION
from distil_core.reporting.figures import curves
from distil_core.reporting.formatting import escaped
from distil_core.reporting.side_by_side import LETTERS, class_rows, differing_rows, figure_rows
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.rows import Run
from pages.sections import charts, explained, messages, run_summary
from pages.state import address, resources

KEY = "runs.beside"


def show(run: Run, family: Family) -> None:
    """Let somebody choose other runs of the same task, and show them all beside one another."""
    runs = {other.id: other for other in resources.runs().list()}
    options = [other.id for other in runs.values() if other.id != run.id and _comparable(other, run)]
    if not options:
        return
    st.markdown("## Side by side")
    st.session_state[KEY] = [name for name in _wanted() if name in options][: len(LETTERS) - 1]
    with address.control(KEY, "Beside"):
        names: list[str] = st.multiselect(
            "Beside",
            options,
            key=KEY,
            format_func=lambda name: run_summary.name(runs[name]),
            max_selections=len(LETTERS) - 1,
            placeholder="Choose runs to hold against this one",
        )
    address.put(KEY, names)
    chosen = [runs[name] for name in names]
    families = [resources.family(other.id) for other in chosen]
    beside = [family.distilled, *(other.distilled for other in families if other is not None)]
    if len(beside) > 1:
        _show((run, *chosen), beside)


def _wanted() -> list[str]:
    return list(st.session_state.get(KEY, st.query_params.get_all(KEY)))


def _comparable(other: Run, run: Run) -> bool:
    return (
        other.record is not None
        and run.record is not None
        and (other.config.task, other.record.primary, other.config.method)
        == (run.config.task, run.record.primary, run.config.method)
    )


def _show(runs: Sequence[Run], beside: Sequence[FinishedRun]) -> None:
    letters = list(LETTERS[: len(beside)])
    st.markdown(
        "\n".join(
            f"- **{letter}**: {escaped(run_summary.name(run))}" for letter, run in zip(letters, runs, strict=True)
        )
    )
    first, records = beside[0], [run.record for run in beside]
    if others := [letter for letter, run in zip(letters, beside, strict=True) if not same_test(first, run)]:
        messages.doubt(
            f"{', '.join(others)} answered other texts than A: what lies between them may come from the texts, and is "
            "not computed."
        )
    differing = differing_rows([record.config for record in records])
    _table("Settings that differ", ["Setting", *letters], differing, alt="Settings in which these runs differ")
    task = records[0].task
    metrics = [metric for metric in task.metrics if any(record.model.metric(metric.name) for record in records)]
    with st.spinner("Drawing test texts again…", show_time=False):
        gaps = [paired_differences(first, run, metrics, resources.sample) for run in beside[1:]]
    figures = figure_rows(records, metrics, gaps)
    _table("Figures", ["Figure", *letters], figures, alt="Figures of these runs, and paired differences from A")
    names = records[0].corpus.label_names
    if task.head == SEQUENCE_CLASSIFICATION and all(record.corpus.label_names == names for record in records):
        try:
            scores = [class_scores(resources.outputs(run.folder).test, len(names)) for run in beside]
        except StoreError as error:
            messages.problem(str(error))
        else:
            rows = class_rows(names, scores)
            header = ["Class", "Texts", *letters]
            _table("Precision / recall of each class, and what it is mistaken for", header, rows, alt="Each class")
    drawn = {letter: learning_curves.curves(resources.events(run)) for letter, run in zip(letters, runs, strict=True)}
    if any(curve.scores for curve in drawn.values()):
        charts.show(
            "While they trained",
            curves.beside(drawn, task.monitored),
            key="runs.beside.curves",
            alt=f"Validation {task.monitored.in_text} of these runs over the epochs",
            header=["Run", "Epoch", task.monitored.label],
            rows=[
                (letter, *point)
                for letter, curve in drawn.items()
                for point in zip(curve.validation_epochs, curve.scores, strict=True)
            ],
        )


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, alt: str) -> None:
    if not rows:
        st.markdown(f"**{title}**")
        st.caption("There are none.")
        return
    cells = [[_cell(cell) for cell in row] for row in rows]
    frame = pd.DataFrame([row[1:] for row in cells], columns=list(header[1:]), index=[row[0] for row in cells])
    explained.table(frame, title=f"**{title}**", alt=alt)


def _cell(text: str) -> str:
    """Write a figure, and what stands in further lines smaller below it."""
    first, *others = text.split("\n")
    return "  \n".join((escaped(first), *(f":small[:gray[{escaped(line)}]]" for line in others)))
