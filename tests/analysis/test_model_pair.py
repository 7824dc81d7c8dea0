"""What teacher and student make of a text."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from distil_core.analysis import model_pair
from distil_core.analysis.model_pair import ModelPair, compare, load_pair
from distil_core.data.corpus import Place
from distil_core.errors import ModelError
from distil_core.models import loading
from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
from distil_core.settings.config import Method, Precision, TeacherConfig
from distil_core.training.cache import Cache
from tests import tiny

pytestmark = pytest.mark.usefixtures("quick")
TEXT = "then we saw snow near the old house"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "store")


def paired(distilled: Distillation, store: RunStore) -> ModelPair:
    return load_pair(distilled.folder, record=distilled.record, cache=Cache(store.path / "cache"))


def logits(model: object, text: str, *, max_length: int = tiny.LENGTH) -> tuple[float, ...]:
    batch = tiny.tokenizer()(text, truncation=True, max_length=max_length, return_tensors="pt")
    with torch.inference_mode():
        return tuple(model(input_ids=batch["input_ids"]).logits[0].tolist())  # type: ignore[operator]


def test_both_models_answer_in_the_order_of_the_corpus(lab: tiny.Lab, store: RunStore) -> None:
    distilled = foreground.run_all(lab.config(), store, twins=False)
    seen = compare(paired(distilled, store), TEXT)
    (whole,) = seen.sites
    cold, mild, hot = logits(loading.load_model(lab.teacher), TEXT)
    assert whole.place == Place.whole(TEXT)
    assert whole.teacher_logits == pytest.approx((cold, hot, mild), abs=1e-5)
    assert whole.student_logits == pytest.approx(logits(loading.load_model(distilled.folder.student), TEXT), abs=1e-5)
    assert (seen.tokens[0], seen.tokens[-1]) == ("[CLS]", "[SEP]")
    assert seen.tokens[1:-1] == tuple(tiny.tokenizer().tokenize(TEXT))
    assert not seen.truncated


def test_a_text_is_cut_where_the_run_cut_its_texts(lab: tiny.Lab, store: RunStore) -> None:
    config = lab.config(teacher=TeacherConfig(source=str(lab.teacher), max_length=8))
    pair = paired(foreground.run_all(config, store, twins=False), store)
    seen = compare(pair, TEXT)
    assert seen.truncated
    assert len(seen.tokens) == 8
    assert seen.sites[0].student_logits == pytest.approx(logits(pair.student, TEXT, max_length=8), abs=1e-5)


def test_a_sentence_is_timed_in_turns(lab: tiny.Lab, store: RunStore) -> None:
    pair = paired(foreground.run_all(lab.config(), store, twins=False), store)
    turns: list[None] = []
    timed = model_pair.timing(pair, TEXT, seconds=0.0, between=lambda: turns.append(None))
    assert timed.n == len(turns) == 9
    assert timed.n_tokens == len(compare(pair, TEXT).tokens)
    assert timed.n_threads == torch.get_num_threads()
    for latency in (timed.teacher, timed.student):
        assert 0 < latency.p5 <= latency.p50 <= latency.p95


def test_a_measurement_can_be_interrupted(lab: tiny.Lab, store: RunStore) -> None:
    pair = paired(foreground.run_all(lab.config(), store, twins=False), store)

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        model_pair.timing(pair, TEXT, between=stop)


def test_many_texts_are_answered_like_one(lab: tiny.Lab, store: RunStore) -> None:
    pair = paired(foreground.run_all(lab.config(), store, twins=False), store)
    texts = tiny.split(7, seed=3).texts
    before = dict(pair.teacher.config.to_dict())
    parts = list(model_pair.answer_texts(pair, texts, chunk=3))
    # A model that others are using at the same time must stay as it is.
    assert pair.teacher.config.to_dict() == before
    assert [len(part.teacher) for part in parts] == [3, 3, 1]
    assert [places for part in parts for places in part.places] == [(Place.whole(text),) for text in texts]
    for side in ("teacher", "student"):
        alone = [getattr(compare(pair, text).sites[0], f"{side}_logits") for text in texts]
        assert np.concatenate([getattr(part, side) for part in parts]) == pytest.approx(np.array(alone), abs=1e-5)
        [quick] = [getattr(part, side) for part in model_pair.answer_texts(pair, texts, precision=Precision.BF16)]
        assert quick == pytest.approx(np.array(alone), abs=0.2)
        assert (quick != np.array(alone, dtype=np.float32)).any()


def test_a_mask_is_named_where_there_is_one(lab: tiny.Lab, store: RunStore) -> None:
    pair = paired(foreground.run_all(lab.config(), store, twins=False), store)
    masked = compare(pair, "then we saw [MASK] near the old house")
    assert masked.mask == "[MASK]"
    assert masked.tokens[4] == "[MASK]"
    pair.tokenizer.mask_token = None
    assert compare(pair, TEXT).mask == ""


def test_a_teacher_that_was_fine_tuned_comes_from_the_cache(
    lab: tiny.Lab, store: RunStore, checkpoint: Callable[..., Path]
) -> None:
    teacher = TeacherConfig(source=str(checkpoint()), max_length=40, epochs=10, learning_rate=2e-3)
    distilled = foreground.run_all(lab.config(teacher=teacher), store, twins=False)
    cache = Cache(store.path / "cache")
    teacher_folder = cache.find("teachers", distilled.record.teacher_digest)
    assert teacher_folder is not None
    expected = logits(loading.load_model(teacher_folder), TEXT)
    assert compare(paired(distilled, store), TEXT).sites[0].teacher_logits == pytest.approx(expected, abs=1e-5)
    cache.empty()
    with pytest.raises(ModelError, match="is no longer kept; distil the run again to have it back"):
        paired(distilled, store)
    again = foreground.run_all(replace(lab.config(teacher=teacher), seed=1), store, twins=False)
    assert again.record.teacher_digest == distilled.record.teacher_digest
    paired(distilled, store)


def test_a_run_without_a_student_cannot_be_compared(lab: tiny.Lab, store: RunStore) -> None:
    distilled = foreground.run_all(lab.config(method=Method.BASELINE), store)
    with pytest.raises(ModelError, match="must have a student to compare, but is a baseline run; pick another"):
        paired(distilled, store)
