"""Terms are explained where they stand; and no tooltip says its label again."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields

import pytest

from distil_core.reporting import glossary
from distil_core.settings import config
from pages.sections.setting_titles import LABELS
from tests.readme import ROOT

SMALL = set(re.findall("[a-z]+", "a an the of in to is are it its that for and or as by each one"))
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
