"""A run whose student is the start of another: what it decides, and what is said where it cannot be one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from distil_core.errors import ConfigError, StoreError
from distil_core.models.checkpoints import locate
from distil_core.runs import lineage
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical, parse_config
from distil_core.settings.config import Architecture, StudentConfig
from distil_core.settings.identity import fingerprint
from tests import seeds


@pytest.fixture
def store(home: Path) -> RunStore:
    return RunStore(home)


def a_student(store: RunStore, name: str, *, n_words: int | None = None) -> None:
    """Write what is read of a student: the size of its vocabulary, by default that of the shipped teacher."""
    words = n_words or json.loads((locate("shipped").folder / "config.json").read_text())["vocab_size"]
    store.folder(name).student.mkdir(parents=True, exist_ok=True)
    (store.folder(name).student / "config.json").write_text(json.dumps({"model_type": "bert", "vocab_size": words}))


def test_a_parent_decides_the_shape_and_is_part_of_the_name(store: RunStore) -> None:
    parent = seeds.finished_family(store, seeds.a_config(student=StudentConfig(layers=(0, 2, 4))))
    a_student(store, parent.id)
    config = seeds.a_config(student=StudentConfig(parent=parent.id[:9], depth=1, architecture=Architecture.DISTILBERT))
    student = lineage.inherited(config, store).student
    assert (student.parent, student.depth, student.layers) == (parent.id, 3, ())
    assert student.architecture is parent.config.student.architecture
    child = canonical(lineage.inherited(config, store))
    names = {
        fingerprint(config, corpus_digest="c", teacher_digest="t")
        for config in (child, canonical(replace(child, student=replace(child.student, parent=""))))
    }
    assert len(names) == 2
    assert lineage.inherited(seeds.a_config(), store) == seeds.a_config()


def test_a_parent_that_cannot_be_one_is_told_in_a_sentence(store: RunStore) -> None:
    def of(name: str) -> None:
        lineage.inherited(seeds.a_config(student=StudentConfig(parent=name)), store)

    with pytest.raises(ConfigError, match="got 'nobody', which fits 0; see the list of runs"):
        of("nobody")
    config = canonical(seeds.a_config())
    store.add("waits", config, corpus_name="x")
    with pytest.raises(ConfigError, match="waits is still waiting; let it end first"):
        of("waits")
    with store.owner() as owner:
        store.claim(owner, "waits")
        store.fail("waits", "the corpus is gone")
    with pytest.raises(ConfigError, match=r"waits has failed \(the corpus is gone\)"):
        of("waits")
    other = seeds.finished_family(store)
    a_student(store, other.id, n_words=7)
    with pytest.raises(ConfigError, match="reads the same tokens as the teacher shipped, which knows 9,532 words, but"):
        of(other.id)
    with pytest.raises(ConfigError, match=r"student\.init must be left as it is when student\.parent"):
        parse_config({"student": {"init": "random", "parent": "waits"}})


def test_a_deleted_parent_is_missed_only_where_it_is_needed(store: RunStore) -> None:
    parent = seeds.finished_family(store)
    a_student(store, parent.id)
    config = canonical(lineage.inherited(seeds.a_config(student=StudentConfig(parent=parent.id)), store))
    child = store.add("child", config, corpus_name="x")
    assert [run.id for run in lineage.children(parent.id, store.list())] == ["child"]
    assert lineage.student_folder(config, store) == store.folder(parent.id).student
    assert lineage.ancestors(child.config, store) == (parent.id,)
    store.delete(parent.id)
    assert lineage.ancestors(child.config, store) == (parent.id,)
    with pytest.raises(StoreError, match="was deleted; distil it again"):
        lineage.student_folder(config, store)
