"""What Streamlit may take away is still there; the message says what to do when it is not."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from distil_core.reporting.figures import theme
from pages.components import private_apis
from tests.readme import ROOT

HELP = f"in Streamlit {st.__version__}: see pages/components/private_apis.py"


@pytest.fixture(scope="module")
def frontend() -> str:
    """All of Streamlit's own JavaScript."""
    scripts = sorted((Path(st.__file__).parent / "static").rglob("*.js"))
    return "\n".join(path.read_text(encoding="utf-8") for path in scripts)


@pytest.mark.parametrize("name", [*private_apis.TEST_IDS, private_apis.SCRIPT_STATE])
def test_parts_of_its_pages_still_have_their_names(frontend: str, name: str) -> None:
    assert name in frontend, f"nothing is called {name!r} any more {HELP}"


def test_no_other_names_are_used() -> None:
    code = [
        *(ROOT / "pages").rglob("*.js"),
        *(ROOT / "pages").rglob("*.css"),
        *(ROOT / "distil_core").rglob("*.py"),
    ]
    texts = [path.read_text(encoding="utf-8") for path in code]
    used = {name for text in texts for name in re.findall(r"""(?:data-testid[\^$*]?="|["'`]\.)(st[A-Z]\w*)""", text)}
    assert used == set(private_apis.TEST_IDS)


def test_pages_are_still_routed_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.runtime import pages_manager

    assert hasattr(pages_manager.PagesManager, "uses_pages_directory"), (
        f"PagesManager has no uses_pages_directory any more {HELP}: does a first visit to /compare have its header?"
    )
    monkeypatch.setattr(pages_manager.PagesManager, "uses_pages_directory", True)
    private_apis.route_by_navigation()
    assert pages_manager.PagesManager.uses_pages_directory is False


def test_installed_packages_are_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.components.v2 import component_manager, manifest_scanner

    assert "scan_component_manifests()" in Path(component_manager.__file__).read_text(encoding="utf-8"), (
        f"nobody calls scan_component_manifests any more {HELP}"
    )
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", manifest_scanner.scan_component_manifests)
    private_apis.skip_component_scan()
    assert manifest_scanner.scan_component_manifests() == []


def test_numbers_in_addresses_are_still_parsed_where_they_were() -> None:
    from streamlit.runtime.state import session_state

    private_apis.refuse_endless_numbers()
    parse = vars(session_state)["parse_url_param"]
    assert parse("1.5", "double_value") == 1.5, f"numbers of addresses are parsed elsewhere {HELP}"
    for endless in ("inf", "nan", "1e999"):
        with pytest.raises(ValueError, match="must be finite"):
            parse(endless, "double_value")


def test_widgets_may_change_while_somebody_goes_through_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.runtime.state.session_state import Value, WStates

    monkeypatch.setattr(WStates, "__iter__", WStates.__iter__)
    private_apis.go_through_widgets_safely()
    states = WStates(states={"a": Value(1), "b": Value(2)})
    seen = []
    for name in states:
        del states[name]
        states[f"{name} again"] = Value(3)
        seen.append(name)
    assert seen == ["a", "b"], f"widgets are kept in another way {HELP}"


class _Changing(dict[str, Any]):
    """What changes the first time that somebody goes through it, as if another thread did."""

    def __iter__(self) -> Iterator[str]:
        for name in super().__iter__():
            self.setdefault("new", 3)
            yield name


@pytest.mark.parametrize("name", ["_keys", "_reset_triggers"])
def test_what_a_visit_holds_may_change_while_somebody_goes_through_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streamlit.runtime.state.session_state import SessionState, WStates

    monkeypatch.setattr(WStates, "__iter__", WStates.__iter__)
    for each in ("_keys", "_reset_triggers"):
        assert hasattr(SessionState, each), f"{each} is gone {HELP}"
        monkeypatch.setattr(SessionState, each, inspect.unwrap(getattr(SessionState, each)))
    state = SessionState(_old_state=_Changing(a=1, b=2))
    with pytest.raises(RuntimeError, match="during iteration"):
        getattr(state, name)()
    state = SessionState(_old_state=_Changing(a=1, b=2))
    private_apis.go_through_widgets_safely()
    getattr(state, name)()
    assert state._keys() == {"a", "b", "new"}


def test_other_errors_of_a_visit_are_not_swallowed() -> None:
    def fails() -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        private_apis._begun_again(fails)()


def test_text_of_charts_has_the_color_that_the_theme_replaces() -> None:
    from streamlit.elements.lib import streamlit_plotly_theme

    assert streamlit_plotly_theme.GRAY_90 == theme.TEXT, f"it is another color {HELP}: is the text of charts readable?"
