"""The run in use, and why a page cannot show it."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs.store import RunStore
from distil_core.tasks import catalog
from tests import seeds
from tests.tasks.test_seam import Tagging


@pytest.mark.parametrize("page", ["compare", "temperature", "attention"])
def test_a_page_of_whole_texts_says_that_a_tagger_is_another_thing(
    app: Callable[..., AppTest], store: RunStore, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setitem(catalog.TASKS, "tagging", Tagging())
    run = seeds.finished_family(store, seeds.a_config(task="tagging"))
    at = app(page, run=run.id)
    assert "(Tagging of words) models answer at many places in a text" in at.info[0].value
    assert not at.exception
