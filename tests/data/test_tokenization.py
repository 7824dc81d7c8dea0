"""Texts as tokens: as the tokenizer has them, padded as it pads them, in batches that hold every text once."""

from itertools import pairwise

import torch

from distil_core.data import batches as data_batches
from distil_core.data.batches import shuffled_batches, sorted_batches
from distil_core.data.tokenization import Ragged, encode
from tests import tiny


def ragged(*lengths: int) -> Ragged:
    """Texts of these lengths, whose ids count up from 10."""
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    return Ragged(ids=torch.arange(int(offsets[-1])) + 10, offsets=offsets)


class TestEncode:
    def test_it_is_what_the_tokenizer_says(self) -> None:
        words, texts = tiny.tokenizer(), ["snow", "the sun was near my house", ""]
        found = encode(words, texts, max_length=tiny.LENGTH)
        expected = [words(text)["input_ids"] for text in texts]
        assert [part.tolist() for part in found.ids.split(found.lengths.tolist())] == expected
        assert len(found) == 3
        assert found.n_truncated == 0

    def test_long_texts_are_cut_and_counted(self) -> None:
        found = encode(tiny.tokenizer(), ["snow " * 5, "snow", "snow " * 6], max_length=6)
        assert found.lengths.tolist() == [6, 3, 6]
        assert found.n_truncated == 2
        assert found.ids[5] == tiny.tokenizer().sep_token_id

    def test_two_segments_are_a_pair(self) -> None:
        words, texts = tiny.tokenizer(), ["snow\x1fthe sun", "near my house\x1fa", "old\x1fsummer"]
        encoded = encode(words, texts, max_length=tiny.LENGTH)
        expected = [words(*text.split("\x1f")) for text in texts]
        assert [part.tolist() for part in encoded.ids.split(encoded.lengths.tolist())] == [
            e["input_ids"] for e in expected
        ]
        assert encoded.types is not None
        types = [part.tolist() for part in encoded.types.split(encoded.lengths.tolist())]
        assert types == [e["token_type_ids"] for e in expected]
        padded = encoded.padded_types(torch.tensor([2, 0]))
        assert padded is not None
        assert padded.tolist() == [[0, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 1]]

    def test_the_longer_segment_is_cut_first(self) -> None:
        encoded = encode(tiny.tokenizer(), ["snow\x1f" + "sun " * 9], max_length=7)
        assert tiny.tokenizer().decode(encoded.ids) == "[CLS] snow [SEP] sun sun sun [SEP]"
        assert encoded.n_truncated == 1

    def test_no_texts_are_no_tokens(self) -> None:
        found = encode(tiny.tokenizer(), [], max_length=8)
        assert len(found) == 0
        assert found.ids.tolist() == []

    def test_many_texts_are_encoded_as_few_are(self) -> None:
        texts = tiny.split(11_000, seed=1).texts
        found = encode(tiny.tokenizer(), texts, max_length=12)
        last = encode(tiny.tokenizer(), texts[10_000:], max_length=12)
        assert torch.equal(found.ids[found.offsets[10_000] :], last.ids)
        assert len(found) == 11_000


class TestRagged:
    def test_padding_is_what_the_tokenizer_does(self) -> None:
        words, texts = tiny.tokenizer(padding=1), list(tiny.split(9, seed=3).texts)
        examples = torch.tensor([4, 0, 8])
        ids, mask = encode(words, texts, max_length=tiny.LENGTH).padded(examples, padding=1)
        expected = words([texts[i] for i in examples], padding=True, return_tensors="pt")
        assert torch.equal(ids, expected["input_ids"])
        assert torch.equal(mask.long(), expected["attention_mask"])

    def test_the_last_text_may_be_the_shorter_one(self) -> None:
        ids, mask = ragged(3, 1).padded(torch.tensor([1, 0]), padding=0)
        assert ids.tolist() == [[13, 0, 0], [10, 11, 12]]
        assert mask.tolist() == [[True, False, False], [True, True, True]]

    def test_ids_can_be_replaced(self) -> None:
        lookup = torch.arange(20) * 2
        found = ragged(2, 1).with_ids(lookup)
        assert found.ids.tolist() == [20, 22, 24]
        assert torch.equal(found.lengths, torch.tensor([2, 1]))

    def test_the_first_texts_keep_their_types(self) -> None:
        whole = encode(tiny.tokenizer(), tiny.pairs(4, seed=1), max_length=tiny.LENGTH)
        first = whole.first(2)
        assert whole.types is not None
        assert first.types is not None
        assert len(first) == 2
        assert len(first.ids) == len(first.types) == int(whole.offsets[2])
        assert torch.equal(first.types, whole.types[: len(first.types)])

    def test_moving_keeps_everything(self) -> None:
        before = Ragged(ids=torch.arange(3), offsets=torch.tensor([0, 3]), n_truncated=1)
        after = before.to(torch.device("cpu"))
        assert torch.equal(after.ids, before.ids)
        assert after.n_truncated == 1


class TestBatches:
    def test_sorted_batches_go_from_short_to_long(self) -> None:
        batches = sorted_batches(torch.tensor([5, 1, 2, 9, 2]), n_tokens=6, padded=True)
        assert [batch.tolist() for batch in batches] == [[1, 2, 4], [0], [3]]

    def test_without_padding_there_is_room_for_more(self) -> None:
        lengths = torch.tensor([4, 1, 1])
        assert [batch.tolist() for batch in sorted_batches(lengths, n_tokens=6, padded=False)] == [[1, 2, 0]]
        assert [batch.tolist() for batch in sorted_batches(lengths, n_tokens=6, padded=True)] == [[1, 2], [0]]

    def test_shuffled_batches_depend_on_seed_and_epoch_alone(self) -> None:
        lengths = torch.randint(1, 20, (200,))
        drawn = [
            [batch.tolist() for batch in shuffled_batches(lengths, n_tokens=60, padded=True, seed=seed, epoch=epoch)]
            for seed, epoch in ((0, 0), (0, 0), (0, 1), (1, 0))
        ]
        assert drawn[0] == drawn[1]
        assert drawn[0] != drawn[2]
        assert drawn[0] != drawn[3]

    def test_neighbors_in_length_leave_little_padding(self) -> None:
        lengths = torch.randint(1, 100, (2000,))
        batches = shuffled_batches(lengths, n_tokens=1600, padded=True, seed=0, epoch=0)
        padded = sum(len(batch) * int(lengths[batch].max()) for batch in batches)
        assert padded < 1.15 * int(lengths.sum())
        assert len(batches) > 3 * data_batches._POOL

    def test_long_and_short_batches_are_mixed(self) -> None:
        lengths = torch.randint(1, 100, (2000,))
        means = [
            float(lengths[batch].float().mean())
            for batch in shuffled_batches(lengths, n_tokens=800, padded=True, seed=0, epoch=0)
        ]
        rises = sum(later > earlier for earlier, later in pairwise(means))
        assert 0.35 < rises / len(means) < 0.65
