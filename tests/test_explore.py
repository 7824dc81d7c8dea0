"""What teacher and student make of a text."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from distil_core import explore, models, pipeline
from distil_core.cache import Cache
from distil_core.config import RunKind, TeacherConfig
from distil_core.errors import ModelError
from distil_core.explore import Pair, compare, load_pair
from distil_core.pipeline import Distillation
from distil_core.runs import RunStore
from tests import tiny

pytestmark = pytest.mark.usefixtures("quick")
TEXT = "then we saw snow near the old house"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


def paired(found: Distillation, store: RunStore) -> Pair:
    return load_pair(found.folder, record=found.record, cache=Cache(store.path / "cache"))


def logits(model: object, text: str, *, max_length: int = tiny.LENGTH) -> tuple[float, ...]:
    batch = tiny.tokenizer()(text, truncation=True, max_length=max_length, return_tensors="pt")
    with torch.inference_mode():
        return tuple(model(input_ids=batch["input_ids"]).logits[0].tolist())  # type: ignore[operator]


def test_both_models_answer_in_the_order_of_the_corpus(lab: tiny.Lab, store: RunStore) -> None:
    found = pipeline.run_all(lab.config(), store, twins=False)
    seen = compare(paired(found, store), TEXT)
    cold, mild, hot = logits(models.load_model(lab.teacher), TEXT)
    assert seen.teacher_logits == pytest.approx((cold, hot, mild), abs=1e-5)
    assert seen.student_logits == pytest.approx(logits(models.load_model(found.folder / "student"), TEXT), abs=1e-5)
    assert (seen.tokens[0], seen.tokens[-1]) == ("[CLS]", "[SEP]")
    assert seen.tokens[1:-1] == tuple(tiny.tokenizer().tokenize(TEXT))
    assert seen.teacher_ms > 0
    assert seen.student_ms > 0
    assert not seen.truncated


def test_a_text_is_cut_where_the_run_cut_its_texts(lab: tiny.Lab, store: RunStore) -> None:
    config = lab.config(teacher=TeacherConfig(source=str(lab.teacher), max_length=8))
    pair = paired(pipeline.run_all(config, store, twins=False), store)
    seen = compare(pair, TEXT)
    assert seen.truncated
    assert len(seen.tokens) == 8
    assert seen.student_logits == pytest.approx(logits(pair.student, TEXT, max_length=8), abs=1e-5)


def test_times_are_medians_of_turns(lab: tiny.Lab, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = paired(pipeline.run_all(lab.config(), store, twins=False), store)
    spent = iter([9.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 8.0])
    clock = [0.0]

    def tick() -> float:
        tick.calls += 1  # type: ignore[attr-defined]
        if tick.calls % 2 == 0:  # type: ignore[attr-defined]
            clock[0] += next(spent) / 1000
        return clock[0]

    tick.calls = 0  # type: ignore[attr-defined]
    monkeypatch.setattr(explore.time, "perf_counter", tick)
    seen = compare(pair, TEXT)
    assert (seen.teacher_ms, seen.student_ms) == pytest.approx((2.0, 1.0))


def test_a_teacher_that_was_fine_tuned_comes_from_the_cache(
    lab: tiny.Lab, store: RunStore, checkpoint: Callable[..., Path]
) -> None:
    teacher = TeacherConfig(source=str(checkpoint()), max_length=40, epochs=10, learning_rate=5e-3)
    found = pipeline.run_all(lab.config(teacher=teacher), store, twins=False)
    cache = Cache(store.path / "cache")
    kept = cache.find("teachers", found.record.teacher_digest)
    assert kept is not None
    expected = logits(models.load_model(kept), TEXT)
    assert compare(paired(found, store), TEXT).teacher_logits == pytest.approx(expected, abs=1e-5)
    cache.empty()
    with pytest.raises(ModelError, match="is no longer kept; distil the run again to have it back"):
        paired(found, store)
    again = pipeline.run_all(replace(lab.config(teacher=teacher), seed=1), store, twins=False)
    assert again.record.teacher_digest == found.record.teacher_digest
    paired(found, store)


def test_a_run_without_a_student_cannot_be_compared(lab: tiny.Lab, store: RunStore) -> None:
    found = pipeline.run_all(lab.config(kind=RunKind.TFIDF), store)
    with pytest.raises(ModelError, match="must have a student to compare, but is a tfidf run; pick another"):
        paired(found, store)
