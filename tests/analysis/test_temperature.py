import math
from typing import Any

import numpy as np
import pytest
import torch

from distil_core.analysis import error_analysis
from distil_core.analysis import temperature as analysi_temperature
from distil_core.analysis.comparison import Outcome
from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.analysis.temperature import (
    DarkKnowledge,
    GradientNorms,
    dark_knowledge,
    over_temperatures,
    stored,
    telling,
)
from distil_core.data.corpus import Place
from distil_core.evaluation.predictions import Predictions
from distil_core.functional import distributions
from tests.factories import a_comparison, a_prediction

LOG3 = math.log(3)


def an_output(test: Any, teacher: Any, labels: Any = None) -> Predictions:
    test, teacher = np.array(test, dtype=np.float32), np.array(teacher, dtype=np.float32)
    labels = np.zeros(len(test), dtype=np.int64) if labels is None else np.array(labels)
    return a_prediction(test, labels, teacher=teacher)


def answered(texts: list[str], answers: Predictions, **options: Any) -> AnsweredTexts:
    test = answers.test
    names = [str(label) for label in range(test.logits.shape[1])]
    return error_analysis.answered(texts, test.targets, test.teacher.logits, test.logits, label_names=names, **options)


def random_outputs(n: int = 40, n_classes: int = 5) -> Predictions:
    random = np.random.default_rng(3)
    return an_output(4 * random.normal(size=(n, n_classes)), 4 * random.normal(size=(n, n_classes)))


def test_means_are_those_of_the_tensors() -> None:
    answers = random_outputs()
    result = over_temperatures(answers, (0.1, 1.0, 20.0))
    for i, temperature in enumerate(result.temperatures):
        teacher, student = (
            distributions.log_soften(torch.from_numpy(logits).double(), temperature)
            for logits in (answers.test.teacher.logits, answers.test.logits)
        )
        assert result.teacher_entropy_nats[i] == pytest.approx(float(distributions.entropy(teacher).mean()))
        assert result.student_entropy_nats[i] == pytest.approx(float(distributions.entropy(student).mean()))
        kl = float(distributions.kl(teacher, student).mean())
        assert result.kl_nats[i] == pytest.approx(kl)
        assert result.scaled_kl_nats[i] == pytest.approx(temperature**2 * kl)


def test_agreement_does_not_know_the_temperature() -> None:
    result = over_temperatures(an_output([[2, 1, 0], [2, 1, 0], [0, 1, 2]], [[3, 0, 0], [0, 0.1, 0], [0, 0, 9]]))
    assert set(result.agreement) == {2 / 3}
    assert {1.0, 2.0, 4.0, 8.0, 16.0} <= set(result.temperatures)
    assert result.teacher_entropy_nats[-1] > result.teacher_entropy_nats[0]


def test_answers_are_listed_by_label() -> None:
    rows = analysi_temperature.answer_rows((0.0, LOG3), (0.0, 0.0), ("a", "b"), temperature=1.0)
    assert rows == [("a", 0.0, 0.0, pytest.approx(0.25), 0.5), ("b", LOG3, 0.0, pytest.approx(0.75), 0.5)]


def test_equal_models_are_not_apart() -> None:
    logits = random_outputs().test.logits
    assert set(over_temperatures(an_output(logits, logits)).kl_nats) == {0.0}


def test_telling_texts_are_of_rising_entropy() -> None:
    teacher = [[z, 0.0] for z in range(20)]
    texts = [f"this is text {z}" for z in range(20)]
    texts[-4] = "two words"
    result = telling(answered(texts, an_output(teacher, teacher)))
    # From the surest: 19, 18, 17, 15 … 0, without the one of two words.
    assert {name: texts[row] for name, row in result.items()} == {
        "sure": "this is text 15",
        "hesitant": "this is text 5",
        "torn": "this is text 1",
    }


def test_short_texts_are_better_than_none() -> None:
    assert set(telling(answered(["short"], an_output([[1, 0]], [[1, 0]]))).values()) == {0}


def test_stored_answers_are_found_by_their_text() -> None:
    answers = an_output([[1, 2], [3, 4]], [[5, 6], [7, 8]])
    texts = answered(["one", " two "], answers)
    assert stored("two", answers, texts) == (a_comparison((7.0, 8.0), (3.0, 4.0), " two "),)
    assert stored("three", answers, texts) == ()


def test_stored_answers_of_a_text_with_several_sites_are_a_row_each() -> None:
    answers = an_output([[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 0], [1, 2]])
    places = [(Place(text="a", start=0, end=1), Place(text="b", start=2, end=3)), (Place.whole("c"),)]
    texts = answered(["a b", "c"], answers, places=places)
    assert [site.student_logits for site in stored("a b", answers, texts)] == [(1.0, 2.0), (3.0, 4.0)]
    assert [site.place.text for site in stored("a b", answers, texts)] == ["a", "b"]
    assert [site.teacher_logits for site in stored("c", answers, texts)] == [(1.0, 2.0)]


def test_dark_knowledge_by_hand() -> None:
    teacher = np.array([[9.0, LOG3, 0.0]])
    student = np.array([[-9.0, 0.0, LOG3]])
    result = dark_knowledge(teacher, {"Student": student}, np.array([0]), temperature=1.0)
    assert list(result) == ["Teacher", "Student"]
    assert result["Teacher"].shares[0, 1:] == pytest.approx([0.75, 0.25])
    assert result["Student"].shares[0, 1:] == pytest.approx([0.25, 0.75])
    assert result["Teacher"].overlap == pytest.approx(1.0)
    assert result["Student"].overlap == pytest.approx(0.5)
    assert result["Teacher"].runner_up_agreement == 1.0
    assert result["Student"].runner_up_agreement == 0.0
    assert analysi_temperature.highest(result) == pytest.approx(0.75)


def test_heat_levels_what_is_left() -> None:
    result = dark_knowledge(np.array([[0.0, LOG3, 0.0]]), {}, np.array([0]), temperature=2.0)
    assert result["Teacher"].shares[0, 1] == pytest.approx(math.sqrt(3) / (math.sqrt(3) + 1))


def test_rows_are_means_over_the_texts_of_a_label() -> None:
    teacher = np.array([[5.0, 99.0, 0.0], [5.0, 0.0, 99.0], [99.0, 5.0, 0.0]])
    shares = dark_knowledge(teacher, {}, np.array([0, 0, 1]), temperature=1.0)["Teacher"].shares
    assert shares[0, 1:] == pytest.approx([0.5, 0.5])
    assert shares[1, [0, 2]] == pytest.approx([1.0, 0.0])
    # The diagonal, and a label without texts.
    assert np.isnan(shares).tolist() == [[True, False, False], [False, True, False], [True, True, True]]


def test_labels_without_texts_do_not_count_in_the_overlap() -> None:
    teacher = np.array([[0.0, 50.0, 0.0], [50.0, 0.0, 0.0]])
    student = np.array([[0.0, 50.0, 0.0], [0.0, 0.0, 50.0]])
    result = dark_knowledge(teacher, {"Student": student}, np.array([0, 1]), temperature=1.0)
    assert result["Student"].overlap == pytest.approx(0.5)
    assert result["Student"].same_runner_up.tolist() == [True, False]


def test_leftovers_become_rows() -> None:
    result = dark_knowledge(np.array([[9.0, LOG3, 0.0]]), {}, np.array([0]), temperature=1.0)
    rows = analysi_temperature.dark_knowledge_rows({**result, "Again": result["Teacher"]}, ["a", "b", "c"])
    assert [row[:2] for row in rows] == [("a", "b"), ("a", "c")]
    assert rows[0][2:] == pytest.approx((0.75, 0.75))
    assert analysi_temperature.likeliest(reversed(rows), limit=1)[0][:2] == ("a", "b")


def a_leftover(overlap: float, n_same: int, n: int = 1000) -> DarkKnowledge:
    return DarkKnowledge(shares=np.zeros((2, 2)), overlap=overlap, same_runner_up=np.arange(n) < n_same)


def test_a_student_is_held_against_its_twin() -> None:
    models = {"Teacher": a_leftover(1, 1000), "Student": a_leftover(0.9, 800)}
    alone = analysi_temperature.dark_knowledge_verdict(models)
    assert (alone.student, alone.twin, alone.outcome) == (models["Student"], None, Outcome.PENDING)
    twin = a_leftover(0.8, 600)
    judged = analysi_temperature.dark_knowledge_verdict({**models, "Hard-label twin": twin})
    assert judged.twin is twin
    assert judged.difference is not None
    assert judged.difference.value == pytest.approx(0.2)
    assert judged.outcome is Outcome.BETTER


def test_a_verdict_on_gradients_has_how_far_they_fall() -> None:
    norms = GradientNorms(
        temperatures=(1.0, 4.0, 16.0), soft=(3.0, 1.6, 0.1), scaled=(3.0, 25.6, 51.2), hard=2.0, n_texts=4
    )
    judged = analysi_temperature.gradient_verdict(norms)
    assert (judged.low, judged.high, judged.expected_fall) == (4.0, 16.0, 16.0)
    assert judged.plain_fall == pytest.approx(16.0)
    # It rises, and the factor is told as at least 1.
    assert judged.scaled_change == pytest.approx(2.0)
