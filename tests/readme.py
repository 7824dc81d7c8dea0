"""What the README says, read for tests; ``python -m tests.readme`` writes its table of settings anew."""

import re
from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from distil_core.settings.config import RunConfig
from distil_core.settings.options import SECTION_NAMES, option_name

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->\n"


def blocks(language: str) -> tuple[str, ...]:
    """Code blocks of a language."""
    return tuple(re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S))


def settings_table() -> str:
    """Every setting of a run, from its declaration."""
    rows = ["| Setting | Option | Default | Allowed | What it does |", "|---|---|---|---|---|"]
    for section, item in _settings():
        name = f"{SECTION_NAMES[section]}.{item.name}" if section in SECTION_NAMES else item.name
        option = "" if name == "method" else f"`--{option_name(section, item.name)}`"
        default = ", ".join(item.default) if isinstance(item.default, tuple) else str(item.default)
        shown = f"`{default}`" if default else ""
        rows.append(f"| `{name}` | {option} | {shown} | {_allowed(item)} | {item.metadata['help']} |")
    return "\n".join(rows) + "\n"


def tree() -> dict[str, str]:
    """Entries of the tree by their path, with what is said of each."""
    entries, folder = {}, ""
    for line in blocks("text")[-1].splitlines():
        name, _, sentence = line.strip().partition(" ")
        if not line.startswith(" "):
            folder = name if name.endswith("/") else ""
        entries[folder + name if line.startswith(" ") else name] = sentence.strip()
    return entries


def _settings() -> Iterator[tuple[type[Any], Field[Any]]]:
    for item in fields(RunConfig):
        if isinstance(item.default_factory, type) and is_dataclass(item.default_factory):
            yield from ((item.default_factory, inner) for inner in fields(item.default_factory))
        else:
            yield RunConfig, item


def _allowed(item: Field[Any]) -> str:
    if isinstance(item.default, StrEnum):
        return ", ".join(type(item.default))
    low, high, above = (item.metadata[name] for name in ("low", "high", "above"))
    lower = f"above {above:g}, up" if above is not None else "" if low is None else f"{low:,g}"
    if high is None:
        return lower and f"{lower} or more"
    return f"{lower} to {high:,.0f}" if float(high).is_integer() else f"{lower} to {high:g}"


def write() -> None:
    """Put the table of settings into the README."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    README.write_text(before + BEGIN + settings_table() + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    write()
