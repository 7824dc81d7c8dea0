"""The everyday list: balanced in both halves, of many kinds of things, and not among what models learn from."""

import csv
from collections import Counter

from distil_core.assets import without_overlap
from distil_core.data.everyday import Clause
from distil_core.models.checkpoints import assets_folder
from distil_core.tasks.classification.everyday_list import EVERYDAY_SIDES, read_everyday


def test_both_halves_are_balanced_and_have_many_domains() -> None:
    halves = [read_everyday(half) for half in ("development", "report")]
    assert [len(half) for half in halves] == [100, 100]
    for half in halves:
        assert set(half.values()) == set(EVERYDAY_SIDES)
        assert min(Counter(half.values()).values()) >= 33
    together = read_everyday()
    assert len({text.lower() for text in together}) == len(together) == 200
    with (assets_folder() / "probe.csv").open(encoding="utf-8", newline="") as file:
        assert len({row["domain"] for row in csv.DictReader(file)}) >= 20


def test_sentences_that_share_five_words_in_a_row_with_it_are_left_out() -> None:
    measured = ("This is the worst hotel I know.",)
    near, far = Clause("well, is THE worst hotel I", -1.0), Clause("the worst hotel I ever saw", -1.0)
    assert without_overlap((near, far), measured) == (far,)
