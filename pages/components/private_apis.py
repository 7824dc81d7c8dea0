"""What of Streamlit is used although it promises nothing about it: all of it, and nothing else.

A new version may take it away without a word; a test tells at once which one is gone.

Reads and writes: nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial, wraps
from typing import Any

TEST_IDS = {
    "stApp": "tells whether a page is drawn, and has the background that a saved chart is painted on",
    "stTopNav": "begins the name of the links between the pages, which wait for their turn",
    "stSidebarNavLink": "is a link between the pages on a narrow window, where they wait, too",
    "stLayoutWrapper": "stands between a container and its columns, whose order is another on a phone",
    "stHorizontalBlock": "holds columns",
    "stBaseButton": "begins the name of buttons; the primary ones have too little contrast in the dark",
    "stExpandSidebarButton": "is the way to the other pages on a narrow window; it has no word of its own",
    "stCaptionContainer": "is a caption, whose text and links have too little contrast",
}
"""Names by which our JavaScript and the benchmark of the start know parts of Streamlit's pages, and why."""
_LARGEST = 1e15
SCRIPT_STATE = "data-test-script-state"
"""What says of ``stApp`` whether the page is still being drawn; it becomes ``notRunning``."""


def route_by_navigation() -> None:
    """Let a first visit that goes straight to a page run ``app.py``, and not the file of that page alone.

    Streamlit takes a folder called ``pages`` for its older kind of app until ``st.navigation`` has been called once;
    no option says otherwise. Where this is gone, such a visit lacks its header until the next click.
    """
    with suppress(ImportError):
        from streamlit.runtime.pages_manager import PagesManager

        PagesManager.uses_pages_directory = False


def skip_component_scan() -> None:
    """Do not look through all installed packages for components: the app has only its own, which it registers itself.

    Streamlit does so before it serves anything, and for every run of a page in a test; 0.16 s for 110 packages. Where
    this is gone, that is what it costs again.
    """
    with suppress(ImportError):
        from streamlit.components.v2 import manifest_scanner

        manifest_scanner.scan_component_manifests = _nothing


def go_through_widgets_safely() -> None:
    """Go through what a visit holds as it is at a moment, and begin again where another thread changed it meanwhile.

    When a page is drawn anew before it has been drawn, the thread that drew it goes on until it looks whether it may,
    under a lock of its own. On a busy machine the new one then failed with "dictionary changed size during iteration".
    Where this is gone, that may happen again.
    """
    with suppress(ImportError):
        from streamlit.runtime.state.session_state import SessionState, WStates

        WStates.__iter__ = _keys_now  # type: ignore[method-assign]
        for name in ("_keys", "_reset_triggers"):
            method = getattr(SessionState, name, None)
            if method is not None and not hasattr(method, "__wrapped__"):
                setattr(SessionState, name, _begun_again(method))


def _keys_now(states: Any) -> Iterator[str]:
    return iter(list(states.states))


def _begun_again(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def until_undisturbed(*args: Any, **options: Any) -> Any:
        while True:
            try:
                return method(*args, **options)
            except RuntimeError as error:
                if "during iteration" not in str(error):
                    raise

    return until_undisturbed


def refuse_endless_numbers() -> None:
    """Take no number from an address that is infinite or none, as a widget of whole numbers fails on it.

    A value that raises ``ValueError`` is left out by Streamlit itself. Where this is gone, such an address shows a
    traceback.
    """
    with suppress(ImportError):
        from streamlit.runtime.state import session_state

        parse = vars(session_state).get("parse_url_param")
        if parse is not None and not isinstance(parse, partial):
            vars(session_state)["parse_url_param"] = partial(_parsed_finite, parse)


def _parsed_finite(parse: Callable[..., Any], value: str | list[str], value_type: str) -> Any:
    parsed = parse(value, value_type)
    numbers = parsed if isinstance(parsed, list) else [parsed]
    if any(isinstance(number, float) and not abs(number) < _LARGEST for number in numbers):
        raise ValueError(f"a number in an address must be finite, got {value!r}")
    return parsed


def _nothing(max_workers: int | None = None) -> list[Any]:
    return []
