"""The recipes of the README, each followed to the letter in a copy of the project."""

import ast
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.readme import README, ROOT

COPIED = ("app.py", "pages", "distil_core", "tests", "assets", "README.md", "pyproject.toml", ".gitignore")
PLACE = re.compile(r"# (?P<path>[\w./]+), (?P<where>a new file|at the end|among the imports|in \w+|before \w+)\n")

LARGEST = """
from pathlib import Path
from distil_core.runs.store import RunStore
from distil_core.training.events import Step

store = RunStore(Path({store!r}))
steps = [event for run in store.list() for _, event in store.events(run.id) if isinstance(event, Step)]
print(max(step.loss.get("reverse_kl", 0.0) for step in steps))
"""
"""Prints what the new part made of the loss at most, in any run of a store."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project."""
    for name in COPIED:
        source, target = ROOT / name, tmp_path / "project" / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return tmp_path / "project"


def recipe(title: str) -> list[str]:
    """The code blocks of a recipe."""
    section = re.split(r"^##+ ", README.read_text(encoding="utf-8").split(f"### {title}\n")[1], flags=re.M)[0]
    return re.findall(r"^```python\n(.*?)^```$", section, re.M | re.S)


def follow(project: Path, title: str) -> None:
    """Do with every block of a recipe what its first line says."""
    for block in recipe(title):
        place = PLACE.match(block)
        assert place is not None, f"a block of {title!r} does not say where it belongs: {block.splitlines()[0]}"
        path, code = project / place["path"], block[place.end() :]
        if place["where"] == "a new file":
            assert not path.exists()
            path.write_text(code, encoding="utf-8")
        else:
            path.write_text(placed(path.read_text(encoding="utf-8"), code, place["where"]), encoding="utf-8")


def placed(text: str, code: str, where: str) -> str:
    """Return a module with more code at its end, before a definition, or inside a class or a table."""
    if where == "at the end":
        return f"{text}\n\n{code}"
    if where == "among the imports":
        last = max(node.end_lineno or 0 for node in ast.parse(text).body if isinstance(node, ast.ImportFrom))
        lines = text.splitlines(keepends=True)
        return "".join([*lines[:last], code, *lines[last:]])
    how, name = where.split()
    (node,) = (node for node in ast.parse(text).body if name in names(node))
    lines = text.splitlines(keepends=True)
    if how == "before":
        at, more = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1, f"{code}\n\n"
    elif isinstance(node, ast.ClassDef):
        at = max(item.end_lineno or 0 for item in node.body if isinstance(item, ast.AnnAssign))
        more = textwrap.indent(code, "    ")
    else:
        at, more = (node.end_lineno or 0) - 1, textwrap.indent(code, "    ")
    return "".join([*lines[:at], more, *lines[at:]])


def names(node: ast.stmt) -> set[str]:
    """Names that a statement of a module defines."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {getattr(node, "name", ""), *(target.id for target in targets if isinstance(target, ast.Name))}


def run(project: Path, *command: str) -> str:
    """Run Python in a copy of the project, and return what it printed."""
    # What the tests of this project were asked to do, such as to measure coverage, is not asked of the copy.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment["PYTHONPATH"] = str(project)
    done = subprocess.run(
        [sys.executable, *command], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.mark.slow
def test_a_loss_a_task_and_a_page_are_added(project: Path, lab: Any) -> None:
    for title in ("Add a loss", "Add a task", "Add a page"):
        follow(project, title)
    room, readme = project / "distil_core" / "tasks" / "__init__.py", project / "README.md"
    for path, before, after in (
        (room, '    "catalog"', '    "balanced",\n    "catalog"'),
        (readme, "  runs.py  ", "  texts.py            a page\n  runs.py  "),
    ):
        path.write_text(path.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")
    run(project, "-m", "tests.readme")
    run(project, "-m", "ruff", "check", "--no-cache", "--fix", "-q", "--select", "I", ".")

    # All is as the project promises.
    run(project, "-m", "ruff", "check", "--no-cache", ".")
    run(project, "-m", "ruff", "format", "--no-cache", "--check", ".")
    tests = ("tests/functional/test_losses.py", "tests/pages/test_texts.py", "tests/test_architecture.py")
    about = "losses or setting or option or modules_fit or room or import or texts or page or tree"
    run(project, "-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", *tests, "-k", about)

    # And it works.
    arguments = ["--corpus", lab.corpus, "--test", lab.test, "--teacher", lab.teacher, "--depth", "1", "--epochs", "1"]
    added = ["--task", "balanced-classification", "--reverse-kl", "0.5", "--no-twins"]
    assert "Macro-F1" in run(project, "-m", "distil_core", "distil", *map(str, arguments), *added)
    assert float(run(project, "-c", LARGEST.format(store=os.environ["DISTIL_LAB_HOME"]))) > 0
