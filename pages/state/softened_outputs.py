"""What a temperature does to the answers of a finished run: softened, calibrated, and in its gradients.

Reads: a finished run's outputs, and its models for a text of one's own. Writes: nothing. Cached values are read-only.
"""

import streamlit as st

from distil_core.analysis import comparison as analysis_comparison
from distil_core.analysis import temperature as analysis_temperature
from distil_core.analysis.comparison import Compared
from distil_core.evaluation import calibration
from distil_core.runs.families import FinishedRun
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.settings.config import Method
from pages.state import model_answers, resources


@st.cache_resource(max_entries=64, show_spinner="Asking teacher and student…")
def _compared(run_id: str, text: str, _outcome: FinishedRun) -> tuple[Compared, ...]:
    return model_answers.compare(_outcome, text).sites


def compare(outcome: FinishedRun, text: str) -> tuple[Compared, ...]:
    """Return what teacher and student of a finished run answer at each site of a text.

    No model is loaded for a test text.

    Raises:
        DistilError: If the run's files cannot be read, or one of the models cannot be loaded.
    """
    if outcome.record.task.points:
        return _compared(outcome.run, text, outcome)
    texts = model_answers.of_test_texts(outcome)
    return analysis_temperature.stored(text, resources.outputs(outcome.folder), texts) or _compared(
        outcome.run, text, outcome
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _telling(folder: RunFolder, _outcome: FinishedRun) -> dict[str, int]:
    return analysis_temperature.telling(model_answers.of_test_texts(_outcome))


def telling(outcome: FinishedRun) -> dict[str, int]:
    """Return rows of the test texts of which the teacher is sure, hesitant and torn."""
    return _telling(outcome.folder, outcome)


@st.cache_resource(max_entries=8, show_spinner="Softening all test texts…")
def over_temperatures(folder: RunFolder) -> analysis_temperature.Softened:
    """Return what teacher and student of a finished run are over all temperatures."""
    return analysis_temperature.over_temperatures(resources.outputs(folder))


@st.cache_resource(max_entries=16, show_spinner=False)
def dark_knowledge(
    folder: RunFolder, twin: RunFolder | None, temperature: float
) -> dict[str, analysis_temperature.DarkKnowledge]:
    """Return where teacher, student and the hard-label twin put what they do not give to the right label.

    Raises:
        DistilError: If the outputs cannot be read.
    """
    test = resources.outputs(folder).test
    models = {analysis_comparison.NAMES[Method.DISTILLED]: test.logits[test.known]}
    if twin is not None:
        models[analysis_comparison.NAMES[Method.HARD_LABELS]] = resources.outputs(twin).test.logits[test.known]
    return analysis_temperature.dark_knowledge(
        test.teacher.logits[test.known],
        models,
        test.targets[test.known],
        temperature=temperature,
        examples=test.examples[test.known],
    )


@st.cache_resource(max_entries=8, show_spinner="Looking for the temperature that calibrates…")
def scalings(folder: RunFolder, twin: RunFolder | None) -> dict[Method | None, calibration.Scaling]:
    """Return the calibration of teacher (None), student and the hard-label twin, as they are and scaled.

    Raises:
        DistilError: If the outputs cannot be read, or there are no texts.
    """
    outputs = resources.outputs(folder)
    validation, test = outputs.validation, outputs.test
    models = {
        None: (validation.teacher.logits, test.teacher.logits),
        Method.DISTILLED: (validation.logits, test.logits),
    }
    if twin is not None:
        answers = resources.outputs(twin)
        models[Method.HARD_LABELS] = answers.validation.logits, answers.test.logits
    return {
        method: calibration.scaling(
            fitted[validation.known], validation.targets[validation.known], judged[test.known], test.targets[test.known]
        )
        for method, (fitted, judged) in models.items()
    }


@st.cache_resource(max_entries=8, show_spinner="Measuring gradients…")
def _gradients(run_id: str, folder: RunFolder, _record: RunRecord) -> analysis_temperature.GradientNorms:
    from distil_core.analysis import gradients

    outputs, texts = resources.outputs(folder), resources.test_texts(folder)
    return gradients.of_run(folder, record=_record, answers=outputs, texts=texts)


def gradient_norms(outcome: FinishedRun) -> analysis_temperature.GradientNorms:
    """Return how hard each part of the loss pulls at the student of a finished run, over the temperature.

    Raises:
        DistilError: If the run's files cannot be read, or its student cannot be loaded.
    """
    return _gradients(outcome.run, outcome.folder, outcome.record)
