"""What is read out of starts and ends for people, and how questions are sorted into kinds."""

import numpy as np
import pytest

from distil_core.analysis.answer_spans import answer_length, by_kind, question_word, read_answers
from distil_core.data.corpus import Split, join_segments
from distil_core.evaluation.predictions import split_predictions
from distil_core.tasks.catalog import task_named
from distil_core.tasks.qa.windows import windows_of
from tests import tiny

CONTEXT = "we saw snow near the old house"
TASK = task_named("qa")


def test_curves_and_spans_are_those_of_the_logits() -> None:
    split = Split(texts=(join_segments(("near then", CONTEXT)),), labels=(None,))
    windows = windows_of(TASK.encode(tiny.tokenizer(), split, max_length=20).sites)
    certain, unsure = np.zeros((2, 20)), np.zeros((2, 20))
    certain[0, 3], certain[1, 4] = 20.0, 20.0
    unsure[:, 0] = 20.0
    unsure[:, 8:] = certain[:, 8:] = -1e4
    reading = read_answers(windows, certain, unsure, may_be_empty=True)
    assert reading.words == tuple(CONTEXT.split())
    assert CONTEXT[reading.teacher.start : reading.teacher.end] == "snow near"
    assert not reading.teacher.is_empty
    assert reading.student.is_empty
    assert reading.student.nothing == pytest.approx(1.0, abs=1e-6)
    assert int(np.argmax(reading.teacher.starts)) == 2
    assert reading.teacher.ends[3] == pytest.approx(1.0, abs=1e-6)
    assert not read_answers(windows, certain, unsure, may_be_empty=False).student.is_empty


def test_questions_are_told_apart_by_their_word_and_the_length_of_their_answer() -> None:
    assert question_word(join_segments(("In which year was it?", "when"))) == "which"
    assert question_word(join_segments(("Name it.", "what"))) == "other"
    lengths = [answer_length(((0, " ".join(["word"] * n)),) if n else ()) for n in (0, 1, 3, 7, 8)]
    assert lengths == ["no answer", "1 word", "2 to 3 words", "4 to 7 words", "8 or more"]


def test_kinds_add_up_to_all_questions() -> None:
    quality = np.array([[1.0, 1, 1, 0], [0.5, 0, 1, 0], [0.0, 0, 0, 1]])
    answers = split_predictions(
        np.zeros((3, 2)),
        np.zeros(3, dtype=int),
        teacher_logits=np.zeros((3, 2)),
        quality=quality,
        teacher_quality=quality,
    )
    groups = by_kind(["what", "who", "what"], answers, TASK.primary)
    assert [(group.name, group.n, group.student) for group in groups] == [("what", 2, 0.5), ("who", 1, 0.5)]
