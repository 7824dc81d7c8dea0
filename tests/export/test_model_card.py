from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from distil_core.export.model_card import model_card
from distil_core.runs import families
from distil_core.runs.store import RunStore
from tests import seeds


@pytest.fixture
def family(home: Path) -> families.Family:
    store = RunStore(home)
    family = families.family(seeds.finished_family(store), store)
    assert family is not None
    return family


def test_card_says_how_good_and_how_made(family: families.Family) -> None:
    card = model_card(family)
    assert "- 0: very negative" in card
    assert "| Accuracy | 95.0 % (93.0 to 97.0) | 90.0 % (88.0 to 92.0) |" in card
    assert (
        "tell** whether the teacher helped: +10.0 points, 95 % interval +0.0 to +" in card
    )  # paired over the 20 test texts, as on the page
    assert '"temperature": 2.0' in card
    assert "An honest processor, 2 cores" in card


def test_hub_reads_the_figures_of_a_card(family: families.Family) -> None:
    data = ModelCard(model_card(family)).data
    assert (data.library_name, data.pipeline_tag) == ("transformers", "text-classification")
    metrics = family.distilled.record.model.metrics
    assert {(result.metric_type, result.metric_value) for result in data.eval_results} == {
        ("accuracy", metrics["accuracy"].value),
        ("f1", metrics["macro_f1"].value),
    }
    assert {(result.dataset_name, result.dataset_split) for result in data.eval_results} == {("reviews", "test")}
