"""The link to a page as it stands, and for a lecturer the link for a class: its pages and controls, and its QR code.

Reads: the address of the page, the server's own. Writes: what addresses carry from page to page; new classes.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st

from distil_core.export.qr_code import qr_code
from pages.state import address, class_answers, class_mode, lesson_progress

_FIRST_PAGES = ("lessons", "temperature", "compare")


@st.fragment
def show(titles: Mapping[str, str]) -> None:
    """Offer the address of the page as it stands, and to a lecturer one for a class.

    Args:
        titles: Of all pages, by their names, the first of which has no name in an address.
    """
    with st.popover("Share", icon=":material/link:", type="tertiary", key="app.share"):
        large = address.large_print()
        if st.toggle("Large print, for a projector", key=address.LARGE, bind="query-params") is not large:
            st.rerun()
        if class_mode.free() and not address.follows_class():
            code = _class_switch()
            if code:
                _class_link(code, titles)
                return
        elif not address.follows_class():
            st.caption("Lecturers: with your code, entered at the foot of **Runs**, there is a link for a class here.")
        private = not class_mode.free() and any(name.startswith("upload.") for name in _query())
        lacking = ", without the files that you have uploaded" if private else ""
        st.markdown(f"Whoever opens this address on the same server sees this page as it is now{lacking}.")
        st.code(f"{st.context.url}?{urlencode(_query())}", language=None, wrap_lines=True)


def _query() -> dict[str, str]:
    return {name: value for name, value in st.query_params.to_dict().items() if name != address.LECTURE}


def _class_switch() -> str:
    """Let a lecturer switch a class on or off; returns its code, empty while there is none."""
    code = address.carried(address.LECTURE)
    st.session_state.setdefault("app.class", bool(code))
    wanted = st.toggle(
        "Link for a class",
        key="app.class",
        help="What the class predicts in Lessons is counted, and you see it there. The link restricts what is shown; "
        "what visitors may do is bounded by class mode.",
    )
    if wanted is not bool(code):
        address.carry(address.LECTURE, class_answers.predictions().open_class() if wanted else "")
        st.rerun()
    return code


def _class_link(code: str, titles: Mapping[str, str]) -> None:
    pages: list[str] = st.multiselect(
        "Pages of the link",
        list(titles),
        default=[name for name in _FIRST_PAGES if name in titles],
        format_func=titles.__getitem__,
        key="app.class.pages",
        placeholder="All pages",
    )
    seen = address.seen_controls()
    whole = {name: f"All controls of {title}" for name, title in titles.items() if name in pages}
    hide: list[str] = st.multiselect(
        "Controls it hides",
        [*whole, *seen],
        default=[name for name in address.hidden() if name in {**whole, **seen}],
        format_func=lambda name: whole.get(name) or _described(name, seen[name], titles),
        key="app.hide",
        placeholder="None",
        help="Of the pages that you have opened. What is hidden keeps its value; a text stays readable.",
    )
    here, base = _here(titles)
    first = here if here in (pages or titles) else pages[0]
    dropped = (address.HIDE, lesson_progress.ANSWERS)  # what the lecturer tried is nobody's answer
    query = {name: value for name, value in _query().items() if first == here and name not in dropped}
    query[address.CLASS] = code
    if pages:
        query[address.PAGES] = ",".join(name for name in titles if name in pages)
    if hide:
        query[address.HIDE] = ",".join(hide)
    network = class_mode.network_address(base)
    link = f"{network or base}{'' if first == next(iter(titles)) else first}?{urlencode(query)}"
    if network is None:
        st.warning(
            "This server answers this computer alone. For a class, start it with `--server.address 0.0.0.0`.",
            icon=":material/wifi_off:",
        )
    else:
        st.image(qr_code(link), width=300, caption=f"{urlsplit(link).netloc}, class {code}")
    st.code(link, language=None, wrap_lines=True)
    n = class_answers.predictions().n_visitors(code)
    st.markdown(f"{n} visitor{'s' * (n != 1)} of class {code} predicted so far. Open **Lessons** to see what.")


def _described(name: str, label: str, titles: Mapping[str, str]) -> str:
    page = titles.get(name.partition(".")[0])
    return f"{page}: {label}" if page else label


def _here(titles: Mapping[str, str]) -> tuple[str, str]:
    """Return the name of this page, and the address of the app without it."""
    url: Any = st.context.url
    path, _, last = str(url or "").rstrip("/").rpartition("/")
    first = next(iter(titles))
    return (last, f"{path}/") if last in titles else (first, f"{str(url or '').rstrip('/')}/")
