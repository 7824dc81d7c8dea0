"""Tables whose words are explained: a column on hover over its name, a table of words in a line above it.

Reads: its arguments. Writes: nothing.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from distil_core.reporting import glossary

MOST = 6
"""Terms that one tooltip explains at most."""
_END = re.compile(r"(?:^| )(?:low|high|from|to)$|±")


def columns(names: Sequence[str], config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return how columns are shown, each of them with what the terms in its name mean.

    Args:
        names: Of the columns.
        config: How some of them are to be shown; what has a help of its own keeps it.
    """
    shown: dict[str, Any] = dict(config or {})
    for name in names:
        terms = f"{name} 95 % interval" if _END.search(name) else name
        meaning = glossary.explain(terms)
        if meaning is not None and not shown.get(name, {}).get("help"):
            shown[name] = {**shown.get(name, {}), "help": meaning}
    return shown


def dataframe(
    data: pd.DataFrame, *, column_config: Mapping[str, Any] | None = None, box: Any = st, **options: Any
) -> Any:
    """Show a table that can be scrolled and sorted, its columns explained; see :func:`streamlit.dataframe`.

    Args:
        data: What is shown.
        column_config: How some columns are to be shown.
        box: Where; by default where the script is.
        options: All else that ``st.dataframe`` takes.
    """
    config = columns([str(name) for name in data.columns], column_config)
    return box.dataframe(data, column_config=config, hide_index=True, **options)


def table(
    data: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]], *, title: str = "", **options: Any
) -> None:
    """Show a table of words under its title, behind which the terms in its rows and columns are explained.

    Args:
        data: What is shown.
        title: As markdown; where it is empty and there are terms, a line stands for it.
        options: All else that ``st.table`` takes.
    """
    meaning = glossary.explain(" · ".join(_names(data)), most=MOST)
    if title or meaning:
        st.markdown(title or ":small[The words of this table]", help=meaning)
    st.table(data, border="horizontal", **options)


def _names(data: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[str]:
    if isinstance(data, pd.DataFrame):
        return [str(name) for name in (*data.index, *data.columns)]
    if isinstance(data, Mapping):
        values = [value for value in data.values() if isinstance(value, Mapping)]
        return [*data, *(values[0] if values else ())]
    return list(data[0]) if data else []
