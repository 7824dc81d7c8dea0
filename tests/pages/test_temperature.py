"""Temperature: what the live component gets, what it gives back, and the figures of the whole corpus."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

App = Callable[..., AppTest]


def sent(at: AppTest) -> dict[str, Any]:
    """What the component in the browser gets."""
    return json.loads(at.get("bidi_component")[0].proto.json)  # type: ignore[no-any-return]


def test_browser_gets_both_models_logits(app: App, example: Path) -> None:
    at = app("temperature")
    data = sent(at)
    assert data["teacher"] == [2.0, 0.0, 0.0, 0.0, 0.0]
    assert data["student"] == [0.0, 2.0, 0.0, 0.0, 0.0]
    assert data["labels"] == ["very negative", "negative", "neutral", "positive", "very positive"]
    assert data["value"] == 2.0
    assert not at.exception
