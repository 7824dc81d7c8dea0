"""A head fitted before anything below it learns: it is what logistic regression finds, and nothing else moves."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from distil_core.data.sites import UNKNOWN, Sites
from distil_core.models.forward import predict
from distil_core.models.freezing import lower_states
from distil_core.models.heads import output_layer
from distil_core.settings.config import LossConfig
from distil_core.training.head_fitting import fit_head, fit_to_lesson
from distil_core.training.lessons import TrainingData
from distil_core.training.teacher_outputs import TeacherOutputs
from tests import tiny

SPLIT = tiny.split(60, seed=3)


def lesson(architecture: str = "bert") -> TrainingData:
    part = tiny.TASK.encode(tiny.tokenizer_for(architecture), SPLIT, max_length=tiny.LENGTH)
    return TrainingData(tokens=part.tokens, sites=part.sites)


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_the_head_alone_learns(architecture: str) -> None:
    model, data = tiny.model(architecture), lesson(architecture)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    padding = tiny.tokenizer_for(architecture).pad_token_id

    def right() -> float:
        answers = predict(model, data.tokens, padding=padding)
        return float((answers.argmax(dim=1) == data.sites.targets).float().mean())

    first = right()
    fit_head(model, data, task=tiny.TASK, padding=padding)
    assert right() > max(first, 0.5)
    head = {id(weight) for weight in output_layer(model).parameters()}
    for name, weight in model.named_parameters():
        assert torch.equal(weight, before[name]) is (id(weight) not in head), name


def test_it_is_what_logistic_regression_finds() -> None:
    model, data = tiny.model(), lesson()
    layer, seen = output_layer(model), []
    hook = layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    ids, mask = data.tokens.padded(torch.arange(len(data.tokens)), padding=0)
    with torch.no_grad():
        model(input_ids=ids, attention_mask=mask.long())
    hook.remove()
    features = seen[0].numpy()
    scaled = (features - features.mean(axis=0)) / np.sqrt(((features - features.mean(axis=0)) ** 2).mean())
    usual = LogisticRegression(C=0.01, max_iter=1000, tol=1e-8)
    usual.fit(scaled, data.sites.targets.numpy())
    fit_head(model, data, task=tiny.TASK, padding=0)
    ours = predict(model, data.tokens, padding=0).softmax(dim=1).numpy()
    np.testing.assert_allclose(ours, usual.predict_proba(scaled), atol=5e-3)


def test_only_labels_that_are_told_count() -> None:
    data = lesson()
    weights = torch.zeros(len(data.tokens))
    weights[:30] = 2.0
    wrong = data.sites.targets.clone()
    wrong[30:] = (wrong[30:] + 1) % 3
    unknown = wrong.clone()
    unknown[30:] = UNKNOWN
    outputs = []
    for more in (
        {"label_weights": weights, "sites": Sites.of_texts(wrong)},
        {"chosen": torch.arange(30).repeat(2), "sites": Sites.of_texts(wrong)},
        {"sites": Sites.of_texts(unknown)},
    ):
        model = tiny.model()
        fit_head(model, replace(data, **more), task=tiny.TASK, padding=0)
        outputs.append(output_layer(model).weight.detach())
    torch.testing.assert_close(outputs[0], outputs[1], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(outputs[0], outputs[2], atol=1e-4, rtol=1e-3)


def test_a_student_is_fitted_to_labels_and_teacher_as_its_loss_weighs_them() -> None:
    data, weights = lesson(), {}
    answers = torch.nn.functional.one_hot((data.sites.targets + 1) % 3, 3) * 9.0
    teacher = TeacherOutputs(logits=answers, width=tiny.WIDTH, tokens=data.tokens, sites=data.sites)
    for alpha in (0.0, 0.5, 1.0):
        model = tiny.model()
        loss = LossConfig(alpha=alpha, temperature=1.0)
        fit_to_lesson(model, replace(data, teacher=teacher), task=tiny.TASK, loss=loss, padding=0)
        weights[alpha] = output_layer(model).weight.detach()
        shares = predict(model, data.tokens, padding=0).softmax(dim=1).numpy()
        by_label = shares[range(len(shares)), data.sites.targets].mean()
        by_teacher = shares[range(len(shares)), (data.sites.targets + 1) % 3].mean()
        assert alpha == 0.5 or bool(by_label > by_teacher) is (alpha == 0.0)
    model = tiny.model()
    fit_head(model, data, task=tiny.TASK, padding=0)
    torch.testing.assert_close(weights[0.0], output_layer(model).weight.detach(), atol=1e-4, rtol=1e-3)
    assert not torch.allclose(weights[0.5], weights[1.0], atol=1e-3)


def test_what_lower_layers_put_out_gives_the_same_head() -> None:
    data, heads = lesson(), []
    for n_layers in (None, 2):
        model = tiny.model()
        lower = None if n_layers is None else lower_states(model, data.tokens, n_layers=n_layers)
        fit_head(model, replace(data, lower=lower), task=tiny.TASK, padding=0)
        heads.append(output_layer(model).weight.detach())
    torch.testing.assert_close(*heads, atol=1e-3, rtol=1e-2)
