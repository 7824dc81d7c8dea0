"""The benchmarks from a shell: their options, the table and the last line of JSON, and the table of several of them."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from distil_core.bench.peers import PEERS
from distil_core.bench.workload import Wanted, Workload, prepare
from distil_core.errors import ConfigError
from distil_core.runs.store import RunStore
from distil_core.settings.config import Architecture, Recipe, RunConfig, StudentConfig
from distil_core.settings.serialization import to_json
from distil_core.tasks.catalog import TASKS
from distil_core.training.events import Event, Stage

T = TypeVar("T")
_APP = Path(__file__).parents[2] / "app.py"


def add(commands: Any, store: argparse.ArgumentParser) -> None:
    """Add the benchmarks as commands; ``store`` has the options of all that use one."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--repeats", type=_positive, default=3, help="rounds; the median is told (default: 3)")

    work = argparse.ArgumentParser(add_help=False, parents=[common, store])
    work.add_argument("--train", type=Path, help="file with training texts; without one the built-in reviews")
    work.add_argument("--test", type=Path, help="file with test texts")
    work.add_argument("--teacher", help="as in distil (default: minilm with files, else shipped)")
    work.add_argument("--examples", type=int, help="training texts (default: 2000 of a file, else all); 0: all")
    work.add_argument("--layers", type=_listed(int), help="teacher layers of the student (default: 0,2,5 with files)")
    work.add_argument("--temperature", type=float, help="of the distillation (default: 4 with files, else 2)")
    for name in ("alpha", "epochs", "batch_size", "learning_rate", "peer_learning_rate", "seed", "frozen"):
        default = getattr(Wanted(), name)
        option = f"--{name.replace('_', '-')}"
        work.add_argument(option, type=type(default), default=default, help=f"(default: {default})")

    train = commands.add_parser("train", parents=[work], help="a distillation beside the loops that people write")
    train.add_argument("--peers", type=_listed(str), default=tuple(PEERS), help=f"of {', '.join(PEERS)} (default: all)")
    train.add_argument("--no-target", action="store_true", help="leave out the time to a good student")
    train.set_defaults(command=_train)

    grid = commands.add_parser("grid", parents=[work], help="temperatures and depths through the queue")
    grid.add_argument("--temperatures", type=_listed(float), default=(1.0, 2.0, 4.0, 8.0), help="(default: 1,2,4,8)")
    grid.add_argument("--depths", type=_listed(int), default=(2, 3, 4), help="(default: 2,3,4)")
    grid.add_argument("--all-loops", action="store_true", help="time the loop of every cell, not of one a depth")
    grid.set_defaults(command=_grid)

    answer = commands.add_parser("answer", parents=[work], help="many texts through a student, one through both models")
    answer.add_argument("--texts", type=_positive, default=10_000, help="texts in one go (default: 10000)")
    answer.add_argument("--singles", type=_positive, default=50, help="texts one by one (default: 50)")
    answer.set_defaults(command=_answer)

    start = commands.add_parser("start", parents=[common], help="the app until its first page can be used")
    start.add_argument("--app", type=Path, default=_APP, help="path of app.py")
    start.set_defaults(command=_start)

    scale = commands.add_parser("scale", parents=[common], help="time and memory for a text against their number")
    scale.add_argument("--sizes", type=_listed(int), default=(1_000, 10_000, 100_000), help="(default: 1000,10000,…)")
    scale.add_argument("--epochs", type=_positive, default=1, help="passes over the texts (default: 1)")
    scale.add_argument("--seed", type=int, default=0, help="of the first round (default: 0)")
    scale.set_defaults(command=_scale)

    quality = commands.add_parser("quality", help="time to a good student, teacher included")
    quality.add_argument("--repeats", type=_positive, default=5, help="seeds (default: 5)")
    quality.add_argument("--train", type=Path, help="file with training texts")
    quality.add_argument("--test", type=Path, help="file with test texts")
    quality.add_argument("--suite", type=Path, help="folder of the corpora of the README's table, instead of two files")
    quality.add_argument("--examples", type=int, default=2000, help="training texts of a file; 0: all (default: 2000)")
    quality.add_argument("--from", dest="starts", type=_listed(str), default=("csv", "teacher"), help="csv, teacher")
    quality.add_argument("--recipe", type=Recipe, default=Recipe.QUICK, help="of our side (default: quick)")
    quality.add_argument("--keep", type=Path, help="file of finished rounds, to go on from")
    quality.set_defaults(command=_quality)

    teachers = commands.add_parser("teachers", help="fine-tuned teachers beside Trainer's, by number of texts")
    teachers.add_argument("--train", type=Path, required=True, help="file with training texts")
    teachers.add_argument("--test", type=Path, required=True, help="file with test texts")
    teachers.add_argument("--sizes", type=_listed(int), default=(500, 1500, 5000), help="(default: 500,1500,5000)")
    teachers.add_argument("--epochs", type=_listed(int), default=(3, 10), help="Trainer's, to choose from (3,10)")
    teachers.add_argument("--repeats", type=_positive, default=3, help="seeds (default: 3)")
    teachers.add_argument("--keep", type=Path, help="as in quality")
    teachers.set_defaults(command=_teachers)

    depths = commands.add_parser("depths", parents=[store], help="a student of every depth: its score and its speed")
    depths.add_argument("--task", choices=list(TASKS), default="embeddings", help="(default: embeddings)")
    depths.add_argument("--corpus", help="as in distil (default: what the task begins with)")
    depths.add_argument("--test", default="", help="file or folder with the test split")
    depths.add_argument("--teacher", help="as in distil (default: what the task begins with)")
    depths.add_argument("--depths", type=_listed(int), default=(6, 5, 4, 3, 2, 1, 0), help="(default: 6,5,4,3,2,1,0)")
    depths.add_argument("--seed", type=int, default=0, help="(default: 0)")
    depths.set_defaults(command=_depths)

    roads = commands.add_parser("roads", parents=[store], help="fewer layers, heads, neurons and bits on the same axes")
    roads.add_argument("--task", choices=list(TASKS), default="classification", help="(default: classification)")
    roads.add_argument("--corpus", help="as in distil (default: what the task begins with)")
    roads.add_argument("--test", default="", help="file or folder with the test split")
    roads.add_argument("--teacher", help="as in distil (default: what the task begins with)")
    roads.add_argument("--examples", type=int, default=2000, help="training texts; 0: all (default: 2000)")
    roads.add_argument("--epochs", type=_positive, default=2, help="passes over the texts (default: 2)")
    roads.add_argument(
        "--shares", type=_listed(float), default=(0.75, 0.5, 0.25), help="heads, neurons (default: 0.75,0.5,0.25)"
    )
    roads.add_argument("--seeds", type=_listed(int), default=(0, 1, 2), help="(default: 0,1,2)")
    roads.set_defaults(command=_roads)

    masked = commands.add_parser("masked", parents=[common, store], help="masked words beside the plain loop")
    masked.add_argument("--train", default="python-docs", help="text file, folder or corpus (default: python-docs)")
    masked.add_argument("--test", default="", help="text file or folder with test texts")
    masked.add_argument("--teacher", help="as in distil (default: what fill-mask begins with)")
    masked.add_argument("--examples", type=_positive, default=1000, help="passages to learn from (default: 1000)")
    masked.add_argument("--depth", type=_positive, default=3, help="layers of the student (default: 3)")
    masked.add_argument("--epochs", type=_positive, default=1, help="passes over the texts (default: 1)")
    masked.set_defaults(command=_masked)

    ablation = commands.add_parser("ablation", parents=[store], help="DistilBERT with each part of its loss left out")
    ablation.add_argument("--corpus", help="as in distil (default: what fill-mask begins with)")
    ablation.add_argument("--test", default="", help="file or folder with the test split")
    ablation.add_argument("--teacher", help="as in distil (default: what fill-mask begins with)")
    ablation.add_argument("--depth", type=_positive, default=3, help="layers of the student (default: 3)")
    ablation.add_argument("--epochs", type=_positive, default=3, help="passes over the texts (default: 3)")
    ablation.add_argument("--seeds", type=_positive, default=5, help="(default: 5)")
    ablation.set_defaults(command=_ablation)

    general = commands.add_parser("general", parents=[store], help="by way of general text, or cut straight")
    general.add_argument("--text", required=True, help="text file, folder or corpus of the general students")
    general.add_argument("--train", type=Path, action="append", required=True, help="texts of a task; once for each")
    general.add_argument("--test", type=Path, action="append", required=True, help="its test texts, in the same order")
    general.add_argument("--teacher", default="minilm", help="as in distil (default: minilm)")
    general.add_argument(
        "--sizes",
        type=_listed(int),
        default=(0, 10_000, 100_000, 1_000_000),
        help="tokens (default: 0,10000,100000,1000000)",
    )
    general.add_argument("--depth", type=_positive, default=3, help="layers of all students (default: 3)")
    general.add_argument("--epochs", type=_positive, default=1, help="passes over the general text (default: 1)")
    general.add_argument("--examples", type=int, default=2000, help="training texts of a task; 0: all (default: 2000)")
    general.add_argument("--seeds", type=_positive, default=2, help="of each road on each task (default: 2)")
    general.add_argument("--figures", type=Path, help="folder for the curve of each task, as a page with its chart")
    general.set_defaults(command=_general)

    table = commands.add_parser("table", help="the README's table, from what the others printed")
    table.add_argument("outputs", type=Path, nargs="+", help="files with what a benchmark printed")
    table.set_defaults(command=_table)


def _positive(text: str) -> int:
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def _listed(kind: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    def parse(text: str) -> tuple[T, ...]:
        return tuple(kind(part.strip()) for part in text.split(",") if part.strip())

    parse.__name__ = "list"
    return parse


def _train(options: argparse.Namespace) -> int:
    from distil_core.bench import train

    if unknown := [name for name in options.peers if name not in PEERS]:
        raise ConfigError(f"--peers must be of {', '.join(PEERS)}, got {', '.join(unknown)}")

    def work() -> dict[str, Any]:
        with _workload(options) as workload:
            target = not options.no_target
            figures = train.compare(workload, peers=options.peers, repeats=options.repeats, target=target)
            return {**figures, "workload": _named(workload)}

    return _tell("train", work, train.table, options)


def _grid(options: argparse.Namespace) -> int:
    from distil_core.bench import grid

    def work() -> dict[str, Any]:
        with _workload(options) as workload:
            cells = grid.cells(workload, options.temperatures, options.depths)
            figures = grid.compare(cells, repeats=options.repeats, whole=options.all_loops)
            more = {"temperatures": options.temperatures, "depths": options.depths}
            return {**figures, "workload": {**_named(workload), **more}}

    return _tell("grid", work, grid.table, options)


def _answer(options: argparse.Namespace) -> int:
    from distil_core.bench import answer, child

    amounts = {"n_texts": options.texts, "n_singles": options.singles, "repeats": options.repeats}

    def work() -> dict[str, Any]:
        with _workload(options) as workload:
            figures = child.run("answer", workload=to_json(workload), **amounts).result
            return {**figures, "workload": _named(workload)}

    return _tell("answer", work, answer.table, options)


def _start(options: argparse.Namespace) -> int:
    from distil_core.bench import start

    return _tell("start", lambda: start.compare(options.app, repeats=options.repeats), start.table, options)


def _scale(options: argparse.Namespace) -> int:
    from distil_core.bench import scale

    def work() -> dict[str, Any]:
        return scale.compare(options.sizes, epochs=options.epochs, repeats=options.repeats, seed=options.seed)

    return _tell("scale", work, scale.table, options)


def _quality(options: argparse.Namespace) -> int:
    from distil_core.bench import quality

    if (options.suite is None) == (options.train is None) or (options.train is None) != (options.test is None):
        raise ConfigError("--suite, or --train and --test, must be given: a folder of corpora, or the files of one")
    if options.suite is not None:
        corpora: tuple[quality.Measured, ...] = quality.suite(options.suite)
    else:
        name = options.train.resolve().parent.name
        corpora = (quality.Measured(name=name, train=options.train, test=options.test, examples=options.examples),)

    def work() -> dict[str, Any]:
        return quality.compare(
            corpora, starts=options.starts, repeats=options.repeats, recipe=options.recipe, keep=options.keep
        )

    return _tell("quality", work, quality.table, options)


def _teachers(options: argparse.Namespace) -> int:
    from distil_core.bench import quality, teacher_sizes

    name, files = options.train.resolve().parent.name, {"train": options.train, "test": options.test}
    corpora = [quality.Measured(name=name, **files, examples=size) for size in options.sizes]

    def work() -> dict[str, Any]:
        return teacher_sizes.compare(corpora, epochs=options.epochs, repeats=options.repeats, keep=options.keep)

    return _tell("teachers", work, teacher_sizes.table, options)


def _depths(options: argparse.Namespace) -> int:
    from distil_core.bench import depths

    config = depths.usual(
        options.task, teacher=options.teacher, corpus=options.corpus, test=options.test, seed=options.seed
    )
    figures = depths.compare_depths(config, RunStore(options.store), depths=options.depths)
    print(depths.depth_table(figures))
    print(json.dumps({"benchmark": "depths", **figures}))
    return 0


def _roads(options: argparse.Namespace) -> int:
    from distil_core.bench import depths, roads

    config = depths.usual(
        options.task, teacher=options.teacher, corpus=options.corpus, test=options.test, seed=options.seeds[0]
    )
    config = replace(
        config,
        corpus=replace(config.corpus, max_examples=options.examples),
        training=replace(config.training, epochs=options.epochs),
    )
    figures = roads.compare_roads(config, RunStore(options.store), shares=options.shares, seeds=options.seeds)
    print(roads.road_table(figures))
    print(json.dumps({"benchmark": "roads", **figures}))
    return 0


def _ablation(options: argparse.Namespace) -> int:
    from distil_core.bench import ablation, depths

    config = depths.usual("fill-mask", teacher=options.teacher, corpus=options.corpus, test=options.test, seed=0)
    config = replace(
        config,
        student=replace(config.student, depth=options.depth, architecture=Architecture.DISTILBERT),
        training=replace(config.training, epochs=options.epochs),
    )
    figures = ablation.compare_variants(config, RunStore(options.store), n_seeds=options.seeds)
    print(ablation.variant_table(figures))
    print(json.dumps({"benchmark": "ablation", **figures.to_json()}))
    return 0


def _general(options: argparse.Namespace) -> int:
    from distil_core.bench import depths, general

    if len(options.train) != len(options.test):
        raise ConfigError(
            f"--train and --test must be given for each task, got {len(options.train)} and {len(options.test)} of them"
        )
    student = StudentConfig(depth=options.depth, architecture=Architecture.DISTILBERT)

    def usual(task: str, corpus: str, test: str) -> RunConfig:
        return replace(depths.usual(task, teacher=options.teacher, corpus=corpus, test=test, seed=0), student=student)

    words = usual("fill-mask", options.text, "")
    words = replace(
        words,
        teacher=replace(words.teacher, epochs=options.epochs),
        training=replace(words.training, epochs=options.epochs),
    )
    tasks = [
        usual("classification", str(train), str(test)) for train, test in zip(options.train, options.test, strict=True)
    ]
    tasks = [replace(task, corpus=replace(task.corpus, max_examples=options.examples)) for task in tasks]
    curve = general.compare_general(words, tasks, RunStore(options.store), sizes=options.sizes, n_seeds=options.seeds)
    if options.figures is not None:
        options.figures.mkdir(parents=True, exist_ok=True)
        for number, task in enumerate(curve.tasks):
            general.general_figure(curve, number).write_html(options.figures / f"{task.name}.html")
    print(general.general_table(curve))
    print(json.dumps({"benchmark": "general", **curve.to_json()}))
    return 0


def _masked(options: argparse.Namespace) -> int:
    from distil_core.bench import masked

    config = masked.usual(
        corpus=options.train,
        test=options.test,
        teacher=options.teacher,
        examples=options.examples,
        depth=options.depth,
        epochs=options.epochs,
    )

    def work() -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            prepared = masked.prepare(config, Path(folder), RunStore(options.store))
            return masked.compare_sides(prepared, repeats=options.repeats)

    return _tell("masked", work, masked.table, options)


def _table(options: argparse.Namespace) -> int:
    from distil_core.bench import report

    print(report.table([report.read(path) for path in options.outputs]))
    return 0


@contextmanager
def _workload(options: argparse.Namespace) -> Iterator[Workload]:
    from distil_core.runs.execute import drain

    wanted = Wanted(**{item.name: getattr(options, item.name) for item in fields(Wanted)})
    with tempfile.TemporaryDirectory() as folder:
        yield drain(prepare(wanted, Path(folder), RunStore(options.store)), _say)


def _say(event: Event) -> None:
    if isinstance(event, Stage) and event.fraction == 0.0:
        print(f"{event.name}: {event.detail}", file=sys.stderr, flush=True)


def _named(workload: Workload) -> dict[str, Any]:
    """Return a workload without the places where its files lay."""
    values, source = to_json(workload), Path(workload.corpus.source)
    return {
        **{name: values[name] for name in values if name not in ("folder", "teacher", "corpus")},
        "corpus": f"{source.parent.name}/{source.name}" if source.suffix else workload.corpus.source,
        "n_train": len(workload.read("train")[0]),
        "n_test": len(workload.read("test")[0]),
    }


def _tell(
    name: str,
    work: Callable[[], dict[str, Any]],
    table: Callable[[dict[str, Any]], str],
    options: argparse.Namespace,
) -> int:
    """Describe the machine before it gets busy, do the work, and print what came of it."""
    from distil_core.bench import child, machine

    described = child.run("machine").result
    figures = work()
    if "limits" not in figures:
        figures["limits"] = child.run("limits").result
    print(f"{machine.table(described, figures['limits'])}\n\n{table(figures)}")
    print(json.dumps({"benchmark": name, "repeats": options.repeats, "machine": described, **figures}))
    return 0
