"""The address of a page: its version and seed, what it hides, and the link to hand on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from distil_core.runs.store import RunStore
from pages.state import address
from tests import seeds
from tests.pages.conftest import markdown

App = Callable[..., AppTest]

PAGES = ("distil", "compare", "temperature", "attention", "tradeoffs", "whatif", "lessons", "runs")


def link(at: AppTest) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(at.code[0].value).query).items()}


def aside(at: AppTest) -> Any:
    """What the page has put aside: the popover without a label."""
    return next((block for block in at.get("popover") if not block.proto.popover.label), None)


@pytest.mark.parametrize("page", ["distil", "compare", "tradeoffs", "runs"])
def test_every_address_names_the_version(app: App, example: Path, page: str) -> None:
    at = app(page)
    assert at.query_params["v"] == address.VERSION
    assert link(at)["v"] == address.VERSION
    assert not at.exception


@pytest.mark.parametrize("page", PAGES)
def test_an_address_that_says_it_all_is_not_sent_again(
    app: App, example: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    at = app(page).run()
    sent: list[str] = []
    monkeypatch.setattr(QueryParams, "_send_query_param_msg", lambda parameters: sent.append(repr(parameters)))
    at.run()
    assert sent == []
    at.query_params.pop("v")
    at.run()
    assert len(sent) == 1


def test_an_address_of_another_version_says_so(app: App) -> None:
    at = app(v="7")
    assert "from version 7 of the lab" in markdown(at)
    assert at.query_params["v"] == "7"
    assert not at.exception


def test_the_seed_is_always_in_the_address(app: App) -> None:
    at = app()
    assert at.query_params["seed"] == "0"
    at.number_input(key="distil.seed").set_value(5).run()
    assert at.query_params["seed"] == "5"
    assert app(seed="7").number_input(key="distil.seed").value == 7
    assert app(seed="seven").number_input(key="distil.seed").value == 0
    assert not at.exception


def test_hidden_controls_are_put_aside_and_keep_their_values(app: App) -> None:
    assert aside(app()) is None
    at = app(hide="distil.loss.temperature", distil__loss__temperature="4.0")
    hidden = aside(at)
    assert hidden is not None
    assert [slider.key for slider in hidden.slider] == ["distil.loss.temperature"]
    assert hidden.slider[0].value == 4.0
    assert "distil.loss.alpha" in [slider.key for slider in at.slider]
    assert not at.exception


def test_the_name_of_a_page_hides_all_its_controls(app: App) -> None:
    at = app(hide="distil")
    hidden = aside(at)
    assert hidden is not None
    assert len(hidden.slider) == len(at.slider) > 1
    assert {box.label for box in at.expander} <= {"Decision card"}  # no box is left around nothing
    assert not at.exception


def test_what_is_hidden_stays_hidden_on_the_next_page(app: App, example: Path) -> None:
    at = app(hide="app.run")
    at.switch_page("pages/runs.py").run()
    assert at.query_params["hide"] == "app.run"
    assert not at.exception


def test_link_for_a_class_hides_what_is_picked_and_leaves_this_page_as_it_is(app: App, store: RunStore) -> None:
    at = app(seed="3")
    at.toggle(key="app.class").set_value(True).run()
    code = at.query_params["lecture"]
    at.multiselect(key="app.class.pages").set_value(["distil", "lessons"]).run()
    at.multiselect(key="app.hide").set_value(["distil.corpus", "distil.seed"]).run()
    expected = {"v": address.VERSION, "seed": "3", "hide": "distil.corpus,distil.seed"}
    assert link(at) == {**expected, "class": code, "pages": "distil,lessons"}
    assert not {"hide", "class", "pages"} & set(at.query_params)
    assert not at.exception


def test_link_for_a_class_is_carried_and_shows_its_pages_and_nothing_that_deletes(app: App, store: RunStore) -> None:
    run = seeds.finished_family(store)
    at = app(
        "temperature",
        run=run.id,
        pages="temperature,compare,runs",
        hide="temperature.text,compare.filters",
        temperature__text="A *good* one.",
        **{"class": "abc234"},
    )
    # The text under judgement can still be read; its field is put aside.
    assert "A \\*good\\* one." in [element.value for element in at.markdown]
    assert not [button.key for button in at.button if str(button.key).startswith("temperature.example.")]
    at.switch_page("pages/compare.py").run()
    hidden = aside(at)
    assert hidden is not None
    assert "compare.label" in [box.key for box in hidden.selectbox]
    assert not [element.value for element in at.header if "press to filter" in element.value]
    at.switch_page("pages/runs.py").run()
    assert (at.query_params["class"], at.query_params["pages"]) == ("abc234", "temperature,compare,runs")
    assert "runs.open" in [button.key for button in at.button]
    assert not {"runs.delete", "runs.cache"} & {button.key for button in at.button}
    assert "app.class" not in [toggle.key for toggle in at.toggle]
    assert not at.exception
