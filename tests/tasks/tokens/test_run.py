"""A run that tags words, from its file to a student that others load and that gives them the lab's own tags."""

import pytest
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from distil_core.data.corpus import LabeledText
from distil_core.runs import foreground
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore
from distil_core.settings.config import Recipe, TeacherConfig
from distil_core.tasks.tokens import TokenClassification
from distil_core.tasks.tokens.tags import label_names
from tests import named_entities, tiny
from tests.cards import printed

NAMES = label_names(sorted(tiny.LABELS))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Distillation:
    folder = tmp_path_factory.mktemp("tokens")
    return foreground.run_all(named_entities.a_config(folder), RunStore(folder / "store"), twins=False)


def predicted(result: Distillation) -> list[tuple[LabeledText, list[str]]]:
    """Test texts, and the tag that the lab has for each of their words."""
    test = result.folder.read_predictions().test
    tags = [NAMES[tag] for tag in test.logits.argmax(axis=1)]
    return [
        (text, [tag for tag, example in zip(tags, test.examples, strict=True) if example == i])
        for i, text in enumerate(result.folder.read_test_texts())
    ]


def test_the_run_learns_and_is_measured_by_entities(result: Distillation) -> None:
    record = result.record
    assert record.primary == "entity_f1"
    assert record.corpus.label_names == NAMES
    assert record.teacher is not None
    assert record.teacher.metrics["entity_f1"].value > 0.8
    assert record.score.value > 0.4


def test_the_student_loads_as_a_tagger_with_its_tags(result: Distillation) -> None:
    model = AutoModelForTokenClassification.from_pretrained(result.folder.student).eval()
    assert model.config.id2label == dict(enumerate(NAMES))
    assert model.config.label2id == {name: i for i, name in enumerate(NAMES)}
    words = AutoTokenizer.from_pretrained(result.folder.student)
    for text, tags in predicted(result):
        inputs = words(text.text.split(), is_split_into_words=True, return_tensors="pt")
        numbers = inputs.word_ids()
        with torch.inference_mode():
            best = model(**inputs).logits[0].argmax(dim=-1).tolist()
        assert [NAMES[best[numbers.index(word)]] for word in range(len(tags))] == tags


def test_a_pipeline_gives_the_same_entities(result: Distillation) -> None:
    tagger = pipeline("token-classification", model=str(result.folder.student), aggregation_strategy="first")
    n_entities = 0
    for text, tags in predicted(result):
        if not text.text.replace(" ", "").isalnum():
            continue  # a word with punctuation in it is several words to the pipeline
        (entities,) = tagger([text.text.split()], is_split_into_words=True)
        assert isinstance(entities, list)
        covered = {}
        for entity in entities:
            covered |= {
                place.start: entity["entity_group"]
                for place in text.places
                if entity["start"] <= place.start < entity["end"]
            }
            first = next(i for i, place in enumerate(text.places) if place.start == entity["start"])
            before = tags[first - 1] if first else "O"
            assert tags[first].startswith("B-") or before[2:] != tags[first][2:]
        assert [covered.get(place.start, "") for place in text.places] == [tag[2:] for tag in tags]
        n_entities += len(entities)
    assert n_entities


def test_narrow_teachers_learn_faster_unless_the_recipe_is_quick() -> None:
    task = TokenClassification()
    assert task.fine_tuning(384, Recipe.THOROUGH).learning_rate == pytest.approx(3e-4)
    assert task.fine_tuning(768, Recipe.THOROUGH).learning_rate == pytest.approx(1.5e-4)
    assert task.fine_tuning(384, Recipe.QUICK).learning_rate == TeacherConfig().learning_rate


def test_the_model_card_says_how_to_ask_for_entities(result: Distillation) -> None:
    assert printed(result).startswith("[")
