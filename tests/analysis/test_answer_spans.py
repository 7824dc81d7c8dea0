"""What is read out of starts and ends for people."""

import numpy as np
import pytest

from distil_core.analysis.answer_spans import read_answers
from distil_core.data.corpus import Split, join_segments
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
