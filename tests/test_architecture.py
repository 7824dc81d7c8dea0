"""Promises that the whole keeps: who may import whom, what is public, and that the README tells the truth."""

import ast
import importlib
import pkgutil
import re
import shlex
import subprocess
import sys
import tokenize
import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import jaxtyping
import pandas as pd  # noqa: F401  before `app`, whose thread loads it: Plotly takes from other tests what is half loaded
import pytest
import torch
import yaml
from beartype.roar import BeartypeCallHintParamViolation

import app
import distil_core.types
from distil_core import api, cli
from distil_core.data import lines
from distil_core.functional.distributions import kl
from distil_core.runs import foreground
from distil_core.runs.folder import RunFolder
from distil_core.settings.config import CorpusConfig, Method, RunConfig
from tests import readme
from tests.factories import a_run_record
from tests.readme import README, ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
TEXT = README.read_text(encoding="utf-8")
CODE = sorted([ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "distil_core").rglob("*.py")])
PARTS = ("components", "sections", "state")
ROOMS = sorted(path.parent.name for path in (ROOT / "distil_core").glob("*/__init__.py"))


# Imports


def test_no_import_points_upwards_and_libraries_have_one_door() -> None:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_core_knows_nothing_of_streamlit() -> None:
    assert [path for path in CODE if "distil_core" in path.parts and "streamlit" in imports(path)] == []


def test_pages_compute_nothing_themselves() -> None:
    heavy = {"torch", "transformers", "plotly", "sqlite3", "sklearn", "datasets"}
    assert [path for path in CODE if "distil_core" not in path.parts and imports(path) & heavy] == []


def test_what_pages_import_starts_fast() -> None:
    light = sorted({name for path in CODE if "pages" in path.parts for name in core_imports(path)})
    assert len(light) > 20
    heavy = ["torch", "transformers", "sklearn", "datasets", "pandas", "streamlit"]
    program = f"import sys, {', '.join(light)}; print(sorted(set({heavy}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_ladder_can_be_recited() -> None:
    rows = CONTRACTS["layers"]["layers"]
    assert len(rows) <= 16
    assert CONTRACTS["layers"]["exhaustive"]
    listed = {name for row in rows for name in row.split(" | ")}
    assert set(ROOMS) <= listed


def imports(path: Path) -> set[str]:
    """Libraries that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def core_imports(path: Path) -> set[str]:
    """Modules of the core that a file imports at its top."""
    modules = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "distil_core":
            for name in node.names:
                inner = ROOT / f"{node.module}.{name.name}".replace(".", "/")
                is_module = inner.with_suffix(".py").is_file() or inner.is_dir()
                modules.add(f"{node.module}.{name.name}" if is_module else str(node.module))
    return modules


# Names


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_comes_in_and_goes_out_and_lists_its_modules(room: str) -> None:
    package = importlib.import_module(f"distil_core.{room}")
    assert re.search(r"^In: .*Out: ", package.__doc__ or "", re.M | re.S)
    modules = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))
    assert package.__all__ == modules


@pytest.mark.parametrize(
    "package", ["distil_core.data.reviews", "distil_core.reporting.figures", "distil_core.reporting.narrative"]
)
def test_exports_are_there(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_sentences_decide_nothing() -> None:
    """What holds one interval against another, or draws again, is done in analysis."""
    statistics = re.compile(r"\.(seen|above|draws)\b|\bnumpy\b|bootstrap|softmax|evaluation\.predictions")
    modules = list((ROOT / "distil_core" / "reporting" / "narrative").glob("*.py"))
    assert len(modules) > 5
    assert [path.name for path in modules if statistics.search(path.read_text(encoding="utf-8"))] == []


def test_nobody_reaches_for_the_private_names_of_another_module() -> None:
    reached = [
        (path.name, name.name)
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("distil_core", "pages"))
        for name in node.names
        if name.name.startswith("_") and not name.name.startswith("__")
    ]
    assert reached == []


def test_private_names_of_libraries_have_one_place_each() -> None:
    places = {ROOT / "distil_core/models/private_apis.py", ROOT / "pages/components/private_apis.py"}
    used = []
    for path in sorted({*CODE} - places):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        ours = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("streamlit.runtime"):
                used.append((path.name, node.module))
            elif isinstance(node, ast.keyword):
                used += [(path.name, node.arg)] if re.match(r"_[a-z]", node.arg or "") else []
            elif isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr) and node.attr not in ours:
                of_itself = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
                used += [] if of_itself else [(path.name, node.attr)]
    assert used == []


def test_signatures_are_checked_while_tests_run() -> None:
    with pytest.raises(BeartypeCallHintParamViolation):
        CorpusConfig(n_train="many")  # type: ignore[arg-type]
    for student in (torch.zeros(2, 4), torch.zeros(2, 3, dtype=torch.int64)):
        with pytest.raises(jaxtyping.TypeCheckError):
            kl(torch.zeros(2, 3), student)


def test_no_two_classes_of_the_core_have_one_name() -> None:
    public = [
        node.name
        for path in CODE
        if "distil_core" in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert [name for name, n in Counter(public).items() if n > 1] == []


def test_no_two_functions_of_the_core_have_one_name() -> None:
    drawn = ROOT / "distil_core/reporting"  # its functions are named for what they draw, tabulate or write
    benchmarks = ROOT / "distil_core/bench"  # each has its `measure`, `table` and `compare`
    modules = [path for path in CODE if "distil_core" in path.parts and not {drawn, benchmarks} & set(path.parents)]
    public = [
        node.name
        for path in modules
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    # One answer in two places: for a device that torch has, and for this machine without loading torch.
    assert {name for name, n in Counter(public).items() if n > 1} == {"resolve_precision"}


def test_variables_are_named_for_what_they_are() -> None:
    vague = {"found", "given", "own", "kept", "asked", "said"}
    uses = []
    for path in CODE:
        with path.open("rb") as file:
            names = (token for token in tokenize.tokenize(file.readline) if token.type == tokenize.NAME)
            uses += [(path.name, name.start[0], name.string) for name in names if name.string in vague]
    assert uses == []


def test_the_glossary_says_each_word_once() -> None:
    text = (distil_core.types.__doc__ or "").split("One word has one meaning")[1].split("The same axis")[0]
    terms = re.findall(r"^([a-z][\w -]*?)  +\S.*$", text, re.M)[1:]
    assert len(terms) > 25
    assert len(terms) == len(set(terms))


def test_modules_have_names_that_say_something() -> None:
    empty = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "base"}
    assert [path for path in (*CODE, *(ROOT / "tests").rglob("*.py")) if path.stem in empty] == []


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_fit_into_a_head(path: Path) -> None:
    n_lines = path.read_text(encoding="utf-8").count("\n")
    assert n_lines <= 400


def test_no_file_knows_where_it_was_written() -> None:
    local = re.compile(r"(?<![\w.>:-])(/(?:work|farm|home|root|Users|tmp)/\w|[A-Z]:\\Users)")
    texts = ("*.py", "*.md", "*.toml", "*.json", "*.jsonl", "*.csv", "*.svg", "*.yml", "*.yaml")
    folders = ("distil_core", "pages", "tests", "assets", ".streamlit", ".ci", ".github")
    paths = [*ROOT.glob("*.*"), *(path for folder in folders for path in (ROOT / folder).rglob("*"))]
    read = [path for path in paths if path.name == "run" or any(path.match(pattern) for pattern in texts)]
    assert len(read) > 50
    assert [path for path in read if path.is_file() and local.search(path.read_text(encoding="utf-8"))] == []


# Pages


def test_every_page_has_its_file_and_its_test() -> None:
    for page in app.PAGES:
        assert (ROOT / "pages" / f"{page}.py").is_file()
        assert "def test_" in (ROOT / "tests" / "pages" / f"test_{page}.py").read_text(encoding="utf-8")
    assert {path.stem for path in (ROOT / "pages").glob("*.py")} == set(app.PAGES)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_pages_lists_what_others_may_use(part: str) -> None:
    package = importlib.import_module(f"pages.{part}")
    modules = {path.stem for path in (ROOT / "pages" / part).glob("*.py")} - {"__init__"}
    assert set(package.__all__) <= modules
    assert package.__doc__
    others = [path for path in CODE if path.parent.name != part and "distil_core" not in path.parts]
    used = {name for path in others for name in page_imports(path).get(part, set())}
    assert used <= set(package.__all__)


def test_parts_of_pages_know_only_what_lies_below_them() -> None:
    below = {"components": {"components"}, "state": {"state"}, "sections": {"components", "state", "sections"}}
    for part, allowed in below.items():
        for path in (ROOT / "pages" / part).glob("*.py"):
            assert set(page_imports(path)) <= allowed, path


def test_no_javascript_or_css_in_python() -> None:
    marks = re.compile(r"export default|document\.\w|addEventListener|querySelector|<style|^\s*[\w.:-]+ \{.*:.*;", re.M)
    assert [path for path in CODE if "distil_core" not in path.parts and marks.search(strings(path))] == []


def test_every_component_has_its_files() -> None:
    folder = ROOT / "pages" / "components"
    scripts = {path.stem for path in folder.glob("*.js")}
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "mount", "private_apis"}
    drawn = {name for name in modules if "mount.component(" in (folder / f"{name}.py").read_text(encoding="utf-8")}
    assert scripts == modules
    styles = {path.stem for path in folder.glob("*.css")}
    assert {path.stem for path in folder.glob("*.html")} == drawn
    assert drawn <= styles <= modules
    assert [path for path in (ROOT / "pages").rglob("*.js") if path.parent != folder] == []


def test_modules_of_pages_say_what_they_read_and_write() -> None:
    modules = [path for path in (ROOT / "pages").rglob("*.py") if path.name != "__init__.py"]
    docs = {path: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "" for path in modules}
    assert [path for path, doc in docs.items() if not re.search(r"\n\nReads\b.*\bwrites?\b", doc, re.S | re.I)] == []


def page_imports(path: Path) -> dict[str, set[str]]:
    """Modules of the pages' parts that a file imports, by part."""
    modules: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pages"):
            _, *names = (node.module or "").split(".")
            for alias in node.names:
                part, module = (*names, alias.name)[:2] if names else (alias.name, "")
                modules.setdefault(part, set()).add(module)
    return modules


def strings(path: Path) -> str:
    """All strings of a file but its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return "\n".join(text for text in texts if text not in docs)


def test_the_server_answers_this_computer_alone_and_tells_nobody() -> None:
    options = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert options["server"]["address"] == "localhost"
    assert options["browser"]["gatherUsageStats"] is False
    # What is larger is refused in our own words, not by the uploader.
    assert options["server"]["maxUploadSize"] * 2**20 >= lines.MAX_BYTES


# README


def test_the_readme_documents_every_setting() -> None:
    written = TEXT.split(readme.BEGIN)[1].split(readme.END)[0]
    assert written == readme.settings_table(), "run python -m tests.readme"


def test_every_option_of_the_readme_exists(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["distil", "--help"])
    known = set(re.findall(r"--[\w-]+", capsys.readouterr().out))
    assert set(re.findall(r"`(--[\w-]+)`", readme.settings_table())) <= known


def test_the_readme_has_two_setup_commands_and_they_come_first() -> None:
    assert readme.blocks("bash")[:2] == (
        "pip install . && streamlit run app.py\n",
        "pip install '.[test]' && pytest\n",
    )


def test_the_readmes_shell_commands_are_understood() -> None:
    lines = [line for block in readme.blocks("bash")[2:] for line in block.splitlines()]
    assert len(lines) >= 4
    for line in lines:
        python, flag, package, *arguments = shlex.split(line)
        assert (python, flag, package) == ("python", "-m", "distil_core")
        cli._parser().parse_args(arguments)


def test_the_readmes_python_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = readme.blocks("python")[0]
    records = {method: a_run_record(config=RunConfig(method=method)) for method in Method}
    answer = foreground.Distillation(
        run="0011223344556677",
        record=records[Method.DISTILLED],
        hard_label_twin=records[Method.HARD_LABELS],
        layer_cut_twin=records[Method.LAYER_CUT],
        baseline=records[Method.BASELINE],
        folder=RunFolder(path=tmp_path),
    )
    distil = create_autospec(api.distil, return_value=answer)
    monkeypatch.setattr(api, "distil", distil)
    exec(compile(program, README.name, "exec"), {})
    distil.assert_called_once()
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines] == ["87.0%", "82.0%", "82.0%", "82.0%"]
    assert last == str(tmp_path / "student")


def test_the_readmes_tree_is_the_real_tree() -> None:
    assert sorted(readme.tree()) == sorted(real_tree())
    assert [name for name, sentence in readme.tree().items() if not sentence] == []


def test_the_readmes_tree_reads_as_imports_do() -> None:
    rows = [layer.split(" | ") for layer in reversed(CONTRACTS["layers"]["layers"])]
    height = {name: i for i, row in enumerate(rows) for name in row}
    order = [Path(name).stem for name in readme.tree() if name.startswith("distil_core/") and name != "distil_core/"]
    assert sorted(order, key=height.__getitem__) == order


def real_tree() -> set[str]:
    """The two upper levels; tests of modules as one, and without what need not be said or git does not keep."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()]
    unsaid = {"__init__.py", "py.typed", "pyproject.toml", "README.md", "LICENSE"}

    def entries(folder: Path) -> list[Path]:
        return [
            path
            for path in folder.iterdir()
            if not path.name.startswith(".") and not any(fnmatch(path.name, pattern) for pattern in ignored)
        ]

    found = set()
    for path in entries(ROOT):
        inner = [f"{path.name}/{item.name}{'/' * item.is_dir()}" for item in entries(path)] if path.is_dir() else []
        found |= {path.name + "/" * path.is_dir(), *inner}
    named = {re.sub(r"^tests/test_\w+\.py$", "tests/test_*.py", name) for name in found}
    return {name for name in named if name.rpartition("/")[2] not in unsaid}


def test_every_file_that_the_readme_points_to_exists() -> None:
    targets = re.findall(r'src="([^"]+)"|\]\((?!http)([^)#]+)\)', TEXT)
    assert len(targets) >= 4
    assert [name for pair in targets for name in pair if name and not (ROOT / name).exists()] == []


def test_the_readme_tells_what_each_extra_is_for() -> None:
    assert re.findall(r"^\| `(\w+)` \|", TEXT.split("## Extras")[1].split("\n## ")[0], re.M) == list(
        PROJECT["project"]["optional-dependencies"]
    )


def test_ci_runs_the_command_of_the_readme() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert "README.md" in script.read_text(encoding="utf-8")


def test_the_workflow_and_the_hooks_run_what_ci_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["ci"]["steps"][-1]["run"] == "bash .ci/run"
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert repository["repo"] == "local"  # nothing is fetched
    checks = re.findall(r'^check "([^"$]+)" (?!timeout|no_)', (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.M)
    assert [hook["name"] for hook in repository["hooks"]] == checks
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
