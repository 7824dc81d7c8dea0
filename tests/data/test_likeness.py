"""What the grammar knows of likeness and of queries."""

from distil_core.data.reviews import likeness
from distil_core.data.reviews.likeness import DescribedReview, Opinion, generate_likeness


def a_review(subject: str, **opinions: bool) -> DescribedReview:
    said_of = tuple(Opinion(thing=thing, good=good) for thing, good in opinions.items())
    return DescribedReview(text="", subject=subject, opinions=said_of)


def test_the_same_seed_gives_the_same_texts() -> None:
    assert generate_likeness(n_train=30, n_test=40, seed=3) == generate_likeness(n_train=30, n_test=40, seed=3)
    assert generate_likeness(n_train=30, n_test=40, seed=3) != generate_likeness(n_train=30, n_test=40, seed=4)


def test_a_larger_training_split_leaves_the_test_as_it_is() -> None:
    small, large = (generate_likeness(n_train=n, n_test=40, seed=0) for n in (20, 40))
    assert small[1:] == large[1:]
    assert large[0][:20] == small[0]


def test_no_text_is_in_two_parts() -> None:
    train, *measured = generate_likeness(n_train=200, n_test=100, seed=0)
    texts = [*train]
    for part in measured:
        texts += [text for pair in part.pairs for text in pair]
        texts += [*part.reviews, *part.queries]
    assert len(texts) == len(set(texts))


def test_every_query_is_answered() -> None:
    _, _, test = generate_likeness(n_train=20, n_test=200, seed=0)
    assert len(test.pairs) + len(test.reviews) + len(test.queries) == 200
    for judged in test.judgments:
        assert max(gain for _, gain in judged) == 2
        places = [place for place, _ in judged]
        assert len(places) == len(set(places))
        assert all(0 <= place < len(test.reviews) for place in places)


def test_likeness_goes_from_nothing_to_the_same() -> None:
    first = a_review("restaurant", soup=True, waiters=True)
    assert likeness.likeness(first, first) == likeness.HIGHEST
    assert likeness.likeness(first, a_review("hotel", view=False)) == 0.0
    nearer, farther = a_review("restaurant", soup=True, waiters=False), a_review("restaurant", soup=False, chips=False)
    assert likeness.HIGHEST > likeness.likeness(first, nearer) > likeness.likeness(first, farther) > 0
    assert likeness.likeness(nearer, farther) == likeness.likeness(farther, nearer)
