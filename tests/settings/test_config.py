"""Settings: their bounds, their way to JSON and back, their fingerprints, and which layers a student starts from."""

import json
import re
import typing
from dataclasses import dataclass, fields, is_dataclass, replace

import pytest

from distil_core.errors import ConfigError
from distil_core.settings.canonical import canonical, validate
from distil_core.settings.config import (
    CorpusConfig,
    Init,
    LayerMap,
    LossConfig,
    Precision,
    RunConfig,
    RunKind,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.settings.identity import SCHEMA_VERSION, fingerprint
from distil_core.settings.layer_maps import layer_indices
from distil_core.settings.serialization import digest, from_json, to_json

SECTIONS = (CorpusConfig, TeacherConfig, StudentConfig, LossConfig, TrainingConfig)
CHANGED = RunConfig(
    kind=RunKind.HARD_LABELS,
    corpus=CorpusConfig(source="a.csv", label_names=("no", "yes"), max_examples=7),
    teacher=TeacherConfig(source="minilm", max_length=64),
    student=StudentConfig(layers=(0, 3), layer_map=LayerMap.EXPLICIT, init=Init.RANDOM),
    loss=LossConfig(temperature=3.5, alpha=0.25, hidden_mse=1.0),
    training=TrainingConfig(epochs=0, precision=Precision.BF16),
    seed=5,
)


@pytest.mark.parametrize("config", [RunConfig(), CHANGED])
def test_a_config_goes_to_json_and_back(config: RunConfig) -> None:
    assert from_json(RunConfig, json.loads(json.dumps(to_json(config)))) == config


def test_missing_sections_keep_their_defaults() -> None:
    assert from_json(RunConfig, {"seed": 3}) == RunConfig(seed=3)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_says_what_it_does(section: type) -> None:
    for item in fields(section):
        assert item.metadata["help"].endswith("."), item.name


def test_all_problems_are_told_at_once() -> None:
    data = {
        "student": {"depth": 0, "layer_map": "middle"},
        "loss": {"temperature": float("nan"), "alpha": 1.5, "beta": 1},
        "training": {"learning_rate": 0, "epochs": "many"},
        "extra": 1,
    }
    with pytest.raises(ConfigError) as caught:
        from_json(RunConfig, data)
    assert str(caught.value).split("; ") == [
        "unknown key extra",
        "known: corpus, kind, loss, seed, student, teacher, training",
        "student.depth must be at least 1, got 0",
        "student.layer_map must be one of alternate, first, last, even, explicit, got 'middle'",
        "unknown key loss.beta",
        "known: alpha, attention_kl, hidden_cosine, hidden_mse, logit_mse, temperature",
        "loss.temperature must be a number, got nan",
        "loss.alpha must be at most 1, got 1.5",
        "training.epochs must be int, got 'many'",
        "training.learning_rate must be above 0, got 0.0",
    ]


@pytest.mark.parametrize(
    ("section", "setting", "value", "problem"),
    [
        ("training", "epochs", True, "training.epochs must be int, got True"),
        ("training", "epochs", 1.5, "training.epochs must be int, got 1.5"),
        ("training", "clip", False, "training.clip must be float, got False"),
        ("corpus", "source", 3, "corpus.source must be str, got 3"),
        ("corpus", "label_names", "ab", "corpus.label_names must be"),
        ("student", "layers", [0, "one"], "student.layers[1] must be int, got 'one'"),
        ("student", "init", 3, "student.init must be one of teacher, random, got 3"),
    ],
)
def test_a_wrong_type_is_named(section: str, setting: str, value: object, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_json(RunConfig, {section: {setting: value}})
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize("data", [None, [], "config"])
def test_a_section_that_is_no_mapping_is_refused(data: object) -> None:
    with pytest.raises(ConfigError, match=f"^student must be a mapping, got {re.escape(repr(data))}$"):
        from_json(RunConfig, {"student": data})


def test_no_more_can_be_frozen_than_there_is() -> None:
    frozen = RunConfig(student=StudentConfig(depth=2), training=TrainingConfig(frozen=2))
    assert validate(frozen) == frozen
    for student, problem in (
        (StudentConfig(depth=1), "training.frozen must be at most the student's number of layers (1), got 2"),
        (StudentConfig(layers=(3,)), "training.frozen must be at most the student's number of layers (1), got 2"),
        (StudentConfig(init=Init.RANDOM), "training.frozen must be 0 when student.init is random, got 2"),
    ):
        with pytest.raises(ConfigError) as caught:
            validate(replace(frozen, student=student))
        assert str(caught.value) == problem


def test_a_missing_key_without_default_is_named() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Needs:
        size: int

    with pytest.raises(ConfigError, match=r"^missing key size$"):
        from_json(Needs, {})


def test_optional_mapped_and_flag_values_are_read() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Various:
        share: float | None
        speeds: dict[str, float]
        quick: bool

    read = from_json(Various, {"share": None, "speeds": {"a": 1}, "quick": True})
    assert read == Various(share=None, speeds={"a": 1.0}, quick=True)
    assert from_json(Various, to_json(replace(read, share=0.5))).share == 0.5
    with pytest.raises(ConfigError, match=r"speeds\.a must be float, got 'fast'; quick must be bool, got 1"):
        from_json(Various, {"share": 1, "speeds": {"a": "fast"}, "quick": 1})


def test_values_are_put_into_their_declared_types() -> None:
    data = {"loss": {"temperature": 2}, "training": {"epochs": 3.0}, "student": {"layer_map": "first"}}
    checked = from_json(RunConfig, data)
    assert type(checked.loss.temperature) is float
    assert type(checked.training.epochs) is int
    assert checked.student.layer_map is LayerMap.FIRST
    assert validate(checked) == checked


@pytest.mark.parametrize(
    ("student", "problem"),
    [
        (StudentConfig(layer_map=LayerMap.EXPLICIT), "student.layers must name the teacher layers to copy"),
        (StudentConfig(layers=(2, 1)), "student.layers must rise and not repeat, got [2, 1]"),
        (StudentConfig(layers=(1, 1)), "student.layers must rise and not repeat, got [1, 1]"),
        (StudentConfig(layers=(-1, 1)), "student.layers must be counted from 0, got [-1, 1]"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(student: StudentConfig, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(RunConfig(student=student))
    assert str(caught.value).startswith(problem)


def test_a_seed_that_no_generator_takes_is_refused() -> None:
    with pytest.raises(ConfigError, match="seed must be at most"):
        validate(RunConfig(seed=2**64))


class TestCanonical:
    def test_explicit_layers_decide_depth_and_map(self) -> None:
        found = canonical(RunConfig(student=StudentConfig(depth=5, layers=(0, 2, 3)))).student
        assert (found.depth, found.layer_map) == (3, LayerMap.EXPLICIT)

    def test_the_temperature_is_nothing_without_soft_labels(self) -> None:
        hot, warm = (RunConfig(loss=LossConfig(alpha=0.0, temperature=t)) for t in (9.0, 4.0))
        assert canonical(hot) == canonical(warm)
        hot, warm = (RunConfig(loss=LossConfig(alpha=0.1, temperature=t)) for t in (9.0, 4.0))
        assert canonical(hot) != canonical(warm)

    def test_twins_do_not_know_the_teacher(self) -> None:
        for kind in (RunKind.HARD_LABELS, RunKind.LAYER_CUT, RunKind.TFIDF):
            loss = canonical(RunConfig(kind=kind, loss=LossConfig(temperature=9.0, hidden_mse=1.0))).loss
            assert loss == replace(LossConfig(), alpha=0.0)

    def test_the_cut_is_not_trained_and_the_baseline_has_no_student(self) -> None:
        asked = RunConfig(
            student=StudentConfig(depth=1), training=TrainingConfig(epochs=9, precision=Precision.FP32, clip=3.0)
        )
        cut = canonical(replace(asked, kind=RunKind.LAYER_CUT))
        assert cut.training == TrainingConfig(epochs=0, precision=Precision.FP32)
        assert cut.student.depth == 1
        baseline = canonical(replace(asked, kind=RunKind.TFIDF))
        assert (baseline.student, baseline.training) == (StudentConfig(), TrainingConfig())

    @pytest.mark.parametrize("kind", RunKind)
    def test_it_is_already_canonical(self, kind: RunKind) -> None:
        once = canonical(replace(CHANGED, kind=kind))
        assert canonical(once) == once


class TestFingerprint:
    def test_names_do_not_matter_and_contents_do(self) -> None:
        here = RunConfig(corpus=CorpusConfig(source="/a/x.csv"), teacher=TeacherConfig(source="/a/model"))
        there = RunConfig(corpus=CorpusConfig(source="/b/y.csv"), teacher=TeacherConfig(source="/b/model"))
        assert fingerprint(here, corpus_digest="c", teacher_digest="t") == fingerprint(
            there, corpus_digest="c", teacher_digest="t"
        )
        found = {fingerprint(here, corpus_digest=corpus, teacher_digest=teacher) for corpus in "cd" for teacher in "tu"}
        assert len(found) == 4

    def test_every_setting_that_is_used_matters(self) -> None:
        found = [_fingerprint(RunConfig())]
        for changed in _changes(RunConfig()):
            found.append(_fingerprint(changed))
        assert len(set(found)) == len(found)
        assert len(found) > 25

    def test_two_and_two_point_zero_are_one_run(self) -> None:
        assert _fingerprint(RunConfig(loss=LossConfig(temperature=2))) == _fingerprint(RunConfig())

    def test_the_schema_is_part_of_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = _fingerprint(RunConfig())
        monkeypatch.setattr("distil_core.settings.identity.SCHEMA_VERSION", 999)
        assert _fingerprint(RunConfig()) != before


def _fingerprint(config: RunConfig) -> str:
    return fingerprint(config, corpus_digest="c", teacher_digest="t")


def _changes(config: RunConfig) -> typing.Iterator[RunConfig]:
    """Change one setting at a time, those left out that are named by a digest or not used by default."""
    for item in fields(config):
        value = getattr(config, item.name)
        if item.name == "corpus":
            continue
        if not is_dataclass(value):
            yield replace(config, **{item.name: _other(value)})
            continue
        for setting in fields(value):
            if setting.name in ("source", "layers"):
                continue
            given = _other(getattr(value, setting.name))
            given = LayerMap.FIRST if setting.name == "layer_map" else given
            yield replace(config, **{item.name: replace(value, **{setting.name: given})})
    yield replace(config, student=replace(config.student, layers=(0, 1)))


def _other(value: typing.Any) -> typing.Any:
    if isinstance(value, RunKind | LayerMap | Init | Precision):
        return next(choice for choice in reversed(type(value)) if choice != value)
    return value + 1 if isinstance(value, int) else value / 2 + 0.03


class TestLayers:
    @pytest.mark.parametrize(
        ("layer_map", "depth", "n_layers", "expected"),
        [
            (LayerMap.ALTERNATE, 6, 12, (0, 2, 4, 7, 9, 11)),  # DistilBERT
            (LayerMap.ALTERNATE, 3, 12, (0, 2, 11)),
            (LayerMap.ALTERNATE, 3, 6, (0, 2, 5)),
            (LayerMap.ALTERNATE, 5, 5, (0, 1, 2, 3, 4)),
            (LayerMap.ALTERNATE, 1, 6, (0,)),
            (LayerMap.FIRST, 3, 6, (0, 1, 2)),
            (LayerMap.LAST, 3, 6, (3, 4, 5)),
            (LayerMap.EVEN, 1, 6, (0,)),
            (LayerMap.EVEN, 2, 6, (0, 5)),
            (LayerMap.EVEN, 3, 6, (0, 3, 5)),
            (LayerMap.EVEN, 4, 12, (0, 4, 7, 11)),
            (LayerMap.EVEN, 6, 6, (0, 1, 2, 3, 4, 5)),
        ],
    )
    def test_each_map_is_what_it_says(
        self, layer_map: LayerMap, depth: int, n_layers: int, expected: tuple[int, ...]
    ) -> None:
        assert layer_indices(StudentConfig(depth=depth, layer_map=layer_map), n_layers) == expected

    def test_explicit_layers_are_taken_as_they_are(self) -> None:
        assert layer_indices(StudentConfig(layers=(1, 4, 5), depth=2), 6) == (1, 4, 5)

    @pytest.mark.parametrize("layer_map", [LayerMap.ALTERNATE, LayerMap.FIRST, LayerMap.LAST, LayerMap.EVEN])
    def test_a_student_deeper_than_its_teacher_is_refused(self, layer_map: LayerMap) -> None:
        with pytest.raises(ConfigError, match=r"student\.depth must be at most the teacher's 6 layers, got 7"):
            layer_indices(StudentConfig(depth=7, layer_map=layer_map), 6)

    def test_a_layer_that_the_teacher_lacks_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"between 0 and 5 for a teacher of 6 layers, got \[2, 6\]"):
            layer_indices(StudentConfig(layers=(2, 6)), 6)


def test_more_labels_take_longer_to_learn() -> None:
    assert [TeacherConfig().for_labels(n).epochs for n in (2, 20, 21, 77)] == [3, 3, 6, 6]
    assert TeacherConfig(epochs=1).for_labels(77).epochs == 1


class TestWhatIsLearnedFrom:
    def test_names_from_before_these_settings_stay(self) -> None:
        content = to_json(canonical(RunConfig()))
        del content["training"]["frozen"]
        content |= {"corpus": "c", "teacher": {**content["teacher"], "source": "t"}}
        before = digest({"schema": SCHEMA_VERSION, **content})
        assert fingerprint(RunConfig(), corpus_digest="c", teacher_digest="t") == before
        whole_again = RunConfig(corpus=CorpusConfig(labeled=1.0, left_out=""))
        assert fingerprint(whole_again, corpus_digest="c", teacher_digest="t") == before

    def test_fewer_labels_and_texts_are_other_runs(self) -> None:
        corpora = (CorpusConfig(), CorpusConfig(labeled=0.03), CorpusConfig(left_out="a"), CorpusConfig(left_out="b"))
        names = {fingerprint(RunConfig(corpus=corpus), corpus_digest="c", teacher_digest="t") for corpus in corpora}
        assert len(names) == len(corpora)

    def test_what_cannot_matter_is_put_back(self) -> None:
        corpus = CorpusConfig(labeled=0.03, left_out="a")
        for kind in (RunKind.DISTILLED, RunKind.HARD_LABELS, RunKind.TFIDF):
            assert canonical(RunConfig(kind=kind, corpus=corpus)).corpus == corpus
        assert canonical(RunConfig(kind=RunKind.LAYER_CUT, corpus=corpus)).corpus == CorpusConfig()
        all_soft = canonical(RunConfig(corpus=corpus, loss=LossConfig(alpha=1.0)))
        assert all_soft.corpus == CorpusConfig(left_out="a")

    def test_some_label_must_be_told(self) -> None:
        with pytest.raises(ConfigError, match=r"corpus\.labeled must be above 0"):
            validate(RunConfig(corpus=CorpusConfig(labeled=0.0)))
