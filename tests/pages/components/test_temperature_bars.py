"""The bars that move with the temperature: what the browser gets, and what it gives back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import component

App = Callable[..., AppTest]


def test_temperature_is_kept_in_the_address(app: App, example: Path) -> None:
    assert component(app("temperature", temperature__t="4.5"), "temperature")["value"] == 4.5
    at = app("temperature")
    at.session_state["temperature.t"] = {"temperature": 0.5}
    at.run()
    assert component(at, "temperature")["value"] == 0.5
    assert not at.exception


@pytest.mark.parametrize(("written", "meant"), [("hot", 2.0), ("nan", 2.0), ("-3", 2.0), ("0", 2.0), ("99", 20.0)])
def test_address_may_say_anything(app: App, example: Path, written: str, meant: float) -> None:
    at = app("temperature", temperature__t=written)
    assert component(at, "temperature")["value"] == meant
    assert not at.exception
