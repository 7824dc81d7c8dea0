"""The name of a run, made from its settings and the contents of its corpus and teacher."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from distil_core.settings.canonical import FORMER_BASELINE, CanonicalConfig
from distil_core.settings.config import CorpusConfig, Method, RunConfig
from distil_core.settings.serialization import digest

SCHEMA_VERSION = 2
"""Raised when the meaning of a stored config or record changes, or the default of a setting; part of every fingerprint.

Schema 1 named every setting, and neither the precision nor the threads that a run was computed with.
"""


def fingerprint(config: CanonicalConfig, *, corpus_digest: str, teacher_digest: str) -> str:
    """Name a run by what determines its result.

    Where corpus and teacher lie does not matter, only what is in them: their digests stand for them, beside what the
    student is told of the corpus. A setting at its default is not part of the name, so that a new one renames nothing,
    and the baseline is called in it what it was called when the first runs were named.
    """
    told = CorpusConfig(labeled=config.corpus.labeled, left_out=config.corpus.left_out)
    content = replace(config, corpus=told, teacher=replace(config.teacher, source=RunConfig().teacher.source))
    names = {"schema": SCHEMA_VERSION, "corpus": corpus_digest, "teacher": teacher_digest}
    settings = dict(_changed(content, RunConfig()))
    if config.method is Method.BASELINE:
        settings["method"] = FORMER_BASELINE
    return digest({**names, "settings": settings})


def _changed(config: Any, default: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give the settings that are not as usual, each by its full name."""
    for item in fields(config):
        value, usual = getattr(config, item.name), getattr(default, item.name)
        if is_dataclass(value):
            yield from _changed(value, usual, f"{path}{item.name}.")
        elif value != usual:
            yield f"{path}{item.name}", value
