"""What-if: many students that differ in a few settings, to see what a setting does.

Reads: the run in use for all other settings, and the runs of the sweep. Writes: new runs, into the queue.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from distil_core.analysis import sweep_grids
from distil_core.analysis.comparison import NAMES
from distil_core.analysis.sweep_grids import SweepCell, SweepGrid
from distil_core.errors import DistilError
from distil_core.evaluation.metrics import Metric, recall
from distil_core.reporting import formatting, glossary, narrative, sweep_tables, tables, tradeoff_tables
from distil_core.reporting.figures import cells as cell_points
from distil_core.reporting.figures import sweep as figures
from distil_core.reporting.narrative.sweeps import AXIS_NAMES
from distil_core.runs import sweep, workers
from distil_core.runs.reading import task_of
from distil_core.runs.requests import RunRequest
from distil_core.runs.rows import Run, RunState
from distil_core.runs.sweep import Axis, Sweep, Value
from distil_core.settings.canonical import CanonicalConfig
from distil_core.settings.serialization import digest
from distil_core.tasks.task import Task
from pages.components import scrolling
from pages.sections import ablation_view, charts, explained, messages, sweep_form
from pages.state import address, resources, run_in_use, sweep_runs

POLL_SECONDS = 1.0
SPEED_HELP = "Texts that a student answers in a second, in batches of 32: the mean over its seeds."
MAP = "whatif.map"


def start(planned: Mapping[CanonicalConfig, RunRequest]) -> None:
    """Queue what is missing."""
    try:
        sweep_runs.start(planned)
    except DistilError as error:
        st.session_state["whatif.problem"] = str(error)


def cancel(planned: Mapping[CanonicalConfig, RunRequest]) -> None:
    """Stop what is not over."""
    sweep_runs.cancel(planned)


def show_action(planned: Mapping[CanonicalConfig, RunRequest], runs: Mapping[CanonicalConfig, Run]) -> None:
    """Say how many runs there are and how long they take, and offer to start or to stop them."""
    n_active = sum(not run.state.over for run in runs.values())
    n_done = sum(run.state is RunState.DONE for run in runs.values())
    n_missing = len(planned) - n_active - n_done
    with st.container(horizontal=True, vertical_alignment="center"):
        if n_missing or not n_active:
            st.button(
                f"Start {n_missing} run{'s' * (n_missing != 1)}" if n_missing else "All done",
                type="primary",
                icon=":material/play_arrow:",
                key="whatif.start",
                on_click=start,
                args=(planned,),
                disabled=not n_missing,
            )
        if n_active:
            stopping = all(run.stopping for run in runs.values() if not run.state.over)
            st.button(
                "Cancel all",
                icon=":material/stop_circle:",
                key="whatif.cancel",
                on_click=cancel,
                args=(planned,),
                disabled=stopping,
            )
        st.caption(
            formatting.sweep_estimate(len(planned), n_done=n_done, seconds=sweep_runs.seconds_left(planned, runs)),
            width="content",
        )
    st.progress(n_done / len(planned), f"{n_done} of {len(planned)} runs done, twins included")


def show(wanted: Sweep, *, poll: bool) -> None:
    """Show what has come of a sweep so far."""
    store = resources.store()
    try:
        planned = sweep_runs.planned(wanted)
    except DistilError as error:
        messages.problem(error)
        return
    runs = sweep_runs.runs(planned)
    active = any(not run.state.over for run in runs.values())
    if poll is not active:
        st.rerun()
    if active and not workers.worker_alive(store):
        workers.ensure_worker(store)
    if problem := st.session_state.pop("whatif.problem", None):
        messages.problem(problem)
    show_action(planned, runs)
    failed = next((run for run in runs.values() if run.state is RunState.FAILED), None)
    if failed is not None:
        messages.problem(failed.error, lead="A run failed: ")
    task = task_of(wanted.base)
    metric, laid = lay_out(wanted, task)
    twin = NAMES[task.untaught].lower()
    try:
        done = sweep_runs.cells(wanted, runs, metric)
        teacher = teacher_value(runs, metric)
    except DistilError as error:
        messages.problem(error)
        return
    grid = sweep_grids.grid(wanted, done, **laid)
    show_map(grid, metric)
    if told := narrative.sweeps.speeds(done):
        st.caption(told)
    show_cell(grid, metric, twin=twin)
    if any(cell.estimate is not None for row in grid.rows for cell in row.cells):
        show_curves(grid, metric, teacher, twin=twin)
    show_table(done, metric, twin=twin)


def lay_out(wanted: Sweep, task: Task) -> tuple[Metric, dict[str, Any]]:
    """Ask which figure to show, and which two settings against each other; the others are held still."""
    offered = list(task.swept)
    if wanted.base.corpus.left_out and task.class_names(frame.labels) == frame.labels:
        offered.append(recall(frame.labels.index(wanted.base.corpus.left_out)))
    if st.session_state.get("whatif.measure") not in (None, *offered):
        st.session_state["whatif.measure"] = task.primary
    first, second, third = st.columns([2, 1, 1])
    with first, address.control("whatif.measure", "Metric"):
        metric = st.selectbox(
            "Metric",
            offered,
            format_func=lambda m: m.label,
            key="whatif.measure",
            bind="query-params",
            help=tradeoff_tables.definitions(tuple(offered)),
        )
    with second, address.control("whatif.down", "Rows"):
        down = st.selectbox(
            "Rows",
            list(Axis),
            format_func=_axis,
            key="whatif.down",
            bind="query-params",
            help="The setting that differs from row to row of the map; along it the curves run.",
        )
    others = [axis for axis in (Axis.DEPTH, *Axis) if axis is not down]
    with third, address.control("whatif.across", "Columns"):
        across = st.selectbox(
            "Columns",
            list(dict.fromkeys(others)),
            format_func=_axis,
            key="whatif.across",
            bind="query-params",
            help="The setting that differs from column to column of the map; each of its values has a curve.",
        )
    still: dict[Axis, Value] = {}
    loose = [axis for axis in Axis if axis not in (down, across) and len(wanted.values(axis)) > 1]
    if loose:
        with st.container(horizontal=True):
            for axis in loose:
                with address.control(f"whatif.still.{axis}", AXIS_NAMES[axis]):
                    values = wanted.values(axis)
                    picked = st.segmented_control(
                        f"{AXIS_NAMES[axis]}, shown at",
                        values,
                        default=values[0],
                        required=True,
                        format_func=lambda value, axis=axis: narrative.sweeps.word(axis, value),
                        key=f"whatif.still.{axis}",
                        bind="query-params",
                        help=glossary.explain(AXIS_NAMES[axis]),
                    )
                    still[axis] = values[0] if picked not in values else picked
    return metric, {"down": down, "across": across, "still": still}


def _axis(axis: Axis) -> str:
    return AXIS_NAMES[axis]


def teacher_value(runs: Mapping[CanonicalConfig, Run], metric: Metric) -> float | None:
    """Return the teacher's own value, where it has one and a run is done."""
    run = next((run for run in runs.values() if run.record is not None), None)
    if run is None or metric.needs_teacher:
        return None
    return sweep_runs.sampler(metric, of_teacher=True)(run).value


def pick(grid: SweepGrid) -> None:
    """Take note of the cell that was clicked."""
    cell = cell_points.picked(st.session_state.get(MAP), rows=len(grid.rows), columns=len(grid.columns))
    if cell is None:
        return
    run = grid.rows[cell[0]].cells[cell[1]].best_run
    if run is None:
        st.query_params.pop(sweep_form.CELL, None)
    else:
        address.put(sweep_form.CELL, run.id)


def show_map(grid: SweepGrid, metric: Metric) -> None:
    """Show the cells as a map that can be clicked."""
    header = ("", *(narrative.sweeps.word(grid.across, value, full=True) for value in grid.columns))
    rows = sweep_tables.map_rows(grid, metric)
    charts.show(
        f"{metric.label_with_unit}, mean over seeds · brighter is better · click a cell to open it",
        figures.heatmap(grid, metric),
        key=MAP,
        alt=f"{metric.label} by {AXIS_NAMES[grid.down].lower()} and {AXIS_NAMES[grid.across].lower()}",
        header=header,
        rows=rows,
        on_select=lambda: pick(grid),
    )
    if any(cell.preview is not None for row in grid.rows for cell in row.cells):
        st.caption(
            "**Preview**, with a dotted edge: what one seed comes to so far on the validation texts, while it is "
            "learning. The figure of the test texts takes its place when the first seed is done."
        )


def show_cell(grid: SweepGrid, metric: Metric, *, twin: str) -> None:
    """Show the cell that was clicked, and open one of its runs anywhere else."""
    wanted = st.query_params.get(sweep_form.CELL)
    place = next(
        (
            (row, value, cell)
            for row in grid.rows
            for value, cell in zip(grid.columns, row.cells, strict=True)
            if wanted is not None and any(run is not None and run.id == wanted for run in cell.runs)
        ),
        None,
    )
    if place is None:
        return
    row, value, cell = place
    with st.container(border=True, key="whatif.opened"):
        st.markdown(
            f"**{narrative.sweeps.row_word(grid, row)} · {narrative.sweeps.word(grid.across, value, full=True)}** · "
            f"{narrative.sweeps.cell_sentence(cell, metric, twin=twin)}"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            run_id = _one_seed(cell)
            if st.button("Use this run", icon=":material/check:", key="whatif.use"):
                sweep_runs.keep_base(run_id)
                run_in_use.choose(run_id)
                st.rerun()
            for name, title, icon in (
                ("distil", "Distil", "experiment"),
                ("compare", "Compare", "compare_arrows"),
                ("runs", "Runs", "list_alt"),
            ):
                if st.button(f"Open in {title}", icon=f":material/{icon}:", key=f"whatif.open.{name}"):
                    sweep_runs.keep_base(run_id)
                    st.switch_page(f"pages/{name}.py", query_params={"run": run_id})


def _one_seed(cell: SweepCell) -> str:
    there = {run.config.seed: run for run in cell.runs if run is not None}
    best = cell.best_run
    assert best is not None
    seed = st.segmented_control(
        "Seed",
        list(there),
        default=best.config.seed,
        required=True,
        format_func=lambda seed: f"seed {seed}",
        key=f"whatif.seed.{digest(list(there))}",
        label_visibility="collapsed",
        help=glossary.explain("seed"),
    )
    return there.get(seed, best).id


def show_curves(grid: SweepGrid, metric: Metric, teacher: float | None, *, twin: str) -> None:
    """Show the same figures as curves, and how far they are from the twins that had no teacher."""
    header = (
        AXIS_NAMES[grid.down],
        AXIS_NAMES[grid.across],
        "value",
        "low",
        "high",
        "seeds",
    )
    left, right = st.columns(2)
    with left:
        charts.show(
            f"Students and their {twin}s",
            figures.curves(grid, metric, teacher=teacher),
            key="whatif.curves",
            alt=f"{metric.label} over {AXIS_NAMES[grid.down].lower()} with 95 % intervals",
            header=header,
            rows=sweep_tables.curve_rows(grid, metric, of_difference=False),
        )
    with right:
        charts.show(
            f"Difference to the {twin}",
            figures.differences(grid, metric, twin=twin),
            key="whatif.differences",
            alt=f"Difference to the {twin} with 95 % intervals; an open mark is no difference seen",
            header=header,
            rows=sweep_tables.curve_rows(grid, metric, of_difference=True),
        )
    st.markdown(narrative.sweeps.verdict(sweep_grids.outcomes(grid, metric)))
    st.caption(
        "95 % intervals from a bootstrap over seeds and test texts, differences paired over both; one seed has the "
        "interval of its test texts alone. Full mark: a difference is seen. Open mark: none is. Of 20 students that "
        f"do not differ from their {twin}s, about one seems to."
    )


def show_table(done: Mapping[sweep.SweepPoint, SweepCell], metric: Metric, *, twin: str) -> None:
    """Show every figure of the sweep as a table to read and to take away."""
    header, rows = sweep_tables.sweep_table(done, metric, twin=twin)
    with st.expander("All figures as a table", icon=":material/table_chart:", key="whatif.all"):
        digits = "%.1f" if metric.is_share else "%.3f"
        explained.dataframe(
            pd.DataFrame(rows, columns=list(header)),
            key="whatif.table",
            column_config={name: st.column_config.NumberColumn(format=digits) for name in header[9:15]}
            | {header[15]: st.column_config.NumberColumn(format="localized", help=SPEED_HELP)},
            placeholder=formatting.NONE,
            alt=f"All combinations with their figures, intervals and differences to the {twin}",
        )
        st.download_button(
            "Download as CSV",
            tables.to_csv(header, rows),
            "whatif.csv",
            "text/csv",
            key="whatif.csv",
            on_click="ignore",
            icon=":material/download:",
        )


# Ask
base = sweep_runs.base_config()
try:
    frame = sweep_runs.frame(digest(base), base)
except DistilError as error:
    messages.problem(error)
    st.stop()
scrolling.last_first()
with st.container(key="whatif.last_first"):
    left, right = (st.container(), st.container()) if address.hides("whatif") else st.columns([1, 2], gap="large")
with left:
    wanted = sweep_form.show(base, frame)

# Think
try:
    polled = any(not run.state.over for run in sweep_runs.runs(sweep_runs.planned(wanted)).values())
except DistilError:
    polled = False  # what is wrong is said below

# Show
with right:
    st.fragment(show, run_every=POLL_SECONDS if polled else None)(wanted, poll=polled)
    if task_of(base).head.predicts_words:
        ablation_view.show(base)
