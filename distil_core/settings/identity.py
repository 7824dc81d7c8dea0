"""The name of a run, made from its settings and the contents of its corpus and teacher."""

from distil_core.settings.canonical import canonical, validate, whole
from distil_core.settings.config import RunConfig
from distil_core.settings.serialization import digest, to_json

SCHEMA_VERSION = 1
"""Raised when the meaning of a stored config or record changes; part of every fingerprint."""


def fingerprint(config: RunConfig, *, corpus_digest: str, teacher_digest: str) -> str:
    """Name a run by what determines its result.

    Where corpus and teacher lie does not matter, only what is in them: their paths are left out and their digests
    stand instead.
    """
    config = canonical(validate(config))
    content = to_json(config)
    content["corpus"] = corpus_digest
    if config.corpus != whole(config.corpus):
        content |= {"labeled": config.corpus.labeled, "left_out": config.corpus.left_out}
    content["teacher"] = {**content["teacher"], "source": teacher_digest}
    if not config.training.frozen:  # runs that are older than the setting keep their names
        del content["training"]["frozen"]
    return digest({"schema": SCHEMA_VERSION, **content})
