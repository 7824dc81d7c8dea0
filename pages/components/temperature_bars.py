"""Both models' distributions as bars that move with the temperature, in the browser, without a rerun.

Reads: the query parameter that is called like the key. Writes: the same, when the pointer is let go.
"""

import math
from collections.abc import Sequence

import streamlit as st

from distil_core.data.scales import graded_labels
from distil_core.reporting import glossary
from pages.components import mount

LOW, HIGH = 0.1, 20.0
"""The temperatures that can be reached, as in the settings of a run."""

_show = mount.component(__file__, "distil_lab.temperature")


def show(
    labels: Sequence[str],
    teacher_logits: Sequence[float],
    student_logits: Sequence[float],
    gold: int | None = None,
    *,
    key: str,
    value: float = 1.0,
    curves: bool = True,
    noun: str = "label",
) -> float:
    """Show both distributions over a slider for the temperature, and return where it was let go.

    Labels that are grades stand from the lowest to the highest, others from the teacher's likeliest on.

    While it is dragged, everything is computed in the browser and Python hears nothing.

    Args:
        labels: Names of the labels.
        teacher_logits: The teacher's score for each of them.
        student_logits: The student's.
        gold: Which label is right, if it is known; its name is marked.
        key: Name of the widget, and of the query parameter that keeps the temperature.
        value: Where it stands at first; not kept in the address.
        curves: Whether to show the share of each label over all temperatures, too.
        noun: What the distributions are over.
    """
    current = st.session_state.get(key, {}).get("temperature") or _from_address(key) or value

    def let_go() -> None:
        chosen = st.session_state[key].get("temperature")
        if chosen is None or chosen == value:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = f"{chosen:g}"

    result = _show(
        key=key,
        data={
            "labels": list(labels),
            "teacher": list(teacher_logits),
            "student": list(student_logits),
            "gold": gold,
            "value": current,
            "curves": curves,
            "noun": noun,
            "logit": glossary.TERMS["logit"],
            "order": graded_labels(labels) if noun == "label" else None,
        },
        on_temperature_change=let_go,
    )
    return _within(result.temperature) or current


def _from_address(key: str) -> float | None:
    try:
        return _within(float(st.query_params.get(key, "")))
    except ValueError:
        return None


def _within(value: object) -> float | None:
    """Return a temperature as it can be chosen, or None for what is none; a browser can send anything."""
    if not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        return None
    return min(max(float(value), LOW), HIGH)
