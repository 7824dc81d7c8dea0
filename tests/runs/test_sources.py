"""Wherever runs come from, they are read in the same way."""

from collections.abc import Callable
from pathlib import Path

import pytest

from distil_core.errors import RunNotFoundError
from distil_core.runs import families
from distil_core.runs.rows import RunState
from distil_core.runs.sources import EXAMPLE, CombinedRuns, RunSource, ShippedRuns, shipped_folder
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method
from distil_core.tasks.task import Task
from tests import seeds

Filled = Callable[[Path], RunSource]
TWINS = tuple(method for method in families.TWINS if method in Task.methods)


def _store(folder: Path) -> RunStore:
    store = RunStore(folder / "store")
    seeds.finished_family(store)
    return store


def _shipped(folder: Path) -> ShippedRuns:
    return ShippedRuns(seeds.example_folder(folder / "shipped"))


def _both(folder: Path) -> CombinedRuns:
    return CombinedRuns(_shipped(folder), _store(folder))


@pytest.fixture(params=[_store, _shipped, _both])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> RunSource:
    filled: Filled = request.param
    return filled(tmp_path)


class TestEverySource:
    def test_what_is_listed_can_be_had(self, source: RunSource) -> None:
        runs = source.list()
        assert len({run.id for run in runs}) == len(runs) in (4, 8)
        for run in runs:
            assert source.find(run.id) == source.get(run.id) == run
            assert run.state is RunState.DONE
            assert run.record is not None

    def test_a_run_has_its_files(self, source: RunSource) -> None:
        for run in source.list():
            folder = source.folder(run.id)
            assert folder.read_predictions().test.n_examples == len(folder.read_test_texts()) == seeds.N_TEXTS
            assert folder.has_student is (run.config.method is not Method.BASELINE)

    def test_a_run_has_its_events(self, source: RunSource) -> None:
        for run in source.list():
            numbered = source.events(run.id)
            assert tuple(event for _, event in numbered) == seeds.events_of(run.config)
            assert source.events(run.id, after=numbered[1][0]) == numbered[2:]
            assert source.events(run.id, after=numbered[-1][0]) == ()

    def test_what_is_not_there_is_said(self, source: RunSource) -> None:
        assert source.find("nothing") is None
        assert source.events("nothing") == ()
        with pytest.raises(RunNotFoundError, match="no run 'nothing'"):
            source.get("nothing")
        with pytest.raises(RunNotFoundError):
            source.folder("../elsewhere")

    def test_a_run_has_its_twins(self, source: RunSource) -> None:
        distilled = [run for run in source.list() if run.config.method is Method.DISTILLED]
        assert distilled
        for run in distilled:
            family = families.family(run, source)
            assert family is not None
            assert [twin.record.config.method for twin in family.twins] == list(TWINS)
            assert not families.busy(source, run.id)

    def test_nothing_changes_by_reading(self, source: RunSource) -> None:
        version = source.version()
        source.list()
        assert source.version() == version


def test_shipped_runs_are_known_by_name_and_can_only_be_read(tmp_path: Path) -> None:
    runs = _shipped(tmp_path).list()
    assert [run.id for run in runs] == [EXAMPLE, *(f"{EXAMPLE}-{method}" for method in TWINS)]
    assert all(run.read_only and not run.resumable for run in runs)
    assert not any(run.read_only for run in _store(tmp_path).list())


def test_an_address_of_an_earlier_version_leads_to_the_baseline(tmp_path: Path) -> None:
    shipped = _shipped(tmp_path)
    now, before = f"{EXAMPLE}-{Method.BASELINE}", f"{EXAMPLE}-tfidf"
    assert shipped.find(before) == shipped.get(before) == shipped.get(now)
    assert shipped.folder(before) == shipped.folder(now)
    assert shipped.events(before) == shipped.events(now)


def test_what_has_been_left_out_is_no_error(tmp_path: Path) -> None:
    assert ShippedRuns(tmp_path / "nothing").list() == ()


@pytest.mark.skipif(not shipped_folder().is_dir(), reason="the example run has not been built")
def test_what_ships_is_a_family_with_events() -> None:
    shipped = ShippedRuns()
    family = families.family(shipped.get(EXAMPLE), shipped)
    assert family is not None
    assert len(family.twins) == len(TWINS)
    assert family.distilled.folder.has_student
    assert all(shipped.events(run.id) for run in shipped.list())


def test_together_they_are_in_order_and_change_with_the_store(tmp_path: Path) -> None:
    both = _both(tmp_path)
    assert [run.read_only for run in both.list()] == [True] * 4 + [False] * 4
    version = both.version()
    RunStore(tmp_path / "store").add("more", seeds.a_config(seed=8), corpus_name="reviews")
    assert both.version() > version
    assert both.get("more").state is RunState.QUEUED


def test_twins_come_from_where_their_run_comes_from(tmp_path: Path) -> None:
    config = seeds.a_config()
    store = RunStore(tmp_path / "store")
    mine = seeds.finished(store, config)
    both = CombinedRuns(ShippedRuns(seeds.example_folder(tmp_path / "shipped", config)), store)
    assert families.twins(mine, both.list()) == ()
    seeds.finished_family(store, config)
    assert [twin.id for twin in families.twins(both.get(EXAMPLE), both.list())] == [
        f"{EXAMPLE}-{method}" for method in TWINS
    ]
    assert not any(twin.read_only for twin in families.twins(mine, both.list()))
