import gc
import os
from collections.abc import Iterator

import pytest

from distil_core import process


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


class TestTune:
    def test_idle_threads_go_to_sleep_soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
        process.tune()
        assert os.environ["GOMP_SPINCOUNT"] == process.SPINNING

    def test_what_the_user_has_set_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GOMP_SPINCOUNT", "7")
        process.tune()
        assert os.environ["GOMP_SPINCOUNT"] == "7"

    def test_imports_are_not_searched_for_garbage(self) -> None:
        gc.set_threshold(700)
        process.tune()
        assert gc.isenabled()
        assert gc.get_threshold()[0] > 10_000
