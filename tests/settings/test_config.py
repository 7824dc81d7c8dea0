"""Settings: their bounds, their way to JSON and back, their fingerprints, and which layers a student starts from."""

import json
import re
import typing
from dataclasses import dataclass, fields, is_dataclass, replace

import pytest

from distil_core.errors import ConfigError
from distil_core.settings import hardware
from distil_core.settings.canonical import (
    canonical,
    is_settled,
    parse_config,
    portable,
    restore_config,
    twin_of,
    validate,
)
from distil_core.settings.config import (
    Architecture,
    CorpusConfig,
    Init,
    LayerMap,
    LossConfig,
    Method,
    Precision,
    Recipe,
    RunConfig,
    SoftSites,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
    WeightFormat,
)
from distil_core.settings.identity import SCHEMA_VERSION, fingerprint
from distil_core.settings.layer_maps import layer_indices
from distil_core.settings.recipes import NARROW
from distil_core.settings.serialization import from_json, to_json

SECTIONS = (CorpusConfig, TeacherConfig, StudentConfig, LossConfig, TrainingConfig)
CHANGED = RunConfig(
    method=Method.HARD_LABELS,
    corpus=CorpusConfig(source="a.csv", label_names=("no", "yes"), max_examples=7),
    teacher=TeacherConfig(source="minilm", max_length=64),
    student=StudentConfig(layers=(0, 3), layer_map=LayerMap.EXPLICIT, init=Init.RANDOM),
    loss=LossConfig(temperature=3.5, alpha=0.25, hidden_mse=1.0),
    training=TrainingConfig(epochs=0, precision=Precision.BF16),
    seed=5,
)

DEFAULTS_OF_SCHEMA_2 = {
    "task": "classification",
    "method": "distilled",
    "corpus.source": "reviews",
    "corpus.test": "",
    "corpus.text_column": "",
    "corpus.label_column": "",
    "corpus.label_names": [],
    "corpus.max_examples": 0,
    "corpus.n_train": 4000,
    "corpus.n_test": 1000,
    "corpus.seed": 0,
    "corpus.labeled": 1.0,
    "corpus.left_out": "",
    "teacher.source": "shipped",
    "teacher.max_length": 128,
    "teacher.epochs": 0,
    "teacher.learning_rate": 0.0001,
    "student.depth": 2,
    "student.layer_map": "even",
    "student.layers": [],
    "student.width": 0,
    "student.init": "teacher",
    "loss.temperature": 2.0,
    "loss.alpha": 0.9,
    "loss.logit_mse": 0.0,
    "loss.hidden_cosine": 0.0,
    "loss.hidden_mse": 0.0,
    "loss.attention_kl": 0.0,
    "training.recipe": "thorough",
    "training.epochs": 3,
    "training.batch_size": 32,
    "training.learning_rate": 0.0003,
    "training.warmup": 0.1,
    "training.weight_decay": 0.01,
    "training.clip": 1.0,
    "training.dropout": 0.0,
    "training.frozen": 0,
    "training.averaging": 0.0,
    "training.patience": 0,
    "training.precision": "auto",
    "training.threads": 0,
    "seed": 0,
}


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
        "student": {"depth": -1, "layer_map": "upper"},
        "loss": {"temperature": float("nan"), "alpha": 1.5, "beta": 1},
        "training": {"learning_rate": 0, "epochs": "many"},
        "extra": 1,
    }
    with pytest.raises(ConfigError) as caught:
        from_json(RunConfig, data)
    assert str(caught.value).split("; ") == [
        "unknown key extra",
        "known: corpus, loss, method, seed, student, task, teacher, training",
        "student.depth must be at least 0, got -1",
        "student.layer_map must be one of alternate, first, last, middle, even, explicit, got 'upper'",
        "unknown key loss.beta",
        "known: alpha, attention_kl, hard_weight, hidden_cosine, hidden_mse, logit_mse, soft_sites, soft_weight, "
        "temperature",
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


def test_what_is_read_is_checked_as_a_whole() -> None:
    assert parse_config({"student": {"depth": 3.0}}) == RunConfig(student=StudentConfig(depth=3))
    with pytest.raises(ConfigError, match=r"training\.frozen must be 0 when student\.init is random, got 1"):
        parse_config({"student": {"init": "random"}, "training": {"frozen": 1}})


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
        student = canonical(RunConfig(student=StudentConfig(depth=5, layers=(0, 2, 3)))).student
        assert (student.depth, student.layer_map) == (3, LayerMap.EXPLICIT)

    def test_the_temperature_is_nothing_without_soft_labels(self) -> None:
        hot, warm = (RunConfig(loss=LossConfig(alpha=0.0, temperature=t)) for t in (9.0, 4.0))
        assert canonical(hot) == canonical(warm)
        hot, warm = (RunConfig(loss=LossConfig(alpha=0.1, temperature=t)) for t in (9.0, 4.0))
        assert canonical(hot) != canonical(warm)

    def test_twins_do_not_know_the_teacher(self) -> None:
        for method in (Method.HARD_LABELS, Method.LAYER_CUT, Method.BASELINE):
            loss = canonical(RunConfig(method=method, loss=LossConfig(temperature=9.0, hidden_mse=1.0))).loss
            assert loss == replace(LossConfig(), alpha=0.0)

    def test_the_cut_is_not_trained_and_the_baseline_has_no_student(self) -> None:
        machine = TrainingConfig(precision=Precision.FP32, threads=3)
        config = RunConfig(student=StudentConfig(depth=1), training=replace(machine, epochs=9, clip=3.0))
        cut = canonical(replace(config, method=Method.LAYER_CUT))
        assert cut.training == replace(machine, epochs=0)
        assert cut.student.depth == 1
        baseline = canonical(replace(config, method=Method.BASELINE))
        assert (baseline.student, baseline.training) == (StudentConfig(), machine)

    @pytest.mark.parametrize("method", Method)
    def test_it_is_already_canonical(self, method: Method) -> None:
        once = canonical(replace(CHANGED, method=method))
        assert canonical(once) == once
        assert twin_of(once, method) == once

    def test_a_twin_of_a_run_is_the_twin_that_is_asked_for_with_it(self) -> None:
        config = RunConfig(loss=LossConfig(temperature=9.0), student=StudentConfig(depth=3), seed=4)
        for method in Method:
            assert twin_of(canonical(config), method) == canonical(replace(config, method=method))

    def test_what_is_wrong_is_refused(self) -> None:
        with pytest.raises(
            ConfigError, match=r"student\.depth must be at least 0, got -1; loss\.alpha must be at most 1"
        ):
            canonical(RunConfig(student=StudentConfig(depth=-1), loss=LossConfig(alpha=2.0)))
        with pytest.raises(ConfigError, match=r"student\.layers must rise"):
            canonical(RunConfig(student=StudentConfig(layers=(2, 1))))


class TestMachine:
    """What is left to the machine is settled when a run is asked for."""

    @pytest.fixture(autouse=True)
    def machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OMP_NUM_THREADS", "6")
        monkeypatch.setenv("DISTIL_LAB_WORKERS", "2")

    @pytest.mark.parametrize("method", Method)
    def test_precision_and_threads_are_settled(self, method: Method) -> None:
        training = canonical(RunConfig(method=method)).training
        assert training.precision is hardware.resolve_precision(Precision.AUTO)
        assert training.threads == 3
        assert is_settled(canonical(RunConfig(method=method)))

    def test_what_somebody_wants_is_taken(self) -> None:
        training = TrainingConfig(precision=Precision.BF16, threads=5)
        assert canonical(RunConfig(training=training)).training == training

    def test_asking_for_what_would_be_taken_anyway_is_one_run(self) -> None:
        precision = hardware.resolve_precision(Precision.AUTO)
        config = RunConfig(training=TrainingConfig(precision=precision, threads=3))
        assert canonical(config) == canonical(RunConfig())

    def test_others_are_other_runs(self) -> None:
        every = [TrainingConfig(precision=p, threads=t) for p in (Precision.BF16, Precision.FP32) for t in (1, 2)]
        assert len({_fingerprint(RunConfig(training=training)) for training in every}) == len(every)

    def test_another_machine_settles_for_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        here = canonical(RunConfig(seed=3))
        assert portable(here) == RunConfig(seed=3)
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        assert canonical(portable(here)).training.threads == 1
        assert canonical(here) == here

    def test_runs_of_the_first_schema_are_read_as_they_are(self) -> None:
        data = to_json(RunConfig(seed=3))
        del data["training"]["threads"]
        config = restore_config(data)
        assert config == RunConfig(seed=3)
        assert not is_settled(config)
        # Their twins leave the machine open, too, so that they are still told to belong together.
        assert twin_of(config, Method.BASELINE) == replace(
            config, method=Method.BASELINE, loss=replace(LossConfig(), alpha=0.0)
        )


class TestFingerprint:
    def test_names_do_not_matter_and_contents_do(self) -> None:
        here = canonical(RunConfig(corpus=CorpusConfig(source="/a/x.csv"), teacher=TeacherConfig(source="/a/model")))
        there = canonical(RunConfig(corpus=CorpusConfig(source="/b/y.csv"), teacher=TeacherConfig(source="/b/model")))
        assert fingerprint(here, corpus_digest="c", teacher_digest="t") == fingerprint(
            there, corpus_digest="c", teacher_digest="t"
        )
        names = {fingerprint(here, corpus_digest=corpus, teacher_digest=teacher) for corpus in "cd" for teacher in "tu"}
        assert len(names) == 4

    def test_every_setting_that_is_used_matters(self) -> None:
        settled = RunConfig(training=TrainingConfig(precision=Precision.FP32, threads=1))
        names = [_fingerprint(settled)]
        for changed in _changes(settled):
            names.append(_fingerprint(changed))
        assert len(set(names)) == len(names)
        assert len(names) > 25

    def test_how_words_are_masked_matters_where_they_are(self) -> None:
        settled = RunConfig(task="fill-mask", training=TrainingConfig(precision=Precision.FP32, threads=1))
        changed = [
            settled,
            replace(settled, training=replace(settled.training, masked=0.3)),
            replace(settled, training=replace(settled.training, mask_smoothing=0.7)),
            replace(settled, loss=LossConfig(soft_sites=SoftSites.ALL)),
            replace(settled, loss=LossConfig(soft_weight=5.0, hard_weight=2.0)),
        ]
        assert len({_fingerprint(config) for config in changed}) == len(changed)
        # Weights of their own stand for alpha, which then cannot matter.
        weighed = replace(settled, loss=LossConfig(soft_weight=5.0, hard_weight=2.0, alpha=0.5))
        assert _fingerprint(weighed) == _fingerprint(changed[-1])

    def test_two_and_two_point_zero_are_one_run(self) -> None:
        assert _fingerprint(RunConfig(loss=LossConfig(temperature=4))) == _fingerprint(
            RunConfig(loss=LossConfig(temperature=4.0))
        )

    def test_the_schema_is_part_of_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = _fingerprint(RunConfig())
        monkeypatch.setattr("distil_core.settings.identity.SCHEMA_VERSION", 999)
        assert _fingerprint(RunConfig()) != before

    def test_the_name_of_a_run_stays(self) -> None:
        """A new setting renames nothing: these names were written down, and change with the schema alone."""
        machine = TrainingConfig(precision=Precision.FP32, threads=1)
        assert SCHEMA_VERSION == 2
        assert _fingerprint(RunConfig(training=machine)) == "b956e979be372740"
        assert _fingerprint(RunConfig(training=replace(machine, epochs=5), seed=3)) == "e86f273a0100cfc3"
        # Named when the baseline was called tfidf.
        assert _fingerprint(RunConfig(method=Method.BASELINE, training=machine)) == "72ab4aae6af1687d"

    def test_defaults_stay_as_long_as_the_schema(self) -> None:
        """What a name leaves out is at its default, so that another default needs another SCHEMA_VERSION."""
        names = dict(_leaves(to_json(RunConfig())))
        assert {name: names[name] for name in DEFAULTS_OF_SCHEMA_2} == DEFAULTS_OF_SCHEMA_2


def _fingerprint(config: RunConfig) -> str:
    return fingerprint(canonical(config), corpus_digest="c", teacher_digest="t")


def _leaves(values: dict[str, typing.Any], path: str = "") -> typing.Iterator[tuple[str, typing.Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


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
            if setting.name in ("source", "layers", "soft_sites", "masked", "mask_smoothing"):
                continue
            given = _other(getattr(value, setting.name))
            given = LayerMap.FIRST if setting.name == "layer_map" else given
            given = Architecture.DISTILBERT if setting.name == "architecture" else given
            yield replace(config, **{item.name: replace(value, **{setting.name: given})})
    yield replace(config, student=replace(config.student, layers=(0, 1)))


def _other(value: typing.Any) -> typing.Any:
    if isinstance(value, Method | LayerMap | Init | Precision | Recipe | WeightFormat):
        return next(choice for choice in reversed(type(value)) if choice != value)
    if isinstance(value, str):
        return "other"
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
            (LayerMap.MIDDLE, 0, 6, ()),
            (LayerMap.MIDDLE, 1, 6, (3,)),
            (LayerMap.MIDDLE, 2, 4, (1, 2)),
            (LayerMap.MIDDLE, 3, 6, (1, 2, 3)),
            (LayerMap.MIDDLE, 4, 6, (0, 1, 2, 3)),
            (LayerMap.MIDDLE, 5, 6, (0, 1, 2, 3, 4)),
            (LayerMap.MIDDLE, 6, 6, (0, 1, 2, 3, 4, 5)),
            (LayerMap.MIDDLE, 6, 12, (1, 2, 3, 4, 5, 6)),
            (LayerMap.MIDDLE, 2, 2, (0, 1)),
            (LayerMap.MIDDLE, 1, 1, (0,)),
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

    @pytest.mark.parametrize(
        ("depth", "n_layers", "expected"),
        [
            (0, 6, ()),
            (1, 6, (0,)),
            (2, 4, (0, 2)),
            (2, 6, (0, 3)),
            (3, 6, (0, 2, 3)),
            (4, 6, (0, 1, 2, 3)),
            (1, 1, (0,)),
        ],
    )
    def test_a_narrow_teacher_keeps_its_lowest_layer(
        self, depth: int, n_layers: int, expected: tuple[int, ...]
    ) -> None:
        student = StudentConfig(depth=depth, layer_map=LayerMap.MIDDLE)
        assert layer_indices(student, n_layers, width=NARROW) == expected
        assert layer_indices(student, n_layers, width=NARROW + 1) == layer_indices(student, n_layers)

    def test_explicit_layers_are_taken_as_they_are(self) -> None:
        assert layer_indices(StudentConfig(layers=(1, 4, 5), depth=2), 6) == (1, 4, 5)

    @pytest.mark.parametrize("layer_map", [choice for choice in LayerMap if choice is not LayerMap.EXPLICIT])
    def test_a_student_deeper_than_its_teacher_is_refused(self, layer_map: LayerMap) -> None:
        with pytest.raises(ConfigError, match=r"student\.depth must be at most the teacher's 6 layers, got 7"):
            layer_indices(StudentConfig(depth=7, layer_map=layer_map), 6)

    def test_a_layer_that_the_teacher_lacks_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"between 0 and 5 for a teacher of 6 layers, got \[2, 6\]"):
            layer_indices(StudentConfig(layers=(2, 6)), 6)


class TestWhatIsLearnedFrom:
    def test_fewer_labels_and_texts_are_other_runs(self) -> None:
        corpora = (CorpusConfig(), CorpusConfig(labeled=0.03), CorpusConfig(left_out="a"), CorpusConfig(left_out="b"))
        names = {_fingerprint(RunConfig(corpus=corpus)) for corpus in corpora}
        assert len(names) == len(corpora)

    def test_what_cannot_matter_is_put_back(self) -> None:
        corpus = CorpusConfig(labeled=0.03, left_out="a")
        for method in (Method.DISTILLED, Method.HARD_LABELS, Method.BASELINE):
            assert canonical(RunConfig(method=method, corpus=corpus)).corpus == corpus
        assert canonical(RunConfig(method=Method.LAYER_CUT, corpus=corpus)).corpus == CorpusConfig()
        all_soft = canonical(RunConfig(corpus=corpus, loss=LossConfig(alpha=1.0)))
        assert all_soft.corpus == CorpusConfig(left_out="a")

    def test_some_label_must_be_told(self) -> None:
        with pytest.raises(ConfigError, match=r"corpus\.labeled must be above 0"):
            validate(RunConfig(corpus=CorpusConfig(labeled=0.0)))
