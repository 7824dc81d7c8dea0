"""The lab from a shell: ``python -m distil_core --help``.

Progress goes to stderr, a table to stdout, and the last line of stdout is one JSON object. An error is one line on
stderr, and the exit status 2.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn

from distil_core import process
from distil_core.bench import commands as bench
from distil_core.errors import Cancelled, ConfigError, DistilError, RunNotFoundError
from distil_core.evaluation.metrics import AGREEMENT
from distil_core.export.formats import Format
from distil_core.reporting.formatting import counted, figure, percent
from distil_core.runs.ownership import default_folder
from distil_core.runs.reading import task_of
from distil_core.runs.rows import Run
from distil_core.runs.sources import CombinedRuns, RunSource, ShippedRuns
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import parse_config
from distil_core.settings.config import LayerMap, Method, RunConfig
from distil_core.settings.declaration import split_at_commas
from distil_core.settings.options import SECTION_NAMES, option_name
from distil_core.tasks.catalog import TASKS, usual_settings
from distil_core.tasks.corpora import guess_task
from distil_core.training.cache import Cache
from distil_core.training.events import Event, Stage, Step, TeacherMeasured, Validation


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    process.tune()
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        status = command(options)
        sys.stdout.flush()
    except DistilError as error:
        print(f"error: {error}".replace("\n", " "), file=sys.stderr)
        return 2
    except (Cancelled, KeyboardInterrupt):
        print("stopped; the same command goes on where it was", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read along, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        print(f"error: {message}; see {self.prog} --help", file=sys.stderr)
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m distil_core", description="Distil a small student out of a BERT-family teacher.")
    store = _Parser(add_help=False)
    store.add_argument("--store", type=Path, default=None, help=f"where runs are kept (default: {default_folder()})")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    distil = commands.add_parser("distil", parents=[store], help="distil a student and compare it with its twins")
    for section in SECTION_NAMES:
        group = distil.add_argument_group(SECTION_NAMES[section])
        for item in fields(section):
            _add_setting(group, section, item)
    distil.add_argument(
        "--task",
        choices=list(TASKS),
        default=None,
        help=f"Task: what the models are for (default: what the columns of a file say, else {RunConfig().task})",
    )
    distil.add_argument(
        "--seed", type=int, default=0, help="Random seed of initialization, batches and dropout (default: 0)"
    )
    distil.add_argument("--no-twins", action="store_true", help="Leave out the twins and the baseline.")
    distil.add_argument("--out", type=Path, default=None, help="Write the student to this folder too.")
    distil.set_defaults(command=_distil)

    export = commands.add_parser("export", parents=[store], help="write the student of a run for use without the lab")
    export.add_argument("run", help="name of a run, or its beginning; example: the one that ships with the package")
    export.add_argument(
        "--format",
        choices=list(Format),
        type=Format,
        default=None,
        help="what to write (default: hf, or static for a student without layers)",
    )
    export.add_argument(
        "--out", type=Path, default=None, help="folder to write to, empty or not there (default: with the run)"
    )
    export.set_defaults(command=_export)

    runs = commands.add_parser("runs", parents=[store], help="list the runs, or show or delete one")
    runs.add_argument("run", nargs="?", help="name of a run, or its beginning")
    runs.add_argument("--delete", action="store_true", help="delete the run that is named")
    runs.set_defaults(command=_runs)

    cache = commands.add_parser("cache", parents=[store], help="show what is kept of teachers, or empty it")
    cache.add_argument("--empty", action="store_true", help="remove everything; it is computed again when needed")
    cache.set_defaults(command=_cache)

    assets = commands.add_parser("build-assets", help="build the shipped teacher and the example runs anew")
    assets.add_argument("--folder", type=Path, default=Path("assets"), help="folder to write to (default: assets)")
    assets.add_argument("--only", choices=("teacher", "words", "example"), help="build only this")
    assets.set_defaults(command=_build_assets)

    measured = commands.add_parser("bench", help="time the lab beside what people would otherwise run")
    bench.add(measured.add_subparsers(required=True, metavar="BENCHMARK"), store)

    worker = commands.add_parser("worker", parents=[store], help="compute queued runs; the app starts one by itself")
    worker.add_argument("--idle-seconds", type=float, default=1800.0, help="leave after so long without work")
    worker.add_argument("--slot", type=int, default=0, help="which of the workers this is, from 0")
    worker.add_argument("--first", metavar="RUN", default=None, help="which run to begin with, if it is queued")
    worker.set_defaults(command=_worker)
    return parser


def _add_setting(group: Any, section: type[Any], item: Any) -> None:
    flag = option_name(section, item.name)
    destination = f"{SECTION_NAMES[section]}.{item.name}"
    sentence = item.metadata["help"].replace("%", "%%")
    if isinstance(item.default, tuple):
        element = int if item.name == "layers" else str
        shown = f"{sentence} Separated by commas; one with a comma in it in double quotes."
        group.add_argument(f"--{flag}", dest=destination, type=_parsed(element), default=None, help=shown)
    elif isinstance(item.default, StrEnum):
        choices = [str(choice) for choice in type(item.default) if choice is not LayerMap.EXPLICIT]
        shown = f"{sentence} (default: {item.default})"
        if item.name == "init":
            sentence = f"{sentence} Or run:NAME, the student of a run. (default: {item.default})"
            group.add_argument(f"--{flag}", dest=destination, metavar="|".join([*choices, "run:NAME"]), help=sentence)
            return
        group.add_argument(f"--{flag}", dest=destination, choices=choices, default=None, help=shown)
    else:
        default = f" (default: {item.default})" if item.default != "" else ""
        group.add_argument(
            f"--{flag}", dest=destination, type=type(item.default), default=None, help=f"{sentence}{default}"
        )


def _parsed(element: type[Any]) -> Callable[[str], tuple[Any, ...]]:
    def parse(text: str) -> tuple[Any, ...]:
        return tuple(map(element, split_at_commas(text)))

    parse.__name__ = f"list of {element.__name__}"
    return parse


def _config(options: argparse.Namespace) -> RunConfig:
    values: dict[str, Any] = {}
    for section in SECTION_NAMES:
        name = SECTION_NAMES[section]
        section_values = {item.name: getattr(options, f"{name}.{item.name}") for item in fields(section)}
        values[name] = {key: value for key, value in section_values.items() if value is not None}
    student = values["student"]
    if student.get("layers"):
        if clashing := [f"--{name.replace('_', '-')}" for name in ("depth", "layer_map") if name in student]:
            raise ConfigError(f"--layers names the layers itself; leave out {' and '.join(clashing)}")
        student["layer_map"] = LayerMap.EXPLICIT
    if (start := student.get("init", "")).startswith("run:"):
        del student["init"]
        student["parent"] = start.removeprefix("run:")
    task = options.task or guess_task(values["corpus"].get("source", ""))
    recipe = values["training"].get("recipe", RunConfig().training.recipe)
    for name, defaults in usual_settings(task, recipe=recipe).items():
        values[name] = {**defaults, **values[name]}
    return parse_config({**values, "task": task, "seed": options.seed})


def _distil(options: argparse.Namespace) -> int:
    import shutil

    from distil_core.analysis.contrasts import drawing, drawing_teachers
    from distil_core.analysis.teacher_health import health_so_far
    from distil_core.reporting.narrative.runs import teacher_doubts
    from distil_core.reporting.tables import metric_table_text
    from distil_core.runs import foreground
    from distil_core.runs.families import FinishedRun, family, finished

    def doubts(run: Run, baseline: FinishedRun | None) -> str:
        events = [event for _, event in store.events(run.id)]
        health = health_so_far(run, events, baseline, drawing(), drawing_teachers())
        return "".join(f"note: {doubt}\n" for doubt in teacher_doubts(health, task_of(run.config).baseline_name))

    def tell_early(run: Run) -> None:
        if run.config.method is Method.BASELINE:
            print(doubts(run, finished(run, store)), end="", file=sys.stderr)

    store = RunStore(options.store)
    result = foreground.run_all(
        _config(options),
        store,
        twins=not options.no_twins,
        assisted=True,
        on_event=_Printer(),
        on_done=tell_early,
    )
    if options.out is not None:
        try:
            shutil.copytree(result.folder.student, options.out, dirs_exist_ok=True)
        except OSError as exc:
            raise ConfigError(f"--out must be a folder that can be written to, got {options.out} ({exc})") from exc
        print(f"student written to {options.out}", file=sys.stderr)
    if (measured := family(store.get(result.run), store)) is not None:
        print(metric_table_text(measured))
        if result.record.config.method is Method.DISTILLED:
            print(doubts(store.get(result.run), measured.twin(Method.BASELINE)), end="")
    for note in result.record.corpus.notes:
        print(f"note: {note}")
    print(json.dumps(result.to_json()))
    return 0


class _Printer:
    """Tell on stderr what happens: stages and epochs as lines, steps as one line that changes."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._last = ""

    def __call__(self, run: Run, event: Event) -> None:
        label, metric = f"[{run.config.method}]", task_of(run.config).monitored
        match event:
            case Stage():
                detail = counted(event.detail, event.n_done, event.n_total)
                text = f"{label} {event.name}" + (f": {detail}" if detail else "")
                self._say(text, lasting=event.name != self._last)
                self._last = event.name
            case Step():
                loss = ", ".join(f"{name} {value:.4f}" for name, value in event.loss.items())
                text = f"{label} step {event.step}/{event.n_steps}, {loss}, {event.examples_per_second:.0f} texts/s"
                self._say(f"{text}, {event.seconds_left:.0f} s left", lasting=False)
            case TeacherMeasured():
                self._say(f"{label} teacher: validation {metric.in_text} {figure(metric, event.score)}", lasting=True)
            case Validation():
                share = None if metric == AGREEMENT else event.agreement
                agreement = "" if share is None else f", agreement {percent(share)}"
                self._say(
                    f"{label} epoch {event.epoch:g}: {metric.in_text} {figure(metric, event.score)}{agreement}",
                    lasting=True,
                )

    def _say(self, text: str, *, lasting: bool) -> None:
        if self._live:
            print(f"\r\033[K{text}", end="\n" if lasting else "", file=sys.stderr, flush=True)
        elif lasting:
            print(text, file=sys.stderr, flush=True)


def _runs(options: argparse.Namespace) -> int:
    from distil_core.analysis.comparison import settings_title
    from distil_core.runs import lineage
    from distil_core.settings.serialization import to_json

    store = RunStore(options.store)
    if options.run is None and options.delete:
        raise ConfigError("a run must be named to be deleted, got none; see the list of runs")
    if options.run is None:
        for run in store.list():
            score = figure(run.record.metric, run.record.score.value).replace(" %", "%") if run.record else ""
            line = (run.id, f"{run.state:11}", f"{run.config.method:11}", f"{score:6}", f"{run.corpus_name:12}")
            print("  ".join((*line, settings_title(run.config))))
        return 0
    run = _named(store, options.run)
    if options.delete:
        for child in lineage.children(run.id, store.list()):
            print(f"note: run {child.id} starts from its student and cannot be computed again without it")
        store.delete(run.id)
        print(f"deleted {run.id}")
    else:
        shown = {"id": run.id, "state": run.state, "config": run.config, "record": run.record}
        print(json.dumps(to_json(shown), indent=1))
    return 0


def _named(source: RunSource, name: str) -> Run:
    """Return the run of a name, or the only one whose name begins so."""
    matches = [run for run in source.list() if run.id.startswith(name)]
    exact = [run for run in matches if run.id == name]
    if len(exact or matches) != 1:
        raise RunNotFoundError(
            f"a run must be named by itself, got {name!r}, which fits {len(matches)}; see the list of runs"
        )
    return (exact or matches)[0]


def _export(options: argparse.Namespace) -> int:
    from distil_core.export import exporter, jobs
    from distil_core.export.formats import offered, sentences
    from distil_core.export.report import write_report
    from distil_core.settings.serialization import to_json

    store = RunStore(options.store)
    source = CombinedRuns(ShippedRuns(), store)
    run, told = _named(source, options.run), set[str]()
    wanted = options.format
    if wanted is None:
        wanted = Format.HF if run.record is None else offered(run.config.student.n_layers, run.record.task)[0]
    if wanted is Format.REPORT:
        if options.out is None:
            raise ConfigError("--out must name the folder of a report, got none; give one")
        page = write_report(source, run.id, options.out)
        print(json.dumps({"run": run.id, "format": "report", "file": str(page), "bytes": page.stat().st_size}))
        return 0

    def tell(what: str, share: float | None) -> None:
        if sys.stderr.isatty():
            print(f"\r\033[K{what}{'' if share is None else f', {share:.0%}'}", end="", file=sys.stderr, flush=True)
        elif what not in told:
            told.add(what)
            print(what, file=sys.stderr, flush=True)

    if options.out is None:
        done = jobs.export_into_store(store, run.id, wanted, tell=tell)
        folder, proof = done.folder, done.proof
    else:
        folder, pausing = options.out, store.layout.cache
        proof = exporter.export_student(source, run.id, wanted, folder, tell=tell, pausing=pausing)
    print(f"written to {folder}", file=sys.stderr)
    if run.record is not None and proof is not None:
        print(*sentences(proof, run.record.task), sep="\n")
    print(json.dumps(to_json(proof)))
    return 0


def _cache(options: argparse.Namespace) -> int:
    store = RunStore(options.store)
    cache = Cache(store.layout.cache)
    if options.empty:
        print(f"freed {cache.empty(used_since=store.computing_since()) / 1e6:.1f} MB")
        return 0
    entries = cache.entries()
    for entry in entries:
        print(f"{entry.bytes / 1e6:10.1f} MB  {entry.name}")
    print(f"{sum(entry.bytes for entry in entries) / 1e6:10.1f} MB  in all, in {cache.root}")
    return 0


def _build_assets(options: argparse.Namespace) -> int:
    from distil_core import assets

    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    if options.only in (None, "teacher"):
        assets.build_teacher(options.folder / "teacher", tell=tell)
    if options.only in (None, "words"):
        assets.build_words(options.folder / "words", tell=tell)
    if options.only in (None, "example"):
        assets.build_examples(options.folder / "example", tell=tell)
    return 0


def _worker(options: argparse.Namespace) -> int:
    from distil_core.runs import workers

    store = RunStore(options.store)

    def prepare() -> None:
        from distil_core.runs import execute as run_execute

        store.sweep()
        Cache(store.layout.cache).sweep()
        run_execute.warm_up(store)

    def execute(run: Run, store: RunStore) -> None:
        from distil_core.runs import execute as run_execute

        run_execute.execute(run, store, in_turns=True)

    workers.serve(
        store,
        execute,
        slot=options.slot,
        first=options.first,
        prepare=prepare,
        idle_seconds=options.idle_seconds,
    )
    return 0
