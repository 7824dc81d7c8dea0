"""The settings of a run as widgets, generated from their declarations in :mod:`distil_core.settings.config`.

Reads: nothing but the widgets. Writes: what its parts write.
"""

import typing
from dataclasses import Field, fields
from enum import StrEnum
from typing import Any

import streamlit as st

from distil_core.data.files import SUFFIXES, path_of
from distil_core.data.sources import BUILT_IN
from distil_core.errors import ConfigError
from distil_core.models.checkpoints import minilm_installed
from distil_core.runs.rows import RunState
from distil_core.settings import recipes
from distil_core.settings.canonical import parse_config
from distil_core.settings.config import (
    CorpusConfig,
    LossConfig,
    Method,
    Recipe,
    RunConfig,
    StudentConfig,
    Supervision,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.settings.declaration import split_at_commas
from distil_core.tasks.catalog import TASKS
from distil_core.tasks.task import Task
from pages.sections import messages, own_file, run_summary
from pages.sections.setting_titles import CORPORA, FIRST, LABELS, TEACHERS, TOLD
from pages.state import address, class_mode, resources

SLIDERS = {"temperature": (0.5, 10.0, 0.5), "alpha": (0.0, 1.0, 0.05)}
COMPRESSION = ("heads", "neurons", "sparsity", "weights")
"""The settings of a student that make it smaller, beside leaving layers out."""
_STEPS = {"heads": 0.25, "neurons": 0.25}
_MOST_HERE = {"n_train": 100_000, "n_test": 20_000}
"""What is generated while a page waits is bounded; a command may ask for more."""
_TOLD_BY = {"share": ("labeled",), "shots": ("shots",), "none": ("label_descriptions", "hypothesis_template")}


def show() -> RunConfig | None:
    """Show all settings and return the run they ask for, or None after saying what is wrong or missing."""
    with st.container(border=not address.hides("distil")):
        with address.control("distil.task", "Task"):
            task = _task()
        with address.control("distil.corpus", "Corpus"):
            corpus = _corpus(task)
        with address.control("distil.teacher", "Teacher"):
            teacher = _teacher(task, own_texts=st.session_state.get("distil.corpus") in ("file", "hub"))
        depth = _field(StudentConfig, "depth")
        temperature = _field(LossConfig, "temperature")
        # There is nothing to share out where no label is told, or where both parts have weights of their own.
        shared = not corpus.get("supervision") and not task.head.predicts_words
        alpha = _field(LossConfig, "alpha") if shared else LossConfig().alpha
        if not task.head.labeled:
            st.caption("α weighs the similarities within a batch; the cosine with the teacher's vectors gets 1 − α.")
        schedule = {"recipe": _field(TrainingConfig, "recipe")}
        decided = recipes.DECIDED if schedule["recipe"] == Recipe.QUICK else ()
        if "epochs" not in decided:
            schedule["epochs"] = _field(TrainingConfig, "epochs")
        shape = tuple(item.name for item in fields(StudentConfig) if item.name not in COMPRESSION)
        student = _group("Student", ":material/layers:", StudentConfig, shown={"depth": depth}, only=shape, task=task)
        smaller = _group("Compression", ":material/compress:", StudentConfig, shown={}, only=COMPRESSION)
        loss = _group(
            "Extra losses",
            ":material/add_circle:",
            LossConfig,
            shown={"temperature": temperature, "alpha": alpha},
            only=_of_task(LossConfig, task),
            task=task,
        )
        training = _group(
            "Training",
            ":material/tune:",
            TrainingConfig,
            shown=schedule,
            only=tuple(name for name in _of_task(TrainingConfig, task) if name not in decided),
        )
        further = _corpus_fields(corpus, task)
        corpus_more = _group("Corpus", ":material/article:", CorpusConfig, shown=corpus, only=further, task=task)
        teacher_more = _group("Teacher", ":material/school:", TeacherConfig, shown=teacher, task=task)
        with training.box:
            seed = _seed()
    if corpus.get("source") == "" or teacher.get("source") == "":
        return None
    described = str(corpus_more.values.get("label_descriptions", ""))
    if not class_mode.free() and path_of(described).suffix.lower() in SUFFIXES:
        messages.problem("label descriptions must be written out here and not be a file of the server")
        return None
    try:
        # By way of plain data, where a text that is no number is a problem to be named and not a crash.
        return parse_config(
            {
                "task": task.name,
                "corpus": corpus_more.values,
                "teacher": teacher_more.values,
                "student": {**student.values, **smaller.values},
                "loss": loss.values,
                "training": training.values,
                "seed": seed,
            }
        )
    except ConfigError as error:
        messages.problem(error)
        return None


class _Group(typing.NamedTuple):
    box: Any
    values: dict[str, Any]


def _group(
    label: str,
    icon: str,
    config: type,
    *,
    shown: dict[str, Any],
    only: tuple[str, ...] | None = None,
    task: Task | None = None,
) -> _Group:
    values = dict(shown)
    first = {} if task is None else task.defaults.get(config.__name__.removesuffix("Config").lower(), {})
    inside = [item.name for item in fields(config) if item.name not in shown and (only is None or item.name in only)]
    key = f"distil.group.{label.lower().replace(' ', '-')}"
    empty = address.hides_all(f"{_prefix(config)}{name}" for name in inside)
    box = st.container(key=key) if inside and empty else st.expander(label, icon=icon, key=key)
    with box:
        for name in inside:
            values[name] = _field(config, name, first=first.get(name))
    return _Group(box, values)


def _of_task(config: type, task: Task) -> tuple[str, ...]:
    """Return the settings of a section that mean something for a task."""
    words = () if task.head.predicts_words else ("soft_sites", "masked", "mask_smoothing")
    unknown = ("attention_kl",) if task.head.predicts_words else ()
    return tuple(item.name for item in fields(config) if item.name not in (*words, *unknown))


def _field(config: type, name: str, *, first: Any = None) -> Any:
    """Show one setting with its bounds and its sentence of help, as declared."""
    with address.control(f"{_prefix(config)}{name}", _label(config, name)):
        return _widget(config, name, first)


def _label(config: type, name: str) -> str:
    full = f"{_prefix(config)}{name}".removeprefix("distil.")
    return LABELS.get(full) or LABELS.get(name) or name.replace("_", " ").capitalize()


def _widget(config: type, name: str, first: Any) -> Any:
    item: Field[Any] = next(item for item in fields(config) if item.name == name)
    default: Any = item.default if first is None else first
    hint = typing.get_type_hints(config)[name]
    label = _label(config, name)
    key = f"{_prefix(config)}{name}"
    about = {"help": item.metadata["help"], "key": key, "bind": None if config is RunConfig else "query-params"}
    low, high = item.metadata["low"], _MOST_HERE.get(name, item.metadata["high"])
    if name == "parent":
        return _parent(label, about)
    if name in SLIDERS:
        low, high, step = SLIDERS[name]
        return st.slider(label, low, high, default, step, **about)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.selectbox(label, list(hint), index=list(hint).index(default), format_func=str, **about)
    if hint is int:
        return st.number_input(label, low, high, default, **about)
    if hint is float:
        number = float(default)
        step = _STEPS.get(name) or (number / 2 if number and item.metadata["above"] is not None else 0.1)
        return st.number_input(label, low, high, number, step, format="%g", **about)
    if hint == tuple[int, ...]:
        return _numbers(st.text_input(label, **about) or "")
    if hint == tuple[str, ...]:
        return split_at_commas(st.text_input(label, **about) or "")
    return st.text_input(label, default or "", **about)


def _parent(label: str, about: dict[str, Any]) -> str:
    """Ask for the run whose student is the start, among those that are done."""
    runs = {run.id: run for run in resources.store().list() if run.state is RunState.DONE}
    offered = ["", *(name for name, run in runs.items() if run.config.method is not Method.BASELINE)]
    if st.session_state.get(about["key"]) not in (None, *offered):  # deleted meanwhile
        st.session_state[about["key"]] = ""
    chosen: str = st.selectbox(
        label, offered, format_func=lambda name: run_summary.name(runs[name]) if name else "The teacher", **about
    )
    return chosen


def _seed() -> Any:
    """Ask for the seed; the address always names it, also where it is the usual one."""
    named = st.query_params.get("seed", "")
    first = st.session_state.setdefault("settings.seed", address.count(named, below=2**31, otherwise=RunConfig().seed))
    seed = _field(RunConfig, "seed", first=first)
    address.put("seed", str(seed))
    return seed


def _prefix(config: type) -> str:
    group = config.__name__.removesuffix("Config").lower()
    return "distil." if config is RunConfig else f"distil.{group}."


def _numbers(text: str) -> tuple[Any, ...]:
    # What is not a number is passed on as it is: the config says what is wrong with it.
    return tuple(address.count(part, below=10_000, otherwise=part) for part in split_at_commas(text.replace(";", ",")))


def _task() -> Task:
    """Ask what the models are for, where there is a choice."""
    if len(TASKS) == 1:
        return next(iter(TASKS.values()))
    name = st.selectbox(
        "Task",
        list(TASKS),
        index=list(TASKS).index(RunConfig().task),
        format_func=lambda name: TASKS[name].title,
        key="distil.task",
        bind="query-params",
        help="What teacher and student are for, and so what they are measured by.",
        on_change=_begin,
    )
    return TASKS[name]


def _begin() -> None:
    """Forget what the task before began with, where that is not the same for all tasks."""
    _begin_corpus()
    for task in TASKS.values():
        for section, names in task.defaults.items():
            for name in names:
                st.session_state.pop(f"distil.{section}.{name}", None)


def _choose(task: str) -> None:
    """Go on with another task, as if it had been chosen above."""
    st.session_state["distil.task"] = task
    _begin()


def _corpus(task: Task) -> dict[str, Any]:
    offered = [kind for kind in CORPORA if kind not in BUILT_IN or kind in task.built_in]
    if not class_mode.free():
        offered.remove("hub")
    if st.session_state.get("distil.corpus") not in (None, *offered):  # the task before had it
        st.session_state["distil.corpus"] = offered[0]
    kind = st.selectbox(
        "Corpus",
        offered,
        format_func=lambda kind: task.corpus_titles.get(kind, CORPORA[kind]),
        key="distil.corpus",
        bind="query-params",
        help="The labeled texts that the student is trained, validated and tested on.",
        on_change=_begin_corpus,
    )
    told = _told(task, scarce=kind == "reviews" and task.name == RunConfig().task)
    if kind == "file":
        return {**own_file.ask(task, labeled="supervision" not in told, choose=_choose), **told}
    if kind == "hub":
        name = st.text_input(
            "Dataset",
            placeholder="SetFit/sst5",
            key="distil.corpus.hub",
            bind="query-params",
            help="Name of a dataset on huggingface.co; it is downloaded when the run starts.",
        )
        return {"source": f"hub:{name.strip()}" if name and name.strip() else "", **told}
    return {"source": kind, **told}


def _begin_corpus() -> None:
    """Forget teacher and labeled texts, as the built-in reviews begin with a teacher of their own and few labels."""
    for key in ("distil.corpus.told", "distil.teacher"):
        st.session_state.pop(key, None)


def _told(task: Task, *, scarce: bool) -> dict[str, Any]:
    """Ask how many training texts tell their label, and return the settings that say so; few where they are scarce."""
    if not task.head.labeled or task.head.predicts_words:
        return {}
    offered = [how for how in TOLD if (how != "shots" or task.few_labels) and (how != "none" or task.zero_shot)]
    if st.session_state.get("distil.corpus.told") not in (None, *offered):  # the task before had it
        st.session_state["distil.corpus.told"] = offered[0]
    # An address may name a setting alone.
    named = [
        how for how in offered if any(f"distil.corpus.{name}" in st.query_params for name in _TOLD_BY.get(how, ()))
    ]
    how = st.selectbox(
        "Labeled texts",
        offered,
        index=offered.index(named[0] if named else "share" if scarce else "all"),
        format_func=TOLD.__getitem__,
        key="distil.corpus.told",
        bind="query-params",
        help="How many of the training texts have a label. With a share, the student knows no other labels, the "
        "teacher knows all; with a few of each class, neither knows more; with none, the teacher answers by what the "
        "labels mean.",
    )
    values = {name: _field(CorpusConfig, name, first=FIRST.get(name)) for name in _TOLD_BY.get(how, ())}
    return {**values, **({"supervision": Supervision.ZERO_SHOT} if how == "none" else {})}


def _teacher(task: Task, *, own_texts: bool) -> dict[str, Any]:
    """Ask who teaches; of texts of one's own, the shipped teacher knows nothing."""
    usual = task.defaults.get("teacher", {}).get("source", TeacherConfig().source)
    if own_texts and minilm_installed():
        usual = "minilm"
    offered = [kind for kind in TEACHERS if class_mode.free() or kind not in ("folder", "hub")]
    kind = st.selectbox(
        "Teacher",
        offered,
        index=offered.index(usual) if usual in offered else 0,
        format_func=TEACHERS.__getitem__,
        key="distil.teacher",
        bind="query-params",
        help="The larger model whose layers the student is cut out of, and whose soft labels it learns.",
    )
    if kind in ("folder", "hub"):
        label, hint = (
            ("Folder", "/path/to/model") if kind == "folder" else ("Model", "textattack/bert-base-uncased-SST-2")
        )
        source = st.text_input(
            label,
            placeholder=hint,
            key=f"distil.teacher.{kind}",
            bind="query-params",
            help="A checkpoint of a BERT-family classifier with safetensors weights.",
        )
        return {"source": (source or "").strip()}
    return {"source": kind}


def _label_fields(task: Task) -> tuple[str, ...]:
    free = ("missing_labels", "look_alikes") if task.free_labels else ()
    return ("label_names", *free) if task.head.labeled and not task.head.predicts_words else ()


def _corpus_fields(corpus: dict[str, Any], task: Task) -> tuple[str, ...]:
    """Return the further settings that mean something for a corpus."""
    source, labeled = corpus["source"], task.head.labeled and not task.head.predicts_words
    if source in ("reviews", "review-likeness"):
        specific: tuple[str, ...] = ("n_train", "n_test")
    elif not source or source in BUILT_IN:
        specific = ()
    else:
        columns = {"text_column": task.text_columns, "label_column": task.label_columns}
        specific = (*(name for name, usual in columns.items() if usual), *_label_fields(task))
    whole = not {"shots", "supervision"} & set(corpus)
    return (*specific, "max_examples", "seed", *(("left_out",) if whole and labeled else ()))
