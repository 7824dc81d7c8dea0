"""What is analyzed of a run with a distribution for each word is what its models answer there."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from distil_core.analysis import attention, attention_reading, edits, error_analysis, gradients, model_pair, temperature
from distil_core.analysis.error_analysis import AnsweredTexts, Filter
from distil_core.analysis.model_pair import ModelPair, load_pair
from distil_core.data.corpus import Place, Split
from distil_core.errors import CorpusError
from distil_core.evaluation.predictions import Predictions
from distil_core.reporting import example_tables
from distil_core.tasks import catalog
from distil_core.training.cache import Cache
from tests import tagging, tiny
from tests.tagging import TAGS, Tagged, Tagging, logits_of_words, tag_of

TEXT = "then we saw snow near the old house"


@pytest.fixture(scope="module", autouse=True)
def task() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(catalog.TASKS, "tagging", Tagging())
        yield


@pytest.fixture(scope="module")
def tagged(task: None, tmp_path_factory: pytest.TempPathFactory) -> Tagged:
    return tagging.distil(tmp_path_factory.mktemp("tagged"))


@pytest.fixture(scope="module")
def pair(tagged: Tagged) -> ModelPair:
    distilled = tagged.distillation
    return load_pair(distilled.folder, record=distilled.record, cache=Cache(tagged.home / "cache"))


@pytest.fixture(scope="module")
def answers(tagged: Tagged) -> Predictions:
    return tagged.distillation.folder.read_predictions()


@pytest.fixture(scope="module")
def answered(tagged: Tagged, answers: Predictions) -> AnsweredTexts:
    texts, test = tagged.distillation.folder.read_test_texts(), answers.test
    return error_analysis.answered(
        [each.text for each in texts],
        test.targets,
        test.teacher.logits,
        test.logits,
        label_names=TAGS,
        places=[each.places for each in texts],
    )


def test_rows_are_words_with_the_tags_that_are_right_there(answered: AnsweredTexts) -> None:
    texts = list(dict.fromkeys(answered.texts))
    assert [place.text for place in answered.places] == [word for text in texts for word in text.split()]
    assert answered.labels.tolist() == [tag_of(place.text) for place in answered.places]
    for text, place in zip(answered.texts, answered.places, strict=True):
        assert text[place.start : place.end] == place.text
    row = answered.rows_of(texts[1])[2]
    assert (answered.texts[row], answered.places[row].text) == (texts[1], texts[1].split()[2])
    assert edits.gold_label(texts[1], answered, site=2) == tag_of(texts[1].split()[2])


def test_all_words_have_the_intervals_of_the_run(answered: AnsweredTexts, tagged: Tagged) -> None:
    record = tagged.distillation.record
    summary = error_analysis.summarize(answered, error_analysis.matching(answered, Filter()))
    assert summary.n == len(answered)
    assert summary.student == record.model.metrics["accuracy"]
    assert summary.agreement == record.model.metrics["agreement"]
    assert record.teacher is not None
    assert summary.teacher == record.teacher.metrics["accuracy"]
    assert summary.kl_nats == pytest.approx(record.model.metrics["kl"].value)


def test_tables_name_the_word(answered: AnsweredTexts) -> None:
    snow = error_analysis.matching(answered, Filter(label="cold"))
    rows = example_tables.example_rows(answered, snow.tolist())
    assert list(rows[0]) == ["Text", "Place", "Label", "Teacher", "Student", "KL (nats)", "Words"]
    assert {row["Label"] for row in rows} == {"cold"}
    assert {tag_of(row["Place"]) for row in rows} == {TAGS.index("cold")}
    header, first, *_ = example_tables.answers_csv(answered).splitlines()
    assert header.startswith("text,place,label,teacher,")
    assert first.startswith(f"{answered.texts[0]},{answered.places[0].text},{TAGS[answered.labels[0]]},")


def test_one_text_has_an_answer_for_each_word(pair: ModelPair, tagged: Tagged) -> None:
    seen = model_pair.compare(pair, TEXT)
    assert [site.place.text for site in seen.sites] == TEXT.split()
    for side in ("teacher", "student"):
        logits = np.array([getattr(site, f"{side}_logits") for site in seen.sites])
        assert logits == pytest.approx(logits_of_words(getattr(tagged, side), TEXT).numpy(), abs=1e-4)
    assert not seen.truncated
    timed = model_pair.timing(pair, TEXT, seconds=0.0)
    assert timed.n_tokens == len(seen.tokens) == len(TEXT.split()) + 2
    with pytest.raises(CorpusError, match="at least one word"):
        model_pair.compare(pair, " ")


def test_many_texts_have_as_many_rows_as_words(pair: ModelPair) -> None:
    texts = ["we saw snow", TEXT, "sun"]
    parts = list(model_pair.answer_texts(pair, texts, chunk=2))
    assert [len(part.student) for part in parts] == [11, 1]
    joined = error_analysis.joined(texts, ["", "", ""], parts, label_names=TAGS)
    assert joined.examples.tolist() == [0] * 3 + [1] * 8 + [2]
    alone = [site.student_logits for text in texts for site in model_pair.compare(pair, text).sites]
    assert np.concatenate([part.student for part in parts]) == pytest.approx(np.array(alone), abs=1e-4)


def test_what_was_measured_is_what_is_answered_now(
    pair: ModelPair, answers: Predictions, answered: AnsweredTexts
) -> None:
    text = answered.texts[0]
    stored, now = temperature.stored(text, answers, answered), model_pair.compare(pair, text).sites
    assert [site.place for site in stored] == [site.place for site in now]
    for then, site in zip(stored, now, strict=True):
        assert then.teacher_logits == pytest.approx(site.teacher_logits, abs=1e-3)
        assert then.student_logits == pytest.approx(site.student_logits, abs=1e-3)


def test_the_teacher_is_surer_of_one_word_than_of_another(answered: AnsweredTexts) -> None:
    telling = temperature.telling(answered)
    sure, hesitant, torn = (answered.teacher[row].max() for row in telling.values())
    assert list(telling) == ["sure", "hesitant", "torn"]
    assert sure > hesitant > torn


def test_runners_up_are_paired_over_whole_texts(answers: Predictions) -> None:
    test = answers.test
    models = {"Student": test.logits, "Hard-label twin": np.zeros_like(test.logits)}
    options = {"temperature": 2.0, "examples": test.examples}
    known = temperature.dark_knowledge(test.teacher.logits, models, test.targets, **options)
    difference = temperature.runner_up_difference(known["Student"], known["Hard-label twin"])
    alike, by_chance = (known[name].same_runner_up for name in models)
    assert difference.value == pytest.approx(alike.mean() - by_chance.mean())
    counts = [np.bincount(test.examples, weights=flags, minlength=test.n_examples) for flags in (alike, by_chance)]
    n_words = np.bincount(test.examples)
    draws = np.random.default_rng(0).integers(test.n_examples, size=(2000, test.n_examples))
    low, high = np.percentile((counts[0] - counts[1])[draws].sum(axis=1) / n_words[draws].sum(axis=1), [2.5, 97.5])
    assert difference.ends == pytest.approx((low, high), abs=0.02)


def test_gradients_are_those_of_all_words(tagged: Tagged, answers: Predictions) -> None:
    student, texts = tagged.student, ("we saw snow", "sun")
    tags = tuple(tuple(tag_of(word) for word in text.split()) for text in texts)
    measured = gradients.gradient_norms(
        student,
        tiny.tokenizer(),
        Split(texts=texts, labels=tags),
        task=Tagging(),
        teacher_logits=torch.zeros(4, len(TAGS)),
        max_length=40,
        temperatures=(1.0,),
    )
    logits = []
    for text in texts:
        encoded = tiny.tokenizer()(text, return_tensors="pt")
        logits.append(student(input_ids=encoded["input_ids"]).logits[0, 1:-1])
    right = torch.tensor([tag for each in tags for tag in each])
    loss = torch.nn.functional.cross_entropy(torch.cat(logits), right)
    parameters = [parameter for parameter in student.parameters() if parameter.requires_grad]
    slopes = torch.autograd.grad(loss, parameters, allow_unused=True)
    expected = torch.stack([slope.norm() for slope in slopes if slope is not None]).norm()
    assert measured.hard == pytest.approx(float(expected), rel=1e-3)
    assert measured.n_texts == 2

    distilled = tagged.distillation
    of_run = gradients.of_run(
        distilled.folder, record=distilled.record, answers=answers, texts=distilled.folder.read_test_texts()
    )
    assert min(*of_run.soft, *of_run.scaled, of_run.hard) > 0


@pytest.mark.parametrize("site", [0, 3, 7])
def test_a_word_left_out_moves_the_answer_at_another(pair: ModelPair, tagged: Tagged, site: int) -> None:
    words = TEXT.split()
    left_out = attention_reading.occlude(pair, TEXT, site=site)
    assert left_out.words == tuple(words)
    for model, side in ((tagged.teacher, left_out.teacher), (tagged.student, left_out.student)):
        whole = logits_of_words(model, TEXT)[site].softmax(-1)
        assert side.label == int(whole.argmax())
        assert side.probability == pytest.approx(float(whole.max()), abs=1e-4)
        for i, change in enumerate(side.changes):
            if i == site:  # without the word there is no answer
                assert change is None
                continue
            rest = logits_of_words(model, " ".join(words[:i] + words[i + 1 :]))[site - (i < site)].softmax(-1)
            assert change == pytest.approx(float(rest[side.label] - whole[side.label]), abs=1e-4)


def test_what_reaches_a_word_is_read_at_its_token(pair: ModelPair) -> None:
    reading = attention_reading.read_attention(pair, TEXT)
    assert [place.text for place in reading.places] == TEXT.split()
    assert reading.teacher_reads == reading.student_reads == tuple((i,) for i in range(1, 9))
    view = attention.view(reading, special=True)
    assert view.teacher.answers == pytest.approx(view.teacher.rollout[1:-1], abs=1e-6)
    words = attention.view(reading, special=False)
    assert words.student.answers.sum(axis=1) == pytest.approx(np.ones(8))


def test_a_word_of_several_tokens_is_one_place_and_what_is_not_read_is_none(pair: ModelPair) -> None:
    reading = attention_reading.read_attention(pair, "we saw  ox snow")
    assert reading.tokens[3:5] == ("o", "·x")
    assert reading.teacher_reads == reading.student_reads == ((1,), (2,), (3,), (5,))
    assert [(place.start, place.end) for place in reading.places] == [(0, 2), (3, 6), (8, 10), (11, 15)]
    left_out = attention_reading.occlude(pair, "we saw  ox snow", site=2)
    assert [change is None for change in left_out.teacher.changes] == [False, False, True, False]
    short = replace(pair, max_length=5)
    seen = model_pair.compare(short, TEXT)
    assert seen.truncated
    assert [site.place.text for site in seen.sites] == ["then", "we", "saw"]
    assert attention_reading.occlude(short, TEXT, site=1).words == ("then", "we", "saw")


def test_typical_words_are_those_at_the_places_of_a_tag(answered: AnsweredTexts) -> None:
    known = edits.vocabulary(answered)
    for label in (1, 2, 3):
        assert known.typical[label]
        assert {tag_of(word) for word in known.typical[label]} == {label}
    assert "saw" in known.typical[0]


def test_a_text_is_one_place_where_it_is_classified() -> None:
    assert tiny.TASK.places(None, TEXT, max_length=4) == (Place.whole(TEXT),)
    encoded = tiny.TASK.encode(tiny.tokenizer(), Split.unlabeled([TEXT, "sun"]), max_length=40)
    assert encoded.sites.targets.tolist() == [-100, -100]
