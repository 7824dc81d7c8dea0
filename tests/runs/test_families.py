from dataclasses import replace
from pathlib import Path

import pytest

from distil_core.runs import families
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import twin_of
from distil_core.settings.config import LossConfig, Method, StudentConfig
from tests import seeds


@pytest.fixture
def store(home: Path) -> RunStore:
    return RunStore(home)


def test_twins_are_found_by_what_they_were_asked(store: RunStore) -> None:
    run = seeds.finished_family(store)
    seeds.finished_family(store, seeds.a_config(student=StudentConfig(depth=1)))
    methods = [twin.config.method for twin in families.twins(run, store.list())]
    assert methods == [Method.HARD_LABELS, Method.LAYER_CUT, Method.BASELINE]
    assert {twin.config.student.depth for twin in families.twins(run, store.list())} == {2}


def test_temperatures_share_their_twins(store: RunStore) -> None:
    run = seeds.finished_family(store)
    hot = seeds.finished_family(store, seeds.a_config(loss=LossConfig(temperature=8.0)))
    assert families.twins(run, store.list()) == families.twins(hot, store.list())


def test_a_twin_that_read_other_texts_under_the_same_name_is_none(store: RunStore) -> None:
    run = seeds.finished_family(store)
    assert run.record is not None
    other = replace(run, record=replace(run.record, corpus=replace(run.record.corpus, digest="another")))
    assert families.twins(other, store.list()) == ()
    other = replace(run, record=replace(run.record, teacher_digest="another"))
    assert families.twins(other, store.list()) == ()


def test_family_gathers_what_is_done(store: RunStore) -> None:
    distilled, *_, hard = seeds.family_of(seeds.a_config())
    waiting = store.add("waiting", distilled, corpus_name="reviews")
    assert families.family(waiting, store) is None
    store.delete("waiting")
    run, twin = seeds.finished(store, distilled), seeds.finished(store, hard)
    store.add("cut", twin_of(distilled, Method.LAYER_CUT), corpus_name="reviews")
    found = families.family(run, store)
    assert found is not None
    assert found.twin(Method.HARD_LABELS) == families.FinishedRun(
        run=twin.id, folder=store.folder(twin.id), record=seeds.record_of(hard, twin.id)
    )
    assert found.twin(Method.LAYER_CUT) is None
    alone = families.family(twin, store)
    assert alone is not None
    assert alone.twins == ()


def test_busy_while_any_member_is_not_over(store: RunStore) -> None:
    distilled, *_, hard = seeds.family_of(seeds.a_config())
    run = seeds.finished(store, distilled)
    assert not families.busy(store, run.id)
    store.add("hard", hard, corpus_name="reviews")
    assert families.busy(store, run.id)
    assert families.busy(store, "hard")
    assert not families.busy(store, "unknown")


def test_twin_without_a_run_is_not_waited_for(store: RunStore) -> None:
    twin = seeds.finished(store, seeds.family_of(seeds.a_config())[1])
    assert not families.busy(store, twin.id)
