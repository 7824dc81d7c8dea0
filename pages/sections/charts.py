"""A chart under its title, with its figures as a table to read and to take away, and as an image.

Reads: its arguments. Writes: nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import pandas as pd
import streamlit as st

from distil_core.reporting import glossary, tables
from distil_core.reporting.figures import theme
from pages.components import image_download
from pages.sections import explained
from pages.state import address

CONFIG = {"displayModeBar": False, "scrollZoom": False}


def show(
    title: str,
    figure: theme.Figure,
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
    figure = theme.defused(figure)
    figure = theme.enlarged(figure) if address.large_print() else figure
    st.plotly_chart(figure, key=key, config=CONFIG, alt=alt, **picking)


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
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="xsmall"):
        st.header(title, anchor=False, width="content", help=glossary.explain(title))
        data(key=key, alt=alt, header=header, rows=rows, picture=picture)


def data(
    *, key: str, alt: str, header: Sequence[str], rows: Sequence[Sequence[object]], picture: str | None = None
) -> None:
    """Offer figures behind a small button, as a table to read and to take away.

    With ``picture``, the key of what is drawn from them, that can be saved as a picture, too.
    """
    with st.popover("Data", icon=":material/table_chart:", type="tertiary", key=f"{key}.data"):
        explained.dataframe(pd.DataFrame(rows, columns=list(header)), key=f"{key}.table", alt=alt, height=280)
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
            image_download.buttons(picture)
