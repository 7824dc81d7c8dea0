"""Hidden states and attention maps as a part of what a student learns, for every task."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from distil_core.analysis.model_pair import load_pair
from distil_core.models.forward import attention_maps, states_of
from distil_core.runs import foreground
from distil_core.runs.store import RunStore
from distil_core.settings.config import RunConfig
from distil_core.training.cache import Cache
from tests import named_entities, pairs, questions
from tests.tasks.embeddings.test_run import a_config as vectors_config
from tests.tasks.multi_label.weather import a_run as several_config

CONFIGS: dict[str, Callable[[Path], RunConfig]] = {
    "multi-label": several_config,
    "pairs": pairs.a_config,
    "pairs with numbers": lambda folder: pairs.a_config(folder, scored=True),
    "tokens": named_entities.a_config,
    "qa": questions.a_config,
    "embeddings": vectors_config,
}
"""A run of each task that takes seconds."""


def distances(config: RunConfig, store: RunStore) -> tuple[float, float, float]:
    """Distil, and return how far the student's last layer is from its teacher's, and its only one from its own there.

    By the cosine of the hidden states, by their squared error, and by what the attention maps differ in.
    """
    done = foreground.run_all(config, store, twins=False)
    pair = load_pair(done.folder, record=done.record, cache=Cache(store.layout.cache))
    tokens = pair.encode([example.text for example in done.folder.read_test_texts()]).tokens
    by_model = []
    for model in (pair.teacher, pair.student):
        wanted = {"output_hidden_states": True, "output_attentions": True}
        ((_, output),) = states_of(model, tokens.first(8), padding=0, **wanted)
        by_model.append((output.hidden_states, attention_maps(model, output)))
    (teacher, looks), ((_, student), (student_looks,)) = by_model
    (layer,) = done.record.layers
    return (
        float(1 - torch.nn.functional.cosine_similarity(teacher[-1], student, dim=-1).mean()),
        float((teacher[1 + layer] - student).square().mean()),
        float((looks[layer] - student_looks).abs().mean()),
    )


@pytest.mark.parametrize("task", CONFIGS)
def test_a_student_comes_closer_to_its_teachers_layers(task: str, tmp_path: Path, quick: None) -> None:
    config, store = CONFIGS[task](tmp_path), RunStore(tmp_path / "store")
    config = replace(config, student=replace(config.student, depth=1))
    far = distances(config, store)
    for place, name in enumerate(("hidden_cosine", "hidden_mse", "attention_kl")):
        near = distances(replace(config, loss=replace(config.loss, **{name: 30.0})), store)
        assert near[place] < far[place], name
