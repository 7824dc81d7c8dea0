"""What several pages show alike: the header with the run in use, a run's name and state, a chart with its data.

Reads: the run store, the query parameter ``run``. Writes: the query parameter ``run``.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import pandas as pd
import streamlit as st

from distil_core import figures, summary, tables, wording
from distil_core.config import RunConfig, RunKind
from distil_core.outcomes import EXAMPLE, Family
from distil_core.runs import Run, RunState
from pages import address, cache, links, pictures

STATES = {
    RunState.QUEUED: (":material/schedule:", "gray", "Waiting"),
    RunState.RUNNING: (":material/play_circle:", "blue", "Running"),
    RunState.DONE: (":material/check_circle:", "green", "Done"),
    RunState.CANCELLED: (":material/cancel:", "gray", "Cancelled"),
    RunState.FAILED: (":material/error:", "red", "Failed"),
    RunState.INTERRUPTED: (":material/pause_circle:", "orange", "Interrupted"),
}
CHART = {"displayModeBar": False, "scrollZoom": False}
_PICKER = "app.run"


def header(lead: str) -> Any:
    """Show what a page is for, and the run in use with the one way to change it; returns where to offer the address."""
    runs = {run.id: run for run in cache.store().list()}
    offered = [run.id for run in runs.values() if run.config.kind is RunKind.DISTILLED]
    if cache.example() is not None:
        offered.insert(0, EXAMPLE)
    wanted = st.query_params.get("run", st.session_state.get("run"))
    lost = wanted is not None and wanted not in offered and wanted not in runs
    if wanted in runs and wanted not in offered:
        offered.insert(0, wanted)
    if wanted not in offered:
        wanted = offered[0] if offered else None
    st.session_state["run"] = st.session_state[_PICKER] = wanted
    if wanted is not None and wanted != EXAMPLE:
        st.query_params["run"] = wanted
    left, right = st.columns([3, 2], vertical_alignment="center", gap="small")
    left.subheader(lead, anchor=False)
    with right.container(horizontal=True, vertical_alignment="center", gap="small"):
        chooser = st.container(gap=None)
        shared = address.open_header()
    with chooser:
        links.in_turn()
    with chooser, address.control(_PICKER, "Run in use"):
        st.selectbox(
            "Run in use",
            offered,
            format_func=lambda run_id: name(runs.get(run_id)),
            key=_PICKER,
            on_change=_picked,
            placeholder="No run yet",
            disabled=not offered,
            label_visibility="collapsed",
            icon=":material/history:",
            help="The run in use: all pages show it, and the address of this page leads to it.",
        )
    if lost:
        st.warning("The run in the address is not in this store; it may have been deleted.", icon=":material/info:")
    return shared


def _picked() -> None:
    use(st.session_state[_PICKER])


def use(run_id: str) -> None:
    """Make a run the one in use, from the next rerun on."""
    st.query_params["run"] = st.session_state["run"] = run_id


def use_none() -> None:
    """Forget the run in use, from the next rerun on."""
    st.query_params.pop("run", None)
    st.session_state.pop("run", None)


def in_use() -> str | None:
    """Return the name of the run in use; None while there is none at all."""
    found: str | None = st.session_state.get("run")
    return found


def finished(*, with_student: bool = False) -> Family | None:
    """Return the run in use with its twins, or None after saying why it cannot be shown.

    Args:
        with_student: Whether it must have a student that can be asked.
    """
    run_id = in_use()
    found = None if run_id is None else cache.family(run_id)
    if found is None:
        st.info(
            "The run in use is not done yet. Choose another one above, or go back to **Distil**.",
            icon=":material/hourglass:",
        )
        return None
    if with_student and not (found.distilled.folder / "student").is_dir():
        st.info(
            "This run has no student to ask: TF-IDF counts words. Choose another run above.", icon=":material/info:"
        )
        return None
    return found


def name(run: Run | None) -> str:
    """Name a run for people: what it is made of, and how it came out; None is the example."""
    if run is None:
        found = cache.example()
        return "Example run" if found is None else f"Example run · {settings(found.distilled.record.config)}"
    end = STATES[run.state][2].lower()
    if run.record is not None:
        end = wording.percent(run.record.model.quality.accuracy.value)
    return f"{run.corpus_name} · {settings(run.config)} · {end}"


def settings(config: RunConfig) -> str:
    """Name the settings that people tell runs apart by."""
    return summary.settings(config)


def badge(state: RunState) -> str:
    """Return the state of a run as markdown."""
    icon, color, word = STATES[state]
    return f":{color}-badge[{icon} {word}]"


def chart(
    title: str,
    figure: figures.Figure,
    *,
    key: str,
    alt: str,
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    on_select: Callable[[], None] | Literal["rerun"] | None = None,
) -> None:
    """Show a figure under its title, and behind a small button its figures as a table, to read and to take away.

    With ``on_select``, points can be picked; the session state has under ``key`` which ones.
    """
    heading(title, key=key, alt=alt, header=header, rows=rows, picture=key)
    picking: dict[str, Any] = {} if on_select is None else {"on_select": on_select, "selection_mode": "points"}
    st.plotly_chart(figure, key=key, config=CHART, alt=alt, **picking)


def heading(
    title: str,
    *,
    key: str,
    alt: str,
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    picture: str | None = None,
) -> None:
    """Show the title of what is drawn below, and its figures behind a small button; see :func:`data`."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{title}**", width="content")
        data(key=key, alt=alt, header=header, rows=rows, picture=picture)


def data(
    *, key: str, alt: str, header: Sequence[str], rows: Sequence[Sequence[object]], picture: str | None = None
) -> None:
    """Offer figures behind a small button, as a table to read and to take away.

    With ``picture``, the key of what is drawn from them, that can be saved as a picture, too.
    """
    with st.popover("Data", icon=":material/table_chart:", type="tertiary", key=f"{key}.data"):
        st.dataframe(pd.DataFrame(rows, columns=list(header)), hide_index=True, key=f"{key}.table", alt=alt, height=280)
        st.download_button(
            "Download as CSV",
            tables.to_csv(header, rows),
            f"{key}.csv",
            "text/csv",
            key=f"{key}.csv",
            on_click="ignore",
            icon=":material/download:",
        )
        if picture is not None:
            pictures.buttons(picture)


def headline(found: Family | None) -> None:
    """Show the three figures that a run comes down to, each beside what the DistilBERT paper claims."""
    cards = summary.cards(None if found is None else found.distilled.record)
    for column, card in zip(st.columns(len(cards)), cards, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.metric(card.label, card.value, card.paper, delta_color="off", delta_arrow="off")
            st.caption("  \n".join(card.details))


def measures(found: Family, *, key: str) -> None:
    """Show all that was measured of teacher, student and twins: a line a measure, a column a model."""
    names = [model.name for model in summary.models(found)]
    lines = tables.table(found)
    cells = [[_cell(*cell) for cell in line.cells] for line in lines]
    frame = pd.DataFrame(cells, columns=names, index=[line.label for line in lines])
    st.table(frame, border="horizontal", alt="All measures of teacher, student and twins")
    with st.container(horizontal=True):
        with st.popover("What these mean", icon=":material/help:", type="tertiary"):
            for kind, meaning in summary.EXPLANATIONS.items():
                st.markdown(f"**{summary.NAMES[kind]}**: {meaning}")
            for line in lines:
                st.markdown(f"**{line.label}**: {line.meaning}")
        st.download_button(
            "Download as CSV",
            tables.table_csv(found),
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
