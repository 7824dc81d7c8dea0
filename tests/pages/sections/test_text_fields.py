"""A text of two segments on the pages: a field for each, in the address too, and edits that stay in their segment."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.data.corpus import join_segments
from distil_core.tasks.classification import TextClassification
from tests.pages.conftest import markdown, press

App = Callable[..., AppTest]
PAGES = ("compare", "attention", "temperature")


@pytest.fixture(autouse=True)
def two_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let texts have two segments."""
    monkeypatch.setattr(TextClassification, "segments", ("First text", "Second text"))


def fields(at: AppTest, page: str) -> list[str]:
    return [at.text_input(key=key).value for key in (f"{page}.text", f"{page}.text.2")]


def opened(app: App, page: str, first: str, second: str) -> AppTest:
    return app(page, **{f"{page}__text": first, f"{page}__text__2": second})


@pytest.mark.parametrize("page", PAGES)
def test_the_address_names_both(
    app: App, example: Path, models: list[tuple[str, str]], readings: list[str], page: str
) -> None:
    at = opened(app, page, "The soup was hot.", "We had hot soup.")
    assert not at.exception
    assert fields(at, page) == ["The soup was hot.", "We had hot soup."]
    assert [at.text_input(key=f"{page}.text").label, at.text_input(key=f"{page}.text.2").label] == [
        "First text",
        "Second text",
    ]
    whole = join_segments(fields(at, page))
    assert whole in [text for _, text in models] + [text.removeprefix("reading ") for text in readings]
    at.text_input(key=f"{page}.text.2").set_value("No soup.").run()
    assert any(text.endswith("\x1fNo soup.") for text in (*readings, *(text for _, text in models)))


@pytest.mark.parametrize("page", PAGES)
def test_one_alone_is_not_answered(app: App, example: Path, readings: list[str], page: str) -> None:
    at = opened(app, page, "The soup was hot.", "We had hot soup.")
    at.text_input(key=f"{page}.text").set_value(" ").run()
    assert not at.exception
    assert "pick one of the examples" in markdown(at)


def test_edits_stay_in_their_segment(app: App, example: Path) -> None:
    at = opened(app, "compare", "The soup was hot", "we had hot soup.")
    words = [button.label for button in at.button if (button.key or "").startswith("compare.word.")]
    assert words == ["The", "soup", "was", "hot", "we", "had", "hot", "soup", "."]
    press(at, "compare.word.3")
    press(at, "compare.drop")
    assert fields(at, "compare") == ["The soup was", "we had hot soup."]
    press(at, "compare.word.3")
    at.text_input(key="compare.swap").set_value("They").run()
    assert fields(at, "compare") == ["The soup was", "They had hot soup."]
    press(at, "compare.undo.last")
    assert fields(at, "compare") == ["The soup was", "we had hot soup."]
    assert at.query_params["compare.original"] == join_segments(("The soup was hot", "we had hot soup."))
    press(at, "compare.back")
    assert fields(at, "compare") == ["The soup was hot", "we had hot soup."]
    assert not at.exception
