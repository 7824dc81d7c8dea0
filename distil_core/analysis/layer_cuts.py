"""A teacher cut to fewer layers and not trained: what is left at each depth."""

import numpy as np

from distil_core.analysis.model_pair import ModelPair, load_pair
from distil_core.data.corpus import Split
from distil_core.evaluation.bootstrap import interval
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.predictions import split_predictions
from distil_core.evaluation.records import Interval
from distil_core.models.forward import predict
from distil_core.models.surgery import cut_student
from distil_core.runs.families import FinishedRun
from distil_core.settings.config import StudentConfig
from distil_core.training.cache import Cache


def cut_scores(pair: ModelPair, split: Split, metric: Metric) -> tuple[Interval, ...]:
    """Return what a teacher comes to on some texts with 1 layer left, with 2, and so on to all of them.

    The layers that stay are spaced evenly from the first to the last; nothing is trained.

    Args:
        pair: The teacher, with its tokenizer; the student is not asked.
        split: Labeled texts, which are classified.
        metric: What it is measured by.
    """
    encoded = pair.task.encode(pair.tokenizer, split, max_length=pair.max_length).to(pair.teacher.device)
    scores = []
    for depth in range(1, pair.teacher.config.num_hidden_layers + 1):
        cut, _ = cut_student(pair.teacher, StudentConfig(depth=depth))
        logits = predict(cut.to(pair.teacher.device), encoded.tokens, padding=pair.tokenizer.pad_token_id)
        score = interval(split_predictions(logits.numpy(), np.array(split.labels)), metric)
        assert score is not None
        scores.append(score)
    return tuple(scores)


def cut_scores_of_run(run: FinishedRun, cache: Cache) -> tuple[Interval, ...]:
    """Return the same of the teacher of a run, on its test texts and by its metric.

    Args:
        run: A finished run with a student, of texts that are classified.
        cache: Where fine-tuned teachers are kept.

    Raises:
        ModelError: If the teacher cannot be loaded.
        StoreError: If the test texts cannot be read.
    """
    pair, texts = load_pair(run.folder, record=run.record, cache=cache), run.folder.read_test_texts()
    split = Split(texts=tuple(text.text for text in texts), labels=tuple(text.label for text in texts))
    return cut_scores(pair, split, run.record.metric)
