"""The run in use, and why a page cannot show it."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.runs.store import RunStore
from distil_core.tasks import catalog
from tests import seeds
from tests.tagging import Tagging


@pytest.mark.parametrize("page", ["distil", "compare", "temperature", "attention", "tradeoffs", "whatif", "runs"])
def test_a_run_of_an_unknown_task_is_left_alone(
    app: Callable[..., AppTest], store: RunStore, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as another_version:
        another_version.setitem(catalog.TASKS, "tagging", Tagging())
        run = seeds.finished_family(store, seeds.a_config(task="tagging"))
        assert store.find(run.id) is not None
    assert store.list() == ()
    at = app(page, run=run.id)
    assert "or of a task or settings that this version does not know" in at.warning[0].value
    assert not at.exception
