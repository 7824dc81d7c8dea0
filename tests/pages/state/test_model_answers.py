"""What models answer, kept between reruns."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.analysis import model_pair
from distil_core.runs.store import RunStore
from pages.state import resources
from pages.state.model_answers import timing as usual_timing
from tests import seeds

App = Callable[..., AppTest]


def test_a_sentence_is_timed_once_and_again_when_nothing_else_runs(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = seeds.finished_family(store)
    family = resources.family(run.id)
    assert family is not None
    measured: list[str] = []

    def timing(pair: object, text: str, *, between: Callable[[], object]) -> int:
        between()
        measured.append(text)
        return len(measured)

    monkeypatch.setattr(model_pair, "timing", timing)
    monkeypatch.setattr(resources, "model_pair", lambda outcome: None)
    outcome = family.distilled
    other = store.add("other", seeds.a_config(seed=7), corpus_name="reviews")
    with store.owner() as owner:
        store.claim(owner, other.id)
        assert usual_timing(outcome, "Hm.", between=lambda: None) == (1, True)
        assert usual_timing(outcome, "Hm.", between=lambda: None) == (1, True)
    assert usual_timing(outcome, "Hm.", between=lambda: None) == (2, False)
    assert usual_timing(outcome, "Hm.", between=lambda: None) == (2, False)

    def interrupt() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        usual_timing(outcome, "Oh.", between=interrupt)
    # Whoever was interrupted keeps nobody else waiting.
    assert usual_timing(outcome, "Oh.", between=lambda: None) == (3, False)
