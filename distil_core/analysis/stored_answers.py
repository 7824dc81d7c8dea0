"""The test texts of a finished run with what it and its teacher answered, from its folder; no model is loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from distil_core.analysis import error_analysis, kinds
from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.data.corpus import LabeledText
from distil_core.evaluation.predictions import SplitPredictions
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord


def stored_answers(
    folder: RunFolder, *, record: RunRecord, texts: Sequence[LabeledText], test: SplitPredictions
) -> AnsweredTexts:
    """Return the test texts with both answers and their kinds, for a run whose models predict distributions.

    Args:
        folder: Of the run.
        record: Of the run.
        texts: Its test texts.
        test: What was answered to them.
    """
    tokens: Sequence[Mapping[int, str]] = ()
    if record.task.points:
        from distil_core.analysis import model_pair

        tokens = model_pair.stored_token_names(folder, record=record, texts=texts, test=test)
    answered = error_analysis.answered(
        [example.text for example in texts],
        test.targets,
        test.teacher.logits,
        test.logits,
        label_names=record.class_names,
        places=[example.places for example in texts],
        tokens=tokens,
    )
    return replace(answered, kinds=kinds.kinds_of(record.task.name, texts, answered))
