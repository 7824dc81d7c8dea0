"""Settings checked, and put into the one form that all that ask for the same have."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any, NewType

from distil_core.errors import ConfigError
from distil_core.settings import hardware, recipes
from distil_core.settings.config import (
    CorpusConfig,
    Init,
    LayerMap,
    LossConfig,
    Method,
    Precision,
    Recipe,
    RunConfig,
    StudentConfig,
    Supervision,
    TrainingConfig,
)
from distil_core.settings.serialization import from_json, to_json

FORMER_BASELINE = "tfidf"
"""What the baseline was called when that of text classification was the only one."""

MASKED_WORDS = "fill-mask"
"""Name of the task whose texts have no labels, but masked words."""
_OF_WORDS = (("loss", "soft_sites"), ("training", "masked"), ("training", "mask_smoothing"))

CanonicalConfig = NewType("CanonicalConfig", RunConfig)
"""Settings that are checked, in the one form of all that ask for the same, with precision and threads resolved.

Made in this module alone.
"""


def canonical(config: RunConfig) -> CanonicalConfig:
    """Check the settings of a run and put them into their one form.

    Every setting that cannot matter is put back to its default: a hard-label twin does not depend on the
    temperature, so that all temperatures share one twin. What is left to the machine is settled: precision and number
    of threads.

    Raises:
        ConfigError: With every problem at once.
    """
    checked = validate(config)
    precision = hardware.resolve_precision(checked.training.precision)
    threads = checked.training.threads or hardware.threads_per_run()
    return _one_form(replace(checked, training=replace(checked.training, precision=precision, threads=threads)))


def twin_of(config: CanonicalConfig, method: Method) -> CanonicalConfig:
    """Return the settings of a twin of a run."""
    return _one_form(replace(config, method=method))


def restore_config(data: Mapping[str, Any]) -> CanonicalConfig:
    """Read back settings that were canonical when they were written down.

    Those of a run from before schema 2 leave precision and threads open; see :func:`is_settled`.

    Raises:
        ConfigError: Naming every unknown key, missing key and wrong value at once.
    """
    return CanonicalConfig(from_json(RunConfig, renewed(data)))


def renewed(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return stored settings under the names of this version: the method was called kind, the baseline tfidf."""
    settings = {("method" if name == "kind" else name): value for name, value in data.items()}
    if settings.get("method") == FORMER_BASELINE:
        settings["method"] = Method.BASELINE
    return settings


def is_settled(config: CanonicalConfig) -> bool:
    """Say whether precision and threads are part of the settings, as in all runs since schema 2."""
    return config.training.precision is not Precision.AUTO and config.training.threads > 0


def portable(config: RunConfig) -> RunConfig:
    """Return the same settings with precision and threads left to whatever machine computes them."""
    return replace(config, training=replace(config.training, precision=Precision.AUTO, threads=0))


def without_folders(config: RunConfig) -> RunConfig:
    """Return the same settings with files and folders by their names alone, as whoever gets them has other folders."""
    corpus, teacher = config.corpus, config.teacher
    corpus = replace(corpus, source=_name(corpus.source), test=_name(corpus.test))
    return replace(config, corpus=corpus, teacher=replace(teacher, source=_name(teacher.source)))


def _name(source: str) -> str:
    # A name of the hub has a slash in it, too, but does not begin with one.
    return PurePath(source).name if PurePath(source).is_absolute() or source.startswith("~") else source


def _one_form(config: RunConfig) -> CanonicalConfig:
    corpus, student, loss, training = config.corpus, config.student, config.loss, config.training
    # A recipe is how a teacher is fine-tuned, too, which all that it answers depends on.
    machine = TrainingConfig(recipe=training.recipe, precision=training.precision, threads=training.threads)
    if student.layers:
        student = replace(student, depth=len(student.layers), layer_map=LayerMap.EXPLICIT)
    if not student.depth:  # there is no layer to take anything out of
        usual_student = StudentConfig()
        student = replace(
            student, heads=usual_student.heads, neurons=usual_student.neurons, sparsity=usual_student.sparsity
        )
    if corpus.supervision is Supervision.LABELS:
        usual = CorpusConfig()
        corpus = replace(
            corpus, label_descriptions=usual.label_descriptions, hypothesis_template=usual.hypothesis_template
        )
    elif config.method.asks_teacher:  # there are no labels to ask for
        loss = replace(loss, alpha=1.0)
    if not config.method.asks_teacher:
        loss = replace(LossConfig(), alpha=0.0)
    if config.method is Method.RANDOM_START:  # what is taken of another run has its shape from there
        student = replace(student, init=Init.RANDOM, width=0 if student.parent else student.width, parent="")
    if config.method is Method.LAYER_CUT:
        training, corpus = replace(machine, epochs=0), whole(corpus)
    if config.method is Method.BASELINE:
        student, training = StudentConfig(), machine
    if loss.soft_weight or loss.hard_weight:
        loss = replace(loss, alpha=LossConfig().alpha)
    if loss.soft == 0.0 and config.method.asks_teacher:
        loss = replace(loss, temperature=LossConfig().temperature, soft_sites=LossConfig().soft_sites)
    if loss.hard == 0.0:  # nobody asks for the labels
        corpus = replace(corpus, labeled=CorpusConfig().labeled)
    return CanonicalConfig(replace(config, corpus=corpus, student=student, loss=loss, training=training))


def whole(corpus: CorpusConfig) -> CorpusConfig:
    """Return the same corpus with all of its training texts and labels to learn from."""
    return replace(corpus, labeled=CorpusConfig().labeled, left_out=CorpusConfig().left_out)


def validate(config: RunConfig) -> RunConfig:
    """Return ``config`` with its values in their declared types.

    Raises:
        ConfigError: With every problem at once.
    """
    return parse_config(to_json(config))


def parse_config(data: Mapping[str, Any]) -> RunConfig:
    """Read the settings of a run that somebody writes down, in a form or in a shell.

    Raises:
        ConfigError: With every problem at once.
    """
    config = from_json(RunConfig, data)
    if problems := list(_clashes(config)):
        raise ConfigError("; ".join(problems))
    return config


def _clashes(config: RunConfig) -> Iterator[str]:
    """Say which settings do not go together, though each is one that is allowed."""
    student, frozen = config.student, config.training.frozen
    yield from _about_words(config)
    if config.corpus.shots and (config.corpus.labeled < 1.0 or config.corpus.left_out):
        yield "corpus.shots must be 0 when corpus.labeled or corpus.left_out say whose labels are told"
    if config.corpus.supervision is Supervision.ZERO_SHOT:
        yield from _zero_shot_clashes(config)
    if student.layer_map is LayerMap.EXPLICIT and not student.layers:
        yield "student.layers must name the teacher layers to copy when student.layer_map is explicit"
    if len(set(student.layers)) != len(student.layers) or list(student.layers) != sorted(student.layers):
        yield f"student.layers must rise and not repeat, got {list(student.layers)}"
    if any(layer < 0 for layer in student.layers):
        yield f"student.layers must be counted from 0, got {list(student.layers)}"
    depth = student.n_layers
    for name in ("hidden_mse", "attention_kl"):
        if not depth and getattr(config.loss, name):
            yield f"loss.{name} must be 0 when student.depth is 0, as there are no layers to map"
    if student.parent and student.init is not Init.TEACHER:
        yield "student.init must be left as it is when student.parent names the run whose student is the start"
    if frozen > depth and not student.parent:
        yield f"training.frozen must be at most the student's number of layers ({depth}), got {frozen}"
    for name in recipes.overruled(config.training):
        yield f"training.{name} must be left as it is when training.recipe is quick, which chooses it"
    if config.training.recipe is Recipe.QUICK and student.init is Init.RANDOM:
        yield "training.recipe must be thorough when student.init is random, as quick freezes layers of the teacher"
    if frozen and student.init is Init.RANDOM:
        yield f"training.frozen must be 0 when student.init is random, got {frozen}"


def _zero_shot_clashes(config: RunConfig) -> Iterator[str]:
    corpus, usual = config.corpus, CorpusConfig()
    for name in ("labeled", "shots", "left_out"):
        if getattr(corpus, name) != getattr(usual, name):
            yield f"corpus.{name} must be left as it is when corpus.supervision is zero-shot: no label is told"
    if config.loss.alpha not in (LossConfig().alpha, 1.0):
        yield f"loss.alpha must be 1 when corpus.supervision is zero-shot, as no label is told, got {config.loss.alpha}"
    if corpus.hypothesis_template.count("{}") != 1:
        yield f"corpus.hypothesis_template must hold {{}} once, got {corpus.hypothesis_template!r}"


def _about_words(config: RunConfig) -> Iterator[str]:
    if config.task != MASKED_WORDS:
        for section, name in _OF_WORDS:
            if getattr(getattr(config, section), name) != getattr(getattr(RunConfig(), section), name):
                yield f"{section}.{name} must be left as it is for the task {config.task}, which masks no words"
        return
    if config.corpus.labeled < 1.0 or config.corpus.shots or config.corpus.left_out:
        yield f"corpus.labeled, shots and left_out must be left as they are for {MASKED_WORDS}, which has no labels"
    if config.loss.attention_kl:
        yield f"loss.attention_kl must be 0 for {MASKED_WORDS}, got {config.loss.attention_kl:g}"
