"""Windows of contexts, where their sites point, and what is answered over all windows of a question."""

from itertools import product

import numpy as np
import pytest
import torch

from distil_core.data.corpus import Split, join_segments
from distil_core.data.sites import EXCLUDED, UNKNOWN
from distil_core.errors import CorpusError
from distil_core.models.forward import at_sites, predict
from distil_core.tasks.catalog import task_named
from distil_core.tasks.qa import windows
from distil_core.tasks.qa.overlap import SentenceOverlap, at_tokens
from distil_core.tasks.qa.spans import MAX_TOKENS, Windows
from tests import tiny

TASK = task_named("qa")
LONG = "we saw the old house by some people then snow was near my old house of fire then people walked by the sun"
QUESTION = "near then"


def split(*labels: object, context: str = LONG) -> Split:
    return Split(texts=(join_segments((QUESTION, context)),) * len(labels), labels=labels)


def label(word: str, context: str = LONG) -> tuple[tuple[int, str], ...]:
    return ((context.index(word), word),)


def test_a_long_context_is_read_in_windows_that_overlap_and_lose_nothing() -> None:
    encoded = TASK.encode(tiny.tokenizer(), split(label("snow")), max_length=18)
    judge = windows.windows_of(encoded.sites)
    assert len(encoded.tokens) == len(judge) > 1
    assert int(encoded.tokens.lengths.max()) <= 18
    assert judge.owners.tolist() == [0] * len(judge)
    words = [
        {LONG[start:end] for start, end in zip(judge.starts[first:stop], judge.ends[first:stop], strict=True)}
        for first, stop in zip(judge.offsets[:-1], judge.offsets[1:], strict=True)
    ]
    assert set().union(*words) == set(LONG.split())
    assert windows.overlap(18) == 6
    # Token types tell the question from the context.
    assert encoded.tokens.types is not None
    row = slice(0, int(encoded.tokens.offsets[1]))
    assert int((encoded.tokens.types[row] == 0).sum()) == len(QUESTION.split()) + 2


def test_each_window_is_asked_where_the_answer_starts_and_ends_in_it() -> None:
    gold = ((LONG.index("snow"), "snow was near"),)
    encoded = TASK.encode(tiny.tokenizer(), split(gold, (), None), max_length=18)
    sites, judge = encoded.sites, windows.windows_of(encoded.sites)
    targets = sites.targets.view(-1, 2)
    for window, (first, stop) in enumerate(zip(judge.offsets[:-1], judge.offsets[1:], strict=True)):
        words = [LONG[start:end] for start, end in zip(judge.starts[first:stop], judge.ends[first:stop], strict=True)]
        wanted = [0, 0]
        if judge.owners[window] == 2:
            wanted = [UNKNOWN, UNKNOWN]
        elif judge.owners[window] == 0 and {"snow", "near"} <= set(words):
            wanted = [1 + words.index("snow"), 1 + words.index("near")]
        assert targets[window].tolist() == wanted
    assert (targets[judge.owners == 0] > 0).any()
    assert (targets[judge.owners == 0] == 0).any()
    assert sites.examples.tolist() == np.repeat(judge.owners, 2).tolist()
    assert sites.n_examples == 3
    assert sites.rows_of(torch.tensor([1])).tolist() == np.flatnonzero(judge.owners == 1).tolist()


def test_logits_of_a_site_are_those_of_its_tokens() -> None:
    encoded = TASK.encode(tiny.tokenizer(), split((), context="we saw snow"), max_length=12)
    scores = torch.arange(2 * int(encoded.tokens.lengths[0])).float().view(1, -1, 2)
    chosen, logits = at_sites(scores, encoded.sites, torch.tensor([0]))
    assert chosen.tolist() == [0, 1]
    # [CLS] near then [SEP] we saw snow [SEP]: class 0 is the first token, then the context from the fourth on.
    assert logits[0, :4].tolist() == [0, 8, 10, 12]
    assert logits[1, :4].tolist() == [1, 9, 11, 13]
    assert (logits[:, 4:] == EXCLUDED).all()


def brute(logits: np.ndarray, judge: Windows) -> list[tuple[int, int] | None]:
    answers: list[tuple[int, int] | None] = []
    for question in range(len(judge.contexts)):
        best, span, null = -np.inf, None, np.inf
        for window in np.flatnonzero(judge.owners == question):
            start, end = logits[2 * window], logits[2 * window + 1]
            null = min(null, float(start[0] + end[0]))
            first, stop = judge.offsets[window], judge.offsets[window + 1]
            for i, j in product(range(stop - first), repeat=2):
                if i <= j < i + MAX_TOKENS and start[1 + i] + end[1 + j] > best:
                    best, span = start[1 + i] + end[1 + j], (int(judge.starts[first + i]), int(judge.ends[first + j]))
        answers.append(None if judge.may_be_empty and null > best else span)
    return answers


@pytest.mark.parametrize("unanswerable", [True, False])
def test_the_best_span_over_all_windows_is_the_answer(unanswerable: bool) -> None:
    known = label("snow")
    encoded = TASK.encode(tiny.tokenizer(), split(known, known, () if unanswerable else known, known), max_length=18)
    judge = windows.windows_of(encoded.sites)
    logits = np.random.default_rng(0).normal(size=(2 * len(judge), 18))
    logits[:, 0] += 3.0
    answers = [None if one.is_empty else (one.start, one.end) for one in judge.answers(logits)]
    assert answers == brute(logits, judge)
    assert (None in answers) is unanswerable


def test_certain_starts_and_ends_are_right_answers_and_columns_say_what_was_asked() -> None:
    encoded = TASK.encode(tiny.tokenizer(), split(label("snow"), (), None), max_length=18)
    certain = torch.zeros(len(encoded.sites), 18).scatter_(1, encoded.sites.targets.clamp(min=0)[:, None], 5.0)
    rows = windows.windows_of(encoded.sites)(certain.numpy())
    assert rows.tolist() == [[1, 1, 1, 0], [1, 1, 0, 1], [0, 0, 0, 0]]


def test_a_question_that_leaves_no_room_is_refused_with_what_to_set() -> None:
    text = join_segments((" ".join(["snow"] * 12), LONG))
    with pytest.raises(CorpusError, match=r"leaves 1 of the 16 .* set teacher.max_length to 23 or more"):
        TASK.encode(tiny.tokenizer(), Split.unlabeled((text,)), max_length=16)
    TASK.encode(tiny.tokenizer(), Split.unlabeled((text,)), max_length=23)


def test_places_name_start_and_end_of_each_window() -> None:
    text = join_segments((QUESTION, LONG))
    places = TASK.places(tiny.tokenizer(), text, max_length=18)
    encoded = TASK.encode(tiny.tokenizer(), Split.unlabeled((text,)), max_length=18)
    assert len(places) == len(encoded.sites)
    assert [place.text for place in places[:3]] == [
        f"start in part 1 of {len(encoded.tokens)}",
        f"end in part 1 of {len(encoded.tokens)}",
        f"start in part 2 of {len(encoded.tokens)}",
    ]
    assert text[places[0].start : places[0].end].startswith("we saw the")


@pytest.mark.parametrize("architecture", tiny.ARCHITECTURES)
def test_every_architecture_points_at_tokens(architecture: str, tmp_path: object) -> None:
    from distil_core.models.head import QUESTION_ANSWERING
    from distil_core.models.loading import load_model

    folder = tiny.save(architecture, tmp_path / architecture)  # type: ignore[operator]
    model = load_model(folder, head=QUESTION_ANSWERING, label_names=("start", "end"))
    words = tiny.tokenizer_for(architecture)
    encoded = TASK.encode(words, split(label("snow"), label("fire")), max_length=24)
    logits = predict(model, encoded.tokens, padding=words.pad_token_id, sites=encoded.sites)
    assert logits.shape == (len(encoded.sites), 24)
    # The same, as people ask it: one window at a time, without padding.
    window = len(encoded.tokens) - 1
    ids, mask = encoded.tokens.padded(torch.tensor([window]), padding=words.pad_token_id)
    types = encoded.tokens.padded_types(torch.tensor([window]))
    inputs = {"input_ids": ids, "attention_mask": mask.long()}
    with torch.inference_mode():
        output = model(**inputs, **({} if types is None else {"token_type_ids": types}))
    n = int(encoded.sites.pointers.counts[2 * window])
    first = int(encoded.sites.positions[2 * window])
    assert torch.allclose(logits[2 * window, 1 : n + 1], output.start_logits[0, first : first + n], atol=1e-5)
    assert torch.allclose(logits[2 * window + 1, 0], output.end_logits[0, 0], atol=1e-5)


def test_the_baseline_answers_with_the_sentence_that_shares_most_words() -> None:
    context = "We saw snow. Then the sun was near my house. People walked by."
    text = join_segments(("was my house near the sun", context))
    spans = SentenceOverlap().predict((text,))
    start, end = spans[0].tolist()
    assert context[start:end] == "Then the sun was near my house."
    encoded = TASK.encode(tiny.tokenizer(), Split(texts=(text,), labels=(label("snow", context),)), max_length=40)
    judge = windows.windows_of(encoded.sites)
    (answer,) = judge.answers(at_tokens(spans, judge, n_classes=40).numpy())
    assert (answer.start, answer.end) == (start, end)
