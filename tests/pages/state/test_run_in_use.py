"""The run in use, and why a page cannot show it."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs.store import RunStore
from tests import seeds


@pytest.mark.parametrize("page", ["compare", "temperature", "attention"])
def test_models_of_an_unknown_task_cannot_be_asked(app: Callable[..., AppTest], store: RunStore, page: str) -> None:
    run = seeds.finished_family(store, seeds.a_config(task="tagging_of_words"))
    at = app(page, run=run.id)
    assert r"a task that this version of the lab does not know (tagging\_of\_words)" in at.info[0].value
    assert not at.exception
