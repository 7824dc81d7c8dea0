import pytest
from transformers import AutoTokenizer

from distil_core.data.corpus import Split
from distil_core.data.sites import UNKNOWN
from distil_core.models.checkpoints import locate
from distil_core.tasks.tokens import TokenClassification
from tests import tiny

TASK = TokenClassification()
SPLIT = Split(texts=("snow was near", "unheard-of fire"), labels=((1, 0, 0), (3, 4)))


def test_a_word_is_asked_at_its_first_piece() -> None:
    encoded = TASK.encode(tiny.tokenizer(), SPLIT, max_length=40)
    assert encoded.sites.targets.tolist() == [1, 0, 0, 3, 4]
    assert encoded.sites.offsets.tolist() == [0, 3, 5]
    assert encoded.sites.positions[0] == 1
    text = "so   the soup, was\tawful!"
    tokenizer = AutoTokenizer.from_pretrained(locate("shipped").folder)
    positions = TASK.encode(tokenizer, Split.unlabeled((text,)), max_length=40).sites.positions.tolist()
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"])
    assert [tokens[position] for position in positions] == ["so", "the", "soup", "was", "awful"]
    assert [place.text for place in TASK.places(tokenizer, text, max_length=40)] == text.split()


@pytest.mark.parametrize("max_length", [4, 40])
def test_sites_and_places_are_as_many(max_length: int) -> None:
    tokenizer = tiny.tokenizer()
    encoded = TASK.encode(tokenizer, SPLIT, max_length=max_length)
    for i, text in enumerate(SPLIT.texts):
        n_sites = int(encoded.sites.offsets[i + 1] - encoded.sites.offsets[i])
        assert n_sites == len(TASK.places(tokenizer, text, max_length=max_length))
    assert bool(encoded.tokens.n_truncated) == (max_length == 4)


def test_tags_that_nobody_knows_have_the_same_sites() -> None:
    encoded = TASK.encode(tiny.tokenizer(), Split.unlabeled(SPLIT.texts), max_length=40)
    assert encoded.sites.targets.tolist() == [UNKNOWN] * 5
