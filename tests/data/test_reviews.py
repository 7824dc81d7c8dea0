import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from distil_core.data import reviews
from distil_core.data.reviews import grammar
from distil_core.data.reviews.lexicon import lexicon
from distil_core.data.reviews.patterns import (
    BORDERS,
    CLAUSES,
    CONTRASTS,
    COUNTERFACTUALS,
    EXCEPTIONS,
    OPINIONS,
    VERDICTS,
    VERDICTS_ON_THE_WHOLE,
    grade_of,
)
from distil_core.errors import ConfigError

ROOT = Path(__file__).parents[2]
GOOD = grammar.Phrase("the soup was tasty", 0.5)
BAD = grammar.Phrase("the waiters were rude", -0.5)


@pytest.fixture(scope="module")
def splits():
    return reviews.generate(n_train=4000, n_validation=1000, n_test=1000, seed=0)


def words(texts):
    return Counter(word for text in texts for word in re.findall(r"[a-zé']+", text.lower()))


def test_sizes_are_what_was_asked(splits):
    assert [len(split) for split in splits] == [4000, 1000, 1000]
    assert [len(split) for split in reviews.generate(n_train=0, n_validation=1, n_test=0, seed=0)] == [0, 1, 0]
    with pytest.raises(ConfigError, match="n_test must be at least 0, got -1"):
        reviews.generate(n_train=1, n_validation=1, n_test=-1, seed=0)


def test_a_seed_gives_the_same_texts_in_every_process():
    sizes = {"n_train": 40, "n_validation": 5, "n_test": 5}
    code = (
        "from distil_core.data import reviews; "
        f"print(ascii([(s.texts, s.labels) for s in reviews.generate(**{sizes}, seed=3)]))"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": hash_seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    ]
    here = ascii([(s.texts, s.labels) for s in reviews.generate(**sizes, seed=3)])
    assert printed == [here, here]


def test_other_seeds_give_other_texts(splits):
    other, _, _ = reviews.generate(n_train=1000, n_validation=0, n_test=0, seed=1)
    assert len(set(other.texts) & set(splits[0].texts)) < 10


def test_a_larger_training_split_begins_with_the_smaller_and_leaves_the_test_texts_alone():
    small = reviews.generate(n_train=50, n_validation=20, n_test=20, seed=2)
    large = reviews.generate(n_train=90, n_validation=20, n_test=20, seed=2)
    assert large[0].texts[:50] == small[0].texts
    assert large[1:] == small[1:]


def test_no_text_occurs_twice(splits):
    texts = [" ".join(re.findall(r"[a-zé0-9]+", text.lower())) for split in splits for text in split.texts]
    assert len(set(texts)) == len(texts)


def test_what_was_written_before_is_not_written_again():
    seen: set[str] = set()
    first = reviews._split(30, Random(7), seen)
    second = reviews._split(30, Random(7), seen)
    assert not set(first.texts) & set(second.texts)


def test_classes_are_balanced(splits):
    for split in splits:
        counts = Counter(split.labels)
        assert set(counts) == set(range(5))
        assert all(0.17 < count / len(split) < 0.23 for count in counts.values())


def test_words_and_subjects_are_many(splits):
    assert len(words(splits[0].texts)) >= 1500
    assert len(lexicon().subjects) >= 12
    nouns = {noun for subject in lexicon().subjects for noun in subject.nouns}
    assert len([noun for noun in nouns if any(noun in text.lower() for text in splits[2].texts)]) >= 40


def test_lengths_are_those_of_short_reviews(splits):
    lengths = [len(text.split()) for text in splits[0].texts]
    assert 15 < sum(lengths) / len(lengths) < 30
    assert min(lengths) >= 3
    assert max(lengths) < 100


def test_texts_are_clean(splits):
    for text in (text for split in splits for text in split.texts):
        assert not re.search(r"[{}]|  | [,.;?]|\?\.|,,|\.;", text), text
        assert not re.search(r"\b[Aa] [aeio]\w|\b[Aa]n [bcdfgjklmnpqrstvwz]", text), text
        assert text.islower() or not re.search(r"^[a-z]|[.?!] [a-z]|\bi\b", text), text


@pytest.mark.slow
def test_a_bag_of_words_is_not_enough(splits):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2), LogisticRegression(max_iter=1000, C=5.0))
    train, _, test = splits
    accuracy = model.fit(train.texts, train.labels).score(test.texts, test.labels)
    assert 0.5 < accuracy < 0.75


def test_label_probabilities_follow_the_noise():
    for value in (-1.0, -0.5, 0.0, 0.24, 0.6, 1.0):
        probabilities = reviews.label_probabilities(value)
        rng = Random(0)
        labels = Counter(grade_of(value + rng.gauss(0.0, reviews.NOISE)) for _ in range(4000))
        assert sum(probabilities) == pytest.approx(1.0)
        assert probabilities == pytest.approx([labels[label] / 4000 for label in range(5)], abs=0.03)
    assert reviews.label_probabilities(BORDERS[0])[:2] == pytest.approx((0.5, 0.5), abs=1e-4)


def test_the_ceiling_is_what_a_perfect_reader_reaches():
    ceiling = reviews.noise_ceiling(n_texts=2000)
    assert 0.9 < ceiling < 0.95
    rng, right = Random(11), 0
    for i in range(1500):
        value = reviews.write(rng, wanted=i % 5).value
        right += grade_of(value) == grade_of(value + rng.gauss(0.0, reviews.NOISE))
    assert right / 1500 == pytest.approx(ceiling, abs=0.02)


def test_no_review_lies_at_a_border():
    rng = Random(5)
    for wanted in range(5):
        for _ in range(100):
            value = reviews.write(rng, wanted=wanted).value
            assert grade_of(value) == wanted
            assert min(abs(value - border) for border in BORDERS) >= reviews.MARGIN


def test_what_comes_after_but_weighs_more():
    assert grammar.contrast(GOOD, BAD).text == "the soup was tasty, but the waiters were rude"
    assert grade_of(grammar.contrast(GOOD, BAD).value) == 1
    assert grade_of(grammar.contrast(BAD, GOOD).value) == 3


def test_although_turns_the_weights():
    ways = {template: way for way, (template, _) in enumerate(CONTRASTS)}
    assert grammar.contrast(GOOD, BAD, ways["although {x}, {y}"]).value < 0
    assert grammar.contrast(GOOD, BAD, ways["{x}, although {y}"]).value > 0
    assert grammar.contrast(GOOD, BAD, ways["{x}. Never mind that {y}"]).value > 0


def test_addition_counts_both():
    assert grammar.addition(GOOD, BAD) == grammar.Phrase("the soup was tasty and the waiters were rude", 0.0)


def test_a_denied_claim_says_the_opposite():
    claim = "my wife says that the soup is bland"
    assert grammar.settled(claim, -0.5, "not so", agreed=False) == (f"{claim}. not so", 0.45)
    assert grammar.settled(claim, -0.5, "true enough", agreed=True).value == -0.5
    assert grammar.settled("was it tasty?", 0.5, "hardly", agreed=False) == ("was it tasty? hardly", -0.5)


@pytest.mark.parametrize(
    ("template", "good", "bad"),
    [
        ("{np} {be} {a}", 3, 1),
        ("{np} {be} {very} {a}", 4, 0),
        ("{np} {no} {a}", 1, 3),
        ("{np} {be} hardly {a}", 1, 3),
        ("{np} {be} anything but {a}", 0, 4),
        ("{np} {no} {a} at all", 0, 3),
        ("I never found {np} {a}", 1, 3),
        ("{np} could not have been {more}", 4, 0),
        ("nobody can say that {np} {no} {a}", 3, 1),
    ],
)
def test_negation_turns_what_it_governs(template, good, bad):
    found = {pattern.grade: grade_of(pattern.value) for pattern in CLAUSES if pattern.template == template}
    assert (found[3], found[1]) == (good, bad)


def test_every_class_can_be_said_in_every_way():
    for patterns in (CLAUSES, VERDICTS_ON_THE_WHOLE, EXCEPTIONS, COUNTERFACTUALS):
        assert all(-1 <= pattern.value <= 1 and 0 <= pattern.grade <= 4 for pattern in patterns)
    assert {grade_of(p.value) for p in CLAUSES} == {grade_of(p.value) for p in VERDICTS_ON_THE_WHOLE} == set(range(5))
    assert {grade_of(value) for _, value in OPINIONS} == {0, 1, 3, 4}
    assert len(VERDICTS) == 5


def test_good_words_occur_in_bad_reviews(splits):
    counts = [0] * 5
    for text, label in zip(splits[0].texts, splits[0].labels, strict=True):
        counts[label] += bool(re.search(r"\b(good|decent|impressive|nice)\b", text.lower()))
    assert min(counts) > 0.3 * max(counts)


@pytest.mark.parametrize(
    ("adjective", "expected"),
    [
        ("good", "better"),
        ("bad", "worse"),
        ("tasty", "tastier"),
        ("loud", "louder"),
        ("rude", "ruder"),
        ("thin", "thinner"),
        ("mean", "meaner"),
        ("slow", "slower"),
        ("helpful", "more helpful"),
        ("cramped", "more cramped"),
        ("attentive", "more attentive"),
        ("unfriendly", "more unfriendly"),
    ],
)
def test_comparatives(adjective, expected):
    assert grammar.comparative(adjective) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [("inn", "an inn"), ("hotel", "a hotel"), ("useless hose", "a useless hose"), ("honest bill", "an honest bill")],
)
def test_articles(words, expected):
    assert grammar.article(words) == expected


def test_every_subject_has_what_the_grammar_needs():
    for subject in lexicon().subjects:
        assert len(subject.facts) == 4
        assert all(len(facts) >= 3 for facts in subject.facts)
        assert len(subject.aspects) >= 6
        assert len(subject.context) >= 5
        for thing in (*(aspect.adjectives for aspect in subject.aspects), subject.adjectives):
            assert len(thing) == 5
            assert all(adjective == adjective.strip() != "" for grade in thing for adjective in grade)


def test_writing_reviews_needs_neither_torch_nor_sklearn():
    code = (
        "import sys; from distil_core.data import reviews; "
        "reviews.generate(n_train=5, n_validation=1, n_test=1, seed=0); "
        "assert not {'torch', 'transformers', 'sklearn', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
