"""A run in a few words and figures: its name, its state, its headline, and all that was measured.

Reads and writes: nothing.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from distil_core.analysis import comparison
from distil_core.analysis.learning_curves import Curves
from distil_core.evaluation.metrics import Metric
from distil_core.reporting import formatting, glossary, narrative, tables
from distil_core.runs import lineage
from distil_core.runs.families import Family
from distil_core.runs.rows import Run, RunState
from distil_core.runs.sources import RunSource
from distil_core.settings.config import RunConfig
from pages.sections import explained

STATES = {
    RunState.QUEUED: (":material/schedule:", "gray", "Waiting"),
    RunState.RUNNING: (":material/play_circle:", "blue", "Running"),
    RunState.DONE: (":material/check_circle:", "green", "Done"),
    RunState.CANCELLED: (":material/cancel:", "gray", "Cancelled"),
    RunState.FAILED: (":material/error:", "red", "Failed"),
    RunState.INTERRUPTED: (":material/pause_circle:", "orange", "Interrupted"),
}
EXAMPLE = "Example"


def name(run: Run) -> str:
    """Name a run for people: what it is made of, and how it came out."""
    if run.read_only:
        return f"{EXAMPLE} · {settings(run.config)}"
    end = STATES[run.state][2].lower()
    if run.record is not None:
        end = formatting.figure(run.record.metric, run.record.score.value)
    if run.name:
        return f"{run.name} · {end}"
    return f"{run.corpus_name} · {settings(run.config)} · {end}"


def settings(config: RunConfig) -> str:
    """Name the settings that people tell runs apart by."""
    return comparison.settings_title(config)


def lineage_line(run_id: str, config: RunConfig, source: RunSource) -> str:
    """Return which students a run comes from, back to the first, and how many come from it; empty where none do."""
    parts = []
    if names := lineage.ancestors(config, source):
        before = (source.find(known) for known in names)
        shown = [
            f"{name} (deleted)" if parent is None else f"{parent.corpus_name} · {settings(parent.config)}"
            for name, parent in zip(names, before, strict=True)
        ]
        parts.append("Its student started from that of " + ", which started from that of ".join(shown) + ".")
    if after := len(lineage.children(run_id, source.list())):
        parts.append(f"Its student is where {after} other run{'s' * (after != 1)} started.")
    return " ".join(parts)


def badge(run: Run) -> str:
    """Return the state of a run as markdown, or that it ships with the app."""
    icon, color, word = (":material/star:", "gray", EXAMPLE) if run.read_only else STATES[run.state]
    return f":{color}-badge[{icon} {word}]"


def headline(family: Family | None, metric: Metric, so_far: Curves) -> None:
    """Show the three figures that a run comes down to, or what is known of them so far, beside the DistilBERT paper."""
    cards = narrative.runs.cards(None if family is None else family.distilled.record, metric, so_far=so_far)
    for column, card in zip(st.columns(len(cards)), cards, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.metric(
                card.label,
                card.value,
                card.paper,
                delta_color="off",
                delta_arrow="off",
                help=glossary.explain(card.label),
            )
            st.caption("  \n".join(card.details))


def corpus_notes(notes: Sequence[str]) -> None:
    """Show what a reader should know of how a corpus was read, in the open."""
    if notes:
        st.warning(f"Of the corpus:\n{formatting.notes_list(notes)}", icon=":material/rule:")


def metrics(family: Family, *, key: str, title: str = "**All that was measured**") -> None:
    """Show all that was measured of teacher, student and twins: a line a metric, a column a model."""
    names = [model.name for model in comparison.models(family)]
    lines = tables.metric_table(family)
    cells = [[_cell(*cell) for cell in line.cells] for line in lines]
    frame = pd.DataFrame(cells, columns=names, index=[line.label for line in lines])
    explained.table(frame, title=title, alt="All metrics of teacher, student, twins and baseline")
    with st.container(horizontal=True):
        with st.popover("What these mean", icon=":material/help:", type="tertiary"):
            task = family.distilled.record.config.task
            there = {model.method for model in comparison.models(family)}
            for method, meaning in comparison.explanations(task).items():
                if method in there:
                    st.markdown(f"**{comparison.model_names(task)[method]}**: {meaning}")
            for line in lines:
                st.markdown(f"**{line.label}**: {line.meaning}")
            for term in ("95 % interval", "baseline", "nats"):
                st.markdown(f"**{term[:1].upper()}{term[1:]}**: {glossary.TERMS[term]}")
        st.download_button(
            "Download as CSV",
            tables.metric_table_csv(family),
            "models.csv",
            "text/csv",
            key=f"{key}.csv",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
        )


def _cell(value: str, spread: str) -> str:
    """Write a figure above its spread, each on one line; a table without the room for that can be scrolled."""
    value, spread = (text.replace(" ", "\N{NO-BREAK SPACE}") for text in (value, spread))
    return f"{value}  \n:small[:gray[{spread}]]" if spread else value
