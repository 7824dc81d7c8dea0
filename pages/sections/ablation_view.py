"""DistilBERT's ablation on What-if: start it, and see it beside the published figures.

Reads: the run in use for all settings, and the runs of the ablation. Writes: new runs, into the queue.
"""

import pandas as pd
import streamlit as st

from distil_core.analysis import ablation
from distil_core.errors import DistilError
from distil_core.evaluation.metrics import KL
from distil_core.reporting import tables
from distil_core.reporting.ablation_tables import ablation_rows
from distil_core.runs import sweep
from distil_core.runs.reading import task_of
from distil_core.settings.config import RunConfig
from pages.sections import explained, messages
from pages.state import resources, sweep_runs


def show(base: RunConfig) -> None:
    """Show what each part of the loss is worth, as far as it has been computed; for runs whose loss has all three."""
    with st.expander("DistilBERT's ablation", icon=":material/content_cut:", key="whatif.ablation"):
        st.markdown(
            "The student with each part of its loss left out, and from a random start, five seeds each. The paper "
            "measures the mean score of GLUE after fine-tuning; here it is the masked words of the test texts, so that "
            "only the order can be compared."
        )
        try:
            planned = sweep_runs.ablation_planned(base)
        except DistilError as error:
            st.info(str(error), icon=":material/info:")
            return
        runs = sweep_runs.runs(planned)
        n_done = sum(run.record is not None for run in runs.values())
        n_missing = len(sweep.missing(planned, resources.runs()))
        with st.container(horizontal=True, vertical_alignment="center"):
            if n_missing and st.button(
                f"Start {n_missing} run{'s' * (n_missing != 1)}",
                icon=":material/play_arrow:",
                key="whatif.ablation.start",
            ):
                try:
                    sweep_runs.start(planned)
                    st.rerun()
                except DistilError as error:
                    messages.problem(error)
            active = any(not run.state.over for run in runs.values())
            if active and st.button("Cancel", icon=":material/stop_circle:", key="whatif.ablation.cancel"):
                sweep_runs.cancel(planned)
                st.rerun()
            st.caption(f"{n_done} of {len(planned)} runs done", width="content")
        task = task_of(base)
        rows = ablation.ablated(
            base,
            runs,
            score=sweep_runs.sampler(task.primary),
            divergence=sweep_runs.sampler(task.metric(KL.name)),
        )
        header, cells = ablation_rows(rows, task)
        frame = pd.DataFrame([row[1:] for row in cells], index=[row[0] for row in cells], columns=list(header[1:]))
        explained.table(frame, title="**What leaving out costs**", alt="Each variant beside the published one")
        order = ablation.same_order(rows)
        if order is not None:
            st.markdown(
                "What costs most is in the same order as published." if order else "The order is not the published one."
            )
        st.download_button(
            "Download as CSV",
            tables.to_csv(header, cells),
            "ablation.csv",
            "text/csv",
            key="whatif.ablation.csv",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
        )
