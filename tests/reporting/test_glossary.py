"""Terms are explained where they stand; and no tooltip says its label again."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields

import pytest

from distil_core.reporting import glossary
from distil_core.settings import config
from pages.sections import explained
from pages.sections.setting_titles import LABELS
from tests.readme import ROOT

SMALL = set(re.findall("[a-z]+", "a an the of in to is are it its that for and or as by each one"))
ONE_S_OWN = re.compile(r"preview\.rows")
"""The rows of a file that somebody brought, whose columns are theirs."""
SECTIONS = (config.CorpusConfig, config.TeacherConfig, config.StudentConfig, config.LossConfig, config.TrainingConfig)


def words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall(r"[a-z0-9]+", text.lower())} - SMALL


def tooltips() -> Iterator[tuple[str, str]]:
    """Label and help of all settings, and of all that pages call with both written out."""
    for section in SECTIONS:
        for field in fields(section):
            yield LABELS.get(field.name, field.name), field.metadata["help"]
    yield from glossary.TERMS.items()
    for path in sorted((ROOT / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(label := node.args[0], ast.Constant):
                for keyword in node.keywords:
                    if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                        yield str(label.value), str(keyword.value.value)


def test_no_help_only_repeats_its_label() -> None:
    pairs = list(tooltips())
    assert len(pairs) > 100
    assert [pair for pair in pairs if len(words(pair[1]) - words(pair[0])) < 3] == []


LABELED = {
    *("checkbox", "metric", "multiselect", "number_input", "pills", "radio", "segmented_control", "selectbox"),
    *("select_slider", "slider", "text_area", "text_input", "toggle"),
}
"""What Streamlit shows under a label that can have a tooltip."""


def test_every_label_that_names_a_term_explains_it() -> None:
    bare, n_labels = [], 0
    for path in sorted((ROOT / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            place, label = f"{path.name}:{node.lineno}", ast.unparse(node.args[0])
            options = {keyword.arg for keyword in node.keywords}
            if node.func.attr in LABELED:
                n_labels += 1
                parts = (part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))
                if glossary.explain(" ".join(map(str, parts))) and not options & {"help", None}:
                    bare.append(f"{place} {label}")
            elif ast.unparse(node.func) in {"st.dataframe", "st.table"} and not ONE_S_OWN.search(label):
                bare.append(f"{place} {node.func.attr}")
    assert n_labels > 60
    assert [line for line in bare if not line.startswith("explained.py")] == []


def test_columns_explain_their_terms_and_keep_what_they_say_themselves() -> None:
    names = ["Model", "Seeds", "KL divergence (nats)", "Accuracy low", "Agreement"]
    shown = explained.columns(names, {"Agreement": {"help": "Alike."}, "Model": {"pinned": True}})
    assert shown["Model"] == {"pinned": True}
    assert shown["Agreement"] == {"help": "Alike."}
    assert glossary.TERMS["seed"] in shown["Seeds"]["help"]
    assert all(glossary.TERMS[term] in shown["KL divergence (nats)"]["help"] for term in ("KL", "nats"))
    assert glossary.TERMS["95 % interval"] in shown["Accuracy low"]["help"]


@pytest.mark.parametrize(
    ("title", "terms"),
    [
        ("KL divergence: how far apart they are", ["KL"]),
        ("Attention entropy", ["attention entropy"]),
        ("Hidden states of all layers", ["hidden state", "layer"]),
        ("All heads", ["head"]),
        ("Teacher, layer 5", []),  # a name
        ("Accuracy ahead of nothing", []),
    ],
)
def test_a_title_has_its_terms_explained(title: str, terms: list[str]) -> None:
    sentences = [glossary.TERMS[term] for term in terms]
    shown = glossary.explain(title) or ""
    assert [line.partition("**: ")[2] for line in shown.split("  \n") if line] == sentences
