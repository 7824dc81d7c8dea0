"""What every test stands on: no network, a home of its own, seeds, and signatures that are checked while it runs."""

import gc
import os
import random
import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import hypothesis
import jaxtyping
import numpy as np
import pytest
import torch
from beartype import BeartypeConf
from beartype.claw import beartype_package

# Before anything imports transformers or datasets, which read these once.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Several processes run tests side by side; the variable is for those that they start.
torch.set_num_threads(int(os.environ.setdefault("OMP_NUM_THREADS", "1")))
# One run at a time and no helper processes, but where a test asks for them.
os.environ["DISTIL_LAB_WORKERS"] = "1"
# The processes that tests start import this checkout, as the tests do, and not what is installed.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH"))))

# Before anything imports the core: arrays' shapes are checked by one hook, all other signatures by a quicker one. The
# tower lets an int stand where a float is asked for.
CORE = Path(__file__).parents[1] / "distil_core"
jaxtyping.install_import_hook(
    [
        ".".join(path.relative_to(CORE.parent).with_suffix("").parts)
        for path in CORE.rglob("*.py")
        if re.search(r"^from (jaxtyping|distil_core\.types) import", path.read_text(encoding="utf-8"), re.M)
    ],
    "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))",
)
beartype_package("distil_core", conf=BeartypeConf(is_pep484_tower=True, claw_is_pep526=False))

# What the imports have left lives as long as the process: collections need not go through all of it each time.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)

# The same examples every time, and no deadline: a busy machine is not a bug.
hypothesis.settings.register_profile("tests", derandomize=True, deadline=None, database=None, max_examples=25)
hypothesis.settings.load_profile("tests")

SLOW = (
    "bench",
    "browser",
    "compression/test_run.py",
    "pages",
    "runs/test_execute.py",
    "runs/test_requests.py",
    "runs/test_sweep.py",
    "runs/test_workers.py",
    "training/test_teachers.py",
    "training/test_trainer.py",
    "models/test_freezing.py",
    "data/test_python_docs.py",
    "export/test_exporter.py",
    "data/test_reviews.py",
    "analysis/test_model_pair.py",
    "analysis/test_several_sites.py",
    "models/test_pooling.py",
    "models/test_segments.py",
    "tasks/embeddings/test_run.py",
    "tasks/multi_label/test_run.py",
    "tasks/pairs",
    "tasks/qa/test_questions.py",
    "tasks/test_layer_losses.py",
    "tasks/test_seam.py",
    "tasks/test_seam_api.py",
    "tasks/test_shots.py",
    "tasks/fill_mask/test_run.py",
    "tasks/tokens/test_run.py",
    "training/test_masked.py",
    "test_assets.py",
    "test_cli.py",
    "test_api.py",
)
"""Folders and files whose tests are slow, each or all together: the others take about a minute."""
UNCOUNTED = (
    "browser",
    "pages",
    "analysis/test_model_pair.py",
    "analysis/test_several_sites.py",
    "data/test_reviews.py",
    "models/test_freezing.py",
    "models/test_pooling.py",
    "models/test_segments.py",
    "test_architecture.py",
    "training/test_trainer.py",
)
"""Those whose lines are not counted, which takes half as long again: what they run is counted by tests nearer to it."""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Show a failure when it happens: a suite that is stopped later has told of it."""

    class AtOnce:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed and terminal is not None:
                terminal.write_line(f"\n{report.nodeid} ({report.when})\n{report.longreprtext}")

    terminal = session.config.pluginmanager.getplugin("terminalreporter")
    session.config.pluginmanager.register(AtOnce())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow, so that ``-m "not slow and not browser"`` leaves it out."""
    for item in items:
        if _is_in(item, SLOW):
            item.add_marker("slow")
        if _is_in(item, UNCOUNTED):
            item.add_marker("no_cover")


def _is_in(item: pytest.Item, names: tuple[str, ...]) -> bool:
    return any(item.path.is_relative_to(Path(__file__).parent / name) for name in names)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Count no lines in the fixtures either of those that are not counted."""
    controller = getattr(item.config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if controller is None or item.get_closest_marker("no_cover") is None:
        return (yield)
    controller.pause()
    try:
        return (yield)
    finally:
        controller.resume()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the runs of a test, and of the processes it starts, out of the user's own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("DISTIL_LAB_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make tiny checkpoints, each once: ``checkpoint("bert")`` is an encoder, with ``head=True`` a classifier."""
    from tests import tiny

    folder = tmp_path_factory.mktemp("checkpoints")

    def made(architecture: str = "bert", *, head: bool = False) -> Path:
        path = folder / f"{architecture}-{'classifier' if head else 'encoder'}"
        return path if path.exists() else tiny.save(architecture, path, head=head)

    return made


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Tiny texts in files, and a teacher that has learned them; see :class:`tests.tiny.Lab`."""
    from tests import tiny

    folder = tmp_path_factory.mktemp("lab")
    corpus, test = tiny.write_csv(folder)
    return tiny.Lab(corpus=corpus, test=test, teacher=tiny.teach(folder / "teacher"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody spend a second on measuring speed."""
    from distil_core.evaluation import cost

    speed = cost.speed
    monkeypatch.setattr(cost, "speed", lambda *inputs, **options: speed(*inputs, **{**options, "seconds": 0.01}))


@pytest.fixture(autouse=True)
def seeds() -> None:
    """Let no test depend on which one ran before it."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
