"""Measurements: by hand, against scikit-learn, and speed against a clock that does as it is told."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, f1_score, log_loss, recall_score
from torch import Tensor, nn

from distil_core.errors import ConfigError, CorpusError, ModelError
from distil_core.evaluation import bootstrap
from distil_core.evaluation.calibration import Calibration, calibration
from distil_core.evaluation.cost import Batch, bytes_on_disk, n_parameters, speed
from distil_core.evaluation.metrics import (
    ACCURACY,
    AGREEMENT,
    ECE,
    KL,
    LOYALTY,
    MACRO_F1,
    NLL,
    RUNNER_UP,
    Metric,
    recall,
)
from distil_core.evaluation.predictions import SplitPredictions, split_predictions
from distil_core.functional.distributions import kl, log_soften, loyalty
from distil_core.tasks.classification import TextClassification
from tests.factories import a_prediction


def predicting(*classes: int, n_classes: int = 3, by: float = 2.0) -> Tensor:
    """Make the logits of a model that predicts these classes."""
    return by * torch.nn.functional.one_hot(torch.tensor(classes), n_classes).float()


def drawn(n: int = 500, n_classes: int = 4) -> tuple[Tensor, Tensor]:
    labels = torch.randint(n_classes, (n,))
    return torch.randn(n, n_classes) + 1.5 * predicting(*labels.tolist(), n_classes=n_classes, by=1.0), labels


def answers(logits: Tensor, labels: Tensor, *, teacher: Tensor | None = None) -> SplitPredictions:
    reference = None if teacher is None else teacher.numpy()
    return split_predictions(logits.numpy(), labels.numpy(), teacher_logits=reference)


def value(metric: Metric, split: SplitPredictions) -> float:
    return float(metric.reduce(metric.terms(split).sum(axis=0, keepdims=True))[0])


def test_metrics_of_one_model_by_hand() -> None:
    split = answers(predicting(0, 1, 2, 0), torch.tensor([0, 1, 2, 1]))
    assert value(ACCURACY, split) == 0.75
    # F1 of the classes: 2/3, 2/3 and 1.
    assert value(MACRO_F1, split) == pytest.approx(7 / 9)
    total = math.exp(2) + 2
    assert value(NLL, split) == pytest.approx(math.log(total) - 2 * 3 / 4)
    assert value(ECE, split) == pytest.approx(abs(0.75 - math.exp(2) / total))
    assert value(recall(1), split) == 0.5


def test_sklearn_agrees() -> None:
    logits, labels = drawn()
    split = answers(logits, labels)
    probs = logits.double().softmax(dim=1).numpy()
    predictions = probs.argmax(axis=1)
    assert value(ACCURACY, split) == pytest.approx(accuracy_score(labels, predictions), rel=1e-14)
    assert value(MACRO_F1, split) == pytest.approx(f1_score(labels, predictions, average="macro"), rel=1e-14)
    assert value(NLL, split) == pytest.approx(log_loss(labels, probs), rel=1e-12)
    assert value(recall(2), split) == pytest.approx(recall_score(labels, predictions, average=None)[2], rel=1e-14)


def test_torch_agrees_on_what_compares_with_a_teacher() -> None:
    teacher, labels = drawn()
    student = torch.randn_like(teacher) + teacher
    split = answers(student, labels, teacher=teacher)
    both = [log_soften(logits.double(), 1.0) for logits in (teacher, student)]
    assert value(KL, split) == pytest.approx(float(kl(*both).mean()), rel=1e-12)
    assert value(LOYALTY, split) == pytest.approx(float(loyalty(*both).mean()), rel=1e-7)
    assert value(AGREEMENT, split) == float((teacher.argmax(dim=1) == student.argmax(dim=1)).double().mean())
    roots = jensenshannon(both[0].exp().numpy(), both[1].exp().numpy(), axis=1, base=2)
    assert value(LOYALTY, split) == pytest.approx(1 - roots.mean(), rel=1e-7)


def test_a_class_that_nobody_predicts_counts_zero_without_a_warning() -> None:
    split = answers(predicting(0, 0, n_classes=2), torch.tensor([0, 1]))
    assert value(MACRO_F1, split) == pytest.approx((2 / 3 + 0) / 2)


def test_sites_add_up_to_those_of_their_examples() -> None:
    # Three sites of one example and one of another; an example without a site, and a site that nobody knows.
    logits = predicting(0, 1, 2, 1, 0).numpy()
    split = split_predictions(
        logits,
        np.array([0, 1, 1, 1, -100]),
        teacher_logits=predicting(0, 0, 2, 1, 1).numpy(),
        examples=np.array([0, 0, 0, 2, 2]),
        n_examples=3,
    )
    assert ACCURACY.terms(split).tolist() == [[2.0, 3.0], [0.0, 0.0], [1.0, 1.0]]
    assert value(ACCURACY, split) == 0.75
    assert AGREEMENT.terms(split).tolist() == [[2.0, 3.0], [0.0, 0.0], [1.0, 2.0]]
    known = answers(predicting(0, 1, 2, 1), torch.tensor([0, 1, 1, 1]))
    for metric in (NLL, ECE, MACRO_F1):
        assert value(metric, split) == pytest.approx(value(metric, known))
        assert len(metric.terms(split)) == 3


def test_what_nobody_knows_adds_nothing() -> None:
    split = answers(predicting(0, 1), torch.tensor([-1, -1]))
    for metric in (ACCURACY, MACRO_F1, NLL, ECE):
        assert not metric.terms(split).any()
        assert value(metric, split) == 0


def test_metrics_have_words_and_units_and_a_task_finds_them_by_name() -> None:
    task = TextClassification()
    assert [metric.name for metric in task.metrics if not metric.greater_is_better] == ["kl", "ece", "nll"]
    assert [metric.name for metric in task.metrics if metric.needs_teacher] == ["agreement", "kl", "loyalty"]
    assert (KL.unit, KL.difference_unit, KL.scale) == ("nats", "nats", 1)
    assert (ECE.unit, ECE.difference_unit, ECE.scale) == ("%", "points", 100)
    assert all(metric.label and metric.meaning and task.metric(metric.name) is metric for metric in task.metrics)
    assert [metric.in_text for metric in task.metrics[:4]] == ["accuracy", "macro-F1", "agreement", "KL divergence"]
    assert [metric.name for metric in task.metrics] == [
        "accuracy",
        "macro_f1",
        "agreement",
        "kl",
        "loyalty",
        "ece",
        "nll",
    ]
    assert [metric.name for metric in task.scores] == ["accuracy", "agreement", "macro_f1"]
    assert [metric.name for metric in task.swept] == ["accuracy", "agreement", "kl", "ece"]
    assert recall(1) == recall(1) != recall(2)
    with pytest.raises(ConfigError, match=r"a metric of classification must be one of accuracy, .*, got 'charm'"):
        task.metric("charm")


def sure(*confidences: float) -> Tensor:
    """Make the logits of a model that predicts class 0 of 2 with these probabilities."""
    p = torch.tensor(confidences, dtype=torch.float64)
    return torch.stack([p, 1 - p], dim=1).log()


def test_the_bins_are_those_of_the_calibration() -> None:
    logits, labels = drawn()
    measured = calibration(logits.numpy(), labels.numpy())
    assert value(ECE, answers(logits, labels)) == pytest.approx(measured.ece)
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
    split = answers(predicting(0, 0, 1, 0, 2), torch.zeros(5, dtype=torch.long), teacher=predicting(0, 0, 0, 1, 1))
    assert value(AGREEMENT, split) == pytest.approx(2 / 5)
    # Where they differ, two logits change places, 2 apart.
    p = math.exp(2) / (math.exp(2) + 2)
    assert value(KL, split) == pytest.approx(3 / 5 * 2 * (p - p / math.exp(2)))


def test_the_runner_up_is_looked_for_beside_the_answer_of_the_teacher() -> None:
    teacher = [[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [0.0, 1.0, 5.0]]
    student = [[1.0, 4.0, 0.0], [5.0, 0.0, 1.0], [1.0, 3.0, 2.0]]
    answers = a_prediction(student, [0, 0, 2], teacher=teacher).test
    measured = bootstrap.interval(answers, RUNNER_UP)
    assert measured is not None
    assert measured.value == pytest.approx(2 / 3)


def test_kl_goes_from_teacher_to_student() -> None:
    split = answers(sure(0.5), torch.tensor([0]), teacher=sure(0.9))
    assert value(KL, split) == pytest.approx(0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5))


def test_a_model_is_wholly_faithful_to_itself() -> None:
    logits, labels = drawn()
    split = answers(logits + 3.0, labels, teacher=logits)
    assert value(AGREEMENT, split) == 1
    assert value(KL, split) == pytest.approx(0, abs=1e-9)
    assert value(LOYALTY, split) == pytest.approx(1, abs=1e-5)


def test_opposites_share_nothing() -> None:
    split = answers(predicting(1, 0, by=100.0), torch.tensor([0, 1]), teacher=predicting(0, 1, by=100.0))
    assert value(LOYALTY, split) == pytest.approx(0, abs=1e-6)
    assert value(KL, split) == pytest.approx(100)


def test_a_share_too_small_for_a_float_leaves_the_divergence_finite() -> None:
    split = answers(predicting(1, by=2000.0), torch.tensor([0]), teacher=predicting(0, by=2000.0))
    assert value(KL, split) == pytest.approx(2000)


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
