import gc
import os
import platform
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from distil_core import process


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    os.environ.pop(process.HUGE_PAGES, None)


class TestTune:
    @pytest.mark.parametrize("beside", [False, True])
    def test_idle_threads_go_to_sleep_sooner_beside_others(self, beside: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
        process.tune(beside=beside)
        rounds = int(os.environ.pop("GOMP_SPINCOUNT"))
        assert rounds == (1_000 if beside else 20_000)

    def test_what_the_user_has_set_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GOMP_SPINCOUNT", "7")
        process.tune()
        assert os.environ["GOMP_SPINCOUNT"] == "7"

    @pytest.mark.parametrize(("wanted", "set_to"), [(None, [(-3, 24 * 2**20)]), ("65536", [])])
    def test_large_pieces_of_memory_stand_by_themselves(
        self, wanted: str | None, set_to: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        done: list[tuple[int, int]] = []
        monkeypatch.setattr(process, "_allocator", lambda: SimpleNamespace(mallopt=lambda *what: done.append(what)))
        monkeypatch.delenv(process.HUGE_PAGES, raising=False)
        if wanted is not None:
            monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", wanted)
        process.tune()
        assert done == set_to
        assert os.environ[process.HUGE_PAGES] == "1"

    def test_imports_are_not_searched_for_garbage(self) -> None:
        gc.set_threshold(700)
        process.tune()
        assert gc.isenabled()
        assert gc.get_threshold()[0] > 10_000


class Heap:
    """An allocator that holds some bytes without use."""

    def __init__(self, unused: int) -> None:
        self.unused, self.trimmed = unused, 0

    def mallinfo2(self) -> SimpleNamespace:
        return SimpleNamespace(fordblks=self.unused)

    def malloc_trim(self, _: int) -> int:
        self.trimmed += 1
        return 1


class TestMemory:
    @pytest.mark.parametrize(("unused", "trimmed"), [(process.UNUSED, 0), (process.UNUSED + 1, 1)])
    def test_much_that_is_not_in_use_is_given_back(
        self, unused: int, trimmed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heap = Heap(unused)
        monkeypatch.setattr(process, "_allocator", lambda: heap)
        process.give_back_memory()
        assert heap.trimmed == trimmed

    def test_another_allocator_is_left_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def opened(name: None) -> object:
            return object()

        monkeypatch.setattr(process.ctypes, "CDLL", opened)
        assert process._allocator.__wrapped__() is None

    @pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is not that of glibc")
    def test_glibc_says_what_it_holds(self) -> None:
        heap = process._allocator()
        assert heap is not None
        assert 0 < heap.mallinfo2().uordblks < 2**40
        process.give_back_memory()
