"""Which test texts to show on the Compare page: by who is right, the answers, kind, length and what they contain.

Reads and writes: the query parameter ``compare.who``; the other controls are bound to the address.
"""

from typing import Any

import streamlit as st

from distil_core.analysis import error_analysis, kinds
from distil_core.analysis.error_analysis import AnsweredTexts, Filter, WhoIsRight
from distil_core.reporting.narrative.slices import WHO_IS_RIGHT
from pages.state import address

WHO, LABEL, TEACHER, STUDENT = "compare.who", "compare.label", "compare.teacher", "compare.student"
SHORTEST, LONGEST, CONTAINS = "compare.shortest", "compare.longest", "compare.contains"
KIND = "compare.kind"


def ask(answered: AnsweredTexts) -> Filter:
    """Ask which texts to show."""
    who = _who()
    st.markdown("**Who is right** · press to filter")
    counts = error_analysis.who_is_right(answered)
    for pair in ((WhoIsRight.BOTH, WhoIsRight.TEACHER), (WhoIsRight.STUDENT, WhoIsRight.NEITHER)):
        for column, case in zip(st.columns(2, gap="small"), pair, strict=True):
            column.button(
                f"**{int(counts[case].sum()):,}** {WHO_IS_RIGHT[case].lower()}",
                key=f"{WHO}.{case.value}",
                type="primary" if case is who else "secondary",
                width="stretch",
                on_click=press,
                args=(case,),
            )
    # Tokens of many texts have no names in common but that of none.
    names = list(answered.label_names[:1] if answered.tokens else answered.label_names)
    choice: dict[str, Any] = {"index": None, "placeholder": "Any", "bind": "query-params"}
    count: dict[str, Any] = {"min_value": 0, "value": None, "placeholder": "Any", "bind": "query-params"}
    first, second = st.columns(2, gap="small")
    label = first.selectbox("Label", names, key=LABEL, **choice)
    contains = second.text_input(
        "Contains", key=CONTAINS, bind="query-params", live="300ms", placeholder="Any text", max_chars=200
    )
    # Row by row, so that a phone shows them in this order, too.
    first, second = st.columns(2, gap="small")
    teacher = first.selectbox("Teacher's answer", names, key=TEACHER, **choice)
    student = second.selectbox("Student's answer", names, key=STUDENT, **choice)
    first, second = st.columns(2, gap="small")
    shortest = first.number_input("At least (words)", key=SHORTEST, **count)
    longest = second.number_input("At most (words)", key=LONGEST, **count)
    kind = None
    if answered.kinds:
        offered = kinds.choices(answered)
        if st.session_state.get(KIND) not in offered:  # a run on another corpus had it
            st.session_state.pop(KIND, None)
        kind = st.selectbox("Kind", offered, key=KIND, **choice)
    return Filter(
        kind=kind or "",
        label=label or "",
        teacher=teacher or "",
        student=student or "",
        who=who,
        contains=(contains or "").strip(),
        shortest=shortest or 0,
        longest=longest,
    )


def _who() -> WhoIsRight | None:
    named = st.query_params.get(WHO)
    return WhoIsRight(named) if named in list(WhoIsRight) else None


def press(case: WhoIsRight) -> None:
    """Filter by a case of who is right; the same again stops that."""
    if _who() is case:
        st.query_params.pop(WHO)
    else:
        address.put(WHO, case.value)


def press_kind(kind: str) -> None:
    """Filter by a kind of text; the same again stops that."""
    st.session_state[KIND] = None if st.session_state.get(KIND) == kind else kind


def clear() -> None:
    """Let all texts pass."""
    put(Filter())


def put(wanted: Filter) -> None:
    """Set all controls to a filter."""
    names = (LABEL, wanted.label), (TEACHER, wanted.teacher), (STUDENT, wanted.student), (KIND, wanted.kind)
    for key, value in names:
        st.session_state[key] = value or None
    st.session_state[CONTAINS] = wanted.contains
    st.session_state[SHORTEST], st.session_state[LONGEST] = wanted.shortest or None, wanted.longest
    st.query_params.pop(WHO, None)
    if wanted.who is not None:
        address.put(WHO, wanted.who.value)
