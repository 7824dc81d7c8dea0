"""Measurements: by hand, against scikit-learn, and speed against a clock that does as it is told."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, f1_score, log_loss
from torch import Tensor, nn

from distil_core.errors import CorpusError, ModelError
from distil_core.evaluation.calibration import Calibration
from distil_core.evaluation.cost import Batch, bytes_on_disk, n_parameters, speed
from distil_core.evaluation.measuring import calibration, fidelity, quality


def predicting(*classes: int, n_classes: int = 3, by: float = 2.0) -> Tensor:
    """Make the logits of a model that predicts these classes."""
    return by * torch.nn.functional.one_hot(torch.tensor(classes), n_classes).float()


def drawn(n: int = 500, n_classes: int = 4) -> tuple[Tensor, Tensor]:
    labels = torch.randint(n_classes, (n,))
    return torch.randn(n, n_classes) + 1.5 * predicting(*labels.tolist(), n_classes=n_classes, by=1.0), labels


def test_quality_by_hand() -> None:
    measured = quality(predicting(0, 1, 2, 0), torch.tensor([0, 1, 2, 1]))
    assert measured.accuracy.value == 0.75
    # F1 of the classes: 2/3, 2/3 and 1.
    assert measured.macro_f1 == pytest.approx(7 / 9)
    total = math.exp(2) + 2
    assert measured.nll == pytest.approx(math.log(total) - 2 * 3 / 4)
    assert measured.ece == pytest.approx(abs(0.75 - math.exp(2) / total))


def test_sklearn_agrees() -> None:
    logits, labels = drawn()
    measured = quality(logits, labels)
    probs = logits.double().softmax(dim=1).numpy()
    predictions = probs.argmax(axis=1)
    assert measured.accuracy.value == pytest.approx(accuracy_score(labels, predictions))
    assert measured.macro_f1 == pytest.approx(f1_score(labels, predictions, average="macro"))
    assert measured.nll == pytest.approx(log_loss(labels, probs))


def test_a_class_that_nobody_predicts_counts_zero_without_a_warning() -> None:
    assert quality(predicting(0, 0, n_classes=2), torch.tensor([0, 1])).macro_f1 == pytest.approx((2 / 3 + 0) / 2)


def test_two_classes_and_one_example() -> None:
    measured = quality(predicting(1, n_classes=2), torch.tensor([1]))
    assert (measured.accuracy.low, measured.accuracy.value, measured.accuracy.high) == (1, 1, 1)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_the_interval_is_that_of_the_normal_approximation(share: float) -> None:
    n = 2000
    right = round(share * n)
    labels = torch.zeros(n, dtype=torch.long)
    interval = quality(predicting(*[0] * right, *[1] * (n - right)), labels).accuracy
    margin = 1.96 * math.sqrt(share * (1 - share) / n)
    assert interval.value == pytest.approx(share)
    assert interval.low == pytest.approx(share - margin, abs=0.1 * margin)
    assert interval.high == pytest.approx(share + margin, abs=0.1 * margin)


def test_the_interval_is_that_of_drawn_examples() -> None:
    flags = np.random.default_rng(5).random(300) < 0.7
    interval = quality(predicting(*np.where(flags, 0, 1)), torch.zeros(300, dtype=torch.long)).accuracy
    resampled = flags[np.random.default_rng(6).integers(300, size=(20_000, 300))].mean(axis=1)
    assert (interval.low, interval.high) == pytest.approx(tuple(np.percentile(resampled, [2.5, 97.5])), abs=0.008)


def test_the_interval_covers_the_truth_nineteen_times_in_twenty() -> None:
    rng, truth, n_hits = np.random.default_rng(7), 0.8, 0
    labels = torch.zeros(250, dtype=torch.long)
    teacher = predicting(*[0] * 250)
    for seed in range(200):
        student = predicting(*(rng.random(250) >= truth).astype(np.int64))
        interval = fidelity(teacher, student, labels, seed=seed).agreement
        n_hits += interval.low <= truth <= interval.high
    assert 0.90 <= n_hits / 200 <= 0.99


def test_the_same_seed_gives_the_same_interval() -> None:
    logits, labels = drawn()
    assert quality(logits, labels) == quality(logits, labels)
    assert len({quality(logits, labels, seed=seed).accuracy for seed in range(5)}) > 1


def sure(*confidences: float) -> Tensor:
    """Make the logits of a model that predicts class 0 of 2 with these probabilities."""
    p = torch.tensor(confidences, dtype=torch.float64)
    return torch.stack([p, 1 - p], dim=1).log()


def test_calibration_by_hand() -> None:
    # Four bins: two examples at 0.6 of which one is right, two at 0.9 which are both right.
    measured = calibration(sure(0.6, 0.6, 0.9, 0.9), torch.tensor([0, 1, 0, 0]), n_bins=4)
    assert measured.n_examples == (0, 0, 2, 2)
    assert measured.confidence == pytest.approx((0, 0, 0.6, 0.9))
    assert measured.accuracy == pytest.approx((0, 0, 0.5, 1))
    assert measured.ece == pytest.approx(0.5 * 0.1 + 0.5 * 0.1)


def test_a_model_that_is_as_sure_as_right_has_no_error() -> None:
    measured = calibration(sure(*[0.75] * 4), torch.tensor([0, 0, 0, 1]))
    assert measured.ece == pytest.approx(0)
    assert len(measured.n_examples) == 15


def test_a_bin_holds_its_upper_edge() -> None:
    assert calibration(torch.zeros(1, 2), torch.tensor([0]), n_bins=4).n_examples == (0, 1, 0, 0)
    assert calibration(predicting(0, by=1e4), torch.tensor([0]), n_bins=4).n_examples == (0, 0, 0, 1)


def test_sklearn_agrees_on_the_bins() -> None:
    logits, labels = drawn()
    measured = calibration(logits, labels)
    probs = logits.double().softmax(dim=1).numpy()
    right = probs.argmax(axis=1) == labels.numpy()
    accuracy, confidence = calibration_curve(right, probs.max(axis=1), n_bins=15, strategy="uniform")
    filled = np.array(measured.n_examples) > 0
    np.testing.assert_allclose(np.array(measured.accuracy)[filled], accuracy)
    np.testing.assert_allclose(np.array(measured.confidence)[filled], confidence)
    assert sum(measured.n_examples) == len(labels)


def test_the_error_weighs_bins_by_their_examples() -> None:
    assert Calibration(n_examples=(3, 1), confidence=(0.5, 0.9), accuracy=(0.7, 0.5)).ece == pytest.approx(
        0.75 * 0.2 + 0.25 * 0.4
    )


def test_fidelity_by_hand() -> None:
    labels = torch.tensor([0, 0, 0, 0, 0])
    measured = fidelity(predicting(0, 0, 0, 1, 1), predicting(0, 0, 1, 0, 2), labels)
    assert measured.agreement.value == pytest.approx(2 / 5)
    assert measured.agreement.low < 2 / 5 < measured.agreement.high
    assert measured.both_right == pytest.approx(2 / 5)
    assert measured.only_teacher_right == pytest.approx(1 / 5)
    assert measured.only_student_right == pytest.approx(1 / 5)
    assert measured.both_wrong == pytest.approx(1 / 5)
    # Where they differ, two logits change places, 2 apart.
    p = math.exp(2) / (math.exp(2) + 2)
    assert measured.kl_nats == pytest.approx(3 / 5 * 2 * (p - p / math.exp(2)))


def test_kl_goes_from_teacher_to_student() -> None:
    teacher, student = sure(0.9), sure(0.5)
    measured = fidelity(teacher, student, torch.tensor([0])).kl_nats
    assert measured == pytest.approx(0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5))


def test_a_model_is_wholly_faithful_to_itself() -> None:
    logits, labels = drawn()
    measured = fidelity(logits, logits + 3.0, labels)
    assert measured.agreement.value == measured.agreement.low == 1
    assert measured.kl_nats == pytest.approx(0, abs=1e-9)
    assert measured.loyalty == pytest.approx(1, abs=1e-5)
    assert measured.only_teacher_right == measured.only_student_right == 0


def test_opposites_share_nothing() -> None:
    measured = fidelity(predicting(0, 1, by=100.0), predicting(1, 0, by=100.0), torch.tensor([0, 1]))
    assert measured.loyalty == pytest.approx(0, abs=1e-6)
    assert measured.kl_nats == pytest.approx(100)
    assert measured.only_teacher_right == 1


def test_the_shares_of_right_and_wrong_are_all_there_is() -> None:
    teacher, labels = drawn()
    student = torch.randn_like(teacher) + teacher
    measured = fidelity(teacher, student, labels)
    shares = (measured.both_right, measured.only_teacher_right, measured.only_student_right, measured.both_wrong)
    assert sum(shares) == pytest.approx(1)
    assert measured.both_right + measured.only_teacher_right == pytest.approx(quality(teacher, labels).accuracy.value)
    assert measured.both_right + measured.only_student_right == pytest.approx(quality(student, labels).accuracy.value)
    assert 0 < measured.loyalty < 1


NOTHING = torch.zeros(0, 3), torch.zeros(0, dtype=torch.long)
BROKEN = torch.tensor([[0.0, math.nan]]), torch.tensor([0])


@pytest.mark.parametrize(
    "measure",
    [
        quality,
        calibration,
        lambda logits, labels: fidelity(logits, logits, labels),
    ],
)
def test_what_cannot_be_measured_is_said(measure: Callable[[Tensor, Tensor], object]) -> None:
    with pytest.raises(CorpusError, match="at least one labeled text"):
        measure(*NOTHING)
    with pytest.raises(ModelError, match="finite numbers, got nan or inf"):
        measure(*BROKEN)


class Laboratory:
    """A clock that only models move: each takes the seconds it is told, and every call is written down."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[tuple[str, int]] = []

    def clock(self) -> float:
        return self.now

    def model(self, name: str, seconds: Callable[[int], float]) -> Callable[[Batch], None]:
        def answer(batch: Batch) -> None:
            assert torch.is_inference_mode_enabled()
            self.calls.append((name, int(batch["input_ids"][0, 0])))
            n_calls = sum(called == name for called, _ in self.calls)
            self.now += seconds(n_calls) * len(batch["input_ids"])

        return answer


def texts(n: int, *, size: int = 1) -> list[Batch]:
    """Make batches whose first token tells them apart; batches of many count from 100."""
    return [{"input_ids": torch.full((size, 4), i + 100 * (size > 1))} for i in range(n)]


def test_speed_tells_the_models_apart() -> None:
    lab = Laboratory()
    models = {"teacher": lab.model("teacher", lambda _: 0.010), "student": lab.model("student", lambda _: 0.004)}
    measured = speed(models, texts(3), texts(2, size=32), seconds=2.8, clock=lab.clock)
    assert list(measured) == ["teacher", "student"]
    latency = measured["teacher"].latency_ms
    assert (latency.p5, latency.p50, latency.p95) == pytest.approx((10.0, 10.0, 10.0))
    assert measured["student"].latency_ms.p50 == pytest.approx(4.0)
    assert measured["teacher"].texts_per_second == pytest.approx(100)
    assert measured["student"].texts_per_second == pytest.approx(250)
    # Half of the time for each kind; a round of both takes 14 ms for one text.
    assert measured["teacher"].n_singles == measured["student"].n_singles == pytest.approx(100, abs=1)
    assert measured["teacher"].n_threads == torch.get_num_threads()


def test_models_take_turns_on_the_same_text() -> None:
    lab = Laboratory()
    models = {"a": lab.model("a", lambda _: 0.1), "b": lab.model("b", lambda _: 0.1)}
    speed(models, texts(3), texts(1, size=2), seconds=1.0, clock=lab.clock)
    warm_up, timed = lab.calls[:4], lab.calls[4:14]
    assert sorted(warm_up) == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    assert timed == [
        ("a", 0), ("b", 0), ("b", 1), ("a", 1), ("a", 2), ("b", 2), ("b", 0), ("a", 0), ("a", 1), ("b", 1),
    ]  # fmt: skip


def test_the_first_answers_do_not_count() -> None:
    lab = Laboratory()
    slow_start = lab.model("cold", lambda n_calls: 9.0 if n_calls <= 2 else 0.01)
    measured = speed({"cold": slow_start}, texts(2), texts(1, size=4), seconds=0.2, clock=lab.clock)
    assert measured["cold"].latency_ms.p95 == pytest.approx(10.0)


def test_percentiles_of_uneven_times() -> None:
    lab = Laboratory()
    # After two calls to warm up: 1, 2, ..., 100 ms, which is 5.05 s.
    uneven = lab.model("uneven", lambda n_calls: (n_calls - 2) / 1000 if n_calls > 2 else 1.0)
    latency = speed({"uneven": uneven}, texts(2), texts(1), seconds=10.09, clock=lab.clock)["uneven"].latency_ms
    assert (latency.p5, latency.p50, latency.p95) == pytest.approx((5.95, 50.5, 95.05))


def test_a_slow_model_is_still_measured() -> None:
    lab = Laboratory()
    measured = speed({"slow": lab.model("slow", lambda _: 60.0)}, texts(1), texts(1, size=2), clock=lab.clock)["slow"]
    assert (measured.n_singles, measured.n_batches) == (5, 3)
    assert measured.latency_ms.p50 == pytest.approx(60_000)


def test_throughput_counts_the_texts_of_each_batch() -> None:
    lab = Laboratory()
    batches = [*texts(1, size=32), *texts(1, size=8)]
    rate = speed({"m": lab.model("m", lambda _: 0.02)}, texts(1), batches, clock=lab.clock)["m"].texts_per_second
    assert rate == pytest.approx(50)


def test_a_processor_that_works_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class OnAccelerator(Tensor):
        is_cuda = True

    lab = Laboratory()

    def finish() -> None:
        lab.now += 0.5

    monkeypatch.setattr(torch.cuda, "synchronize", finish)
    far = [{"input_ids": torch.zeros(1, 4).as_subclass(OnAccelerator)}]
    models = {"m": lab.model("m", lambda _: 0.25)}
    assert speed(models, far, far, clock=lab.clock)["m"].latency_ms.p50 == pytest.approx(750)
    assert speed(models, texts(1), texts(1), clock=lab.clock)["m"].latency_ms.p50 == pytest.approx(250)


@pytest.mark.parametrize(("singles", "batches"), [([], texts(1)), (texts(1), [])])
def test_timing_needs_texts(singles: list[Batch], batches: list[Batch]) -> None:
    with pytest.raises(CorpusError, match="at least one text and one batch"):
        speed({"m": lambda _: None}, singles, batches)


def test_a_real_module_can_be_timed() -> None:
    embedding = nn.Embedding(200, 8)
    measured = speed({"m": lambda batch: embedding(batch["input_ids"])}, texts(2), texts(2, size=4), seconds=0.01)
    assert 0 < measured["m"].latency_ms.p5 <= measured["m"].latency_ms.p50 <= measured["m"].latency_ms.p95
    assert measured["m"].texts_per_second > 0


def test_a_shared_matrix_counts_once() -> None:
    model = nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 10, bias=False))
    assert n_parameters(model) == 80
    model[1].weight = model[0].weight
    assert n_parameters(model) == 40


def test_bytes_are_those_of_the_weights(tmp_path: Path) -> None:
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(b"x" * 100)
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(b"x" * 23)
    (tmp_path / "config.json").write_bytes(b"{}")
    assert bytes_on_disk(tmp_path) == 123


def test_a_folder_without_weights_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"must have a \*\.safetensors file"):
        bytes_on_disk(tmp_path)
