"""Settings checked, and put into the one form that all that ask for the same have."""

from dataclasses import replace

from distil_core.errors import ConfigError
from distil_core.settings.config import (
    CorpusConfig,
    Init,
    LayerMap,
    LossConfig,
    RunConfig,
    RunKind,
    StudentConfig,
    TrainingConfig,
)
from distil_core.settings.serialization import build, to_json


def canonical(config: RunConfig) -> RunConfig:
    """Return the same run with every setting that cannot matter put back to its default.

    A twin without a teacher does not depend on the temperature, so that all temperatures share one twin.
    """
    corpus, student, loss, training = config.corpus, config.student, config.loss, config.training
    if student.layers:
        student = replace(student, depth=len(student.layers), layer_map=LayerMap.EXPLICIT)
    if config.kind is not RunKind.DISTILLED:
        loss = replace(LossConfig(), alpha=0.0)
    if config.kind is RunKind.LAYER_CUT:
        training = replace(TrainingConfig(), epochs=0, precision=training.precision)
    if config.kind is RunKind.TFIDF:
        student, training = StudentConfig(), TrainingConfig()
    if loss.alpha == 0.0 and config.kind is RunKind.DISTILLED:
        loss = replace(loss, temperature=LossConfig().temperature)
    if config.kind is RunKind.LAYER_CUT:
        corpus = whole(corpus)
    if loss.alpha == 1.0:  # nobody asks for the labels
        corpus = replace(corpus, labeled=CorpusConfig().labeled)
    return replace(config, corpus=corpus, student=student, loss=loss, training=training)


def whole(corpus: CorpusConfig) -> CorpusConfig:
    """Return the same corpus with all of its training texts and labels to learn from."""
    return replace(corpus, labeled=CorpusConfig().labeled, left_out=CorpusConfig().left_out)


def validate(config: RunConfig) -> RunConfig:
    """Return ``config`` with its values in their declared types.

    Raises:
        ConfigError: With every problem at once.
    """
    problems: list[str] = []
    checked = build(RunConfig, to_json(config), "", problems)
    if checked is not None:
        problems += _cross_checks(checked)
    if problems or checked is None:
        raise ConfigError("; ".join(problems))
    return checked


def _cross_checks(config: RunConfig) -> list[str]:
    student, problems = config.student, []
    if student.layer_map is LayerMap.EXPLICIT and not student.layers:
        problems.append("student.layers must name the teacher layers to copy when student.layer_map is explicit")
    if len(set(student.layers)) != len(student.layers) or list(student.layers) != sorted(student.layers):
        problems.append(f"student.layers must rise and not repeat, got {list(student.layers)}")
    if any(layer < 0 for layer in student.layers):
        problems.append(f"student.layers must be counted from 0, got {list(student.layers)}")
    depth, frozen = len(student.layers) or student.depth, config.training.frozen
    if frozen > depth:
        problems.append(f"training.frozen must be at most the student's number of layers ({depth}), got {frozen}")
    if frozen and student.init is Init.RANDOM:
        problems.append(f"training.frozen must be 0 when student.init is random, got {frozen}")
    return problems
