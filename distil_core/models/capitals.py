"""Whether a vocabulary, and the files of a tokenizer, are of a model that knows capitals; nothing is loaded for it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_LITERAL = ("TokenizersBackend", "PreTrainedTokenizerFast")
"""Kinds of tokenizers that do what tokenizer.json says, and have no default of their own."""
_CAPITALS = 0.02
"""Share of the words of a vocabulary that have a capital, above which texts were not lowercased for it."""


def with_capitals(vocabulary: Iterable[str]) -> tuple[str, ...]:
    """Return the words of a cased vocabulary that have a capital, the longest first; none of an uncased one."""
    words = [word for word in vocabulary if word[:1] + word[-1:] not in ("[]", "<>") and any(map(str.isalpha, word))]
    capitals = [word for word in words if word != word.lower()]
    return (
        tuple(sorted(capitals, key=lambda word: (-len(word), word))) if len(capitals) > _CAPITALS * len(words) else ()
    )


def meant_cased(folder: Path) -> bool:
    """Tell whether the files of a tokenizer speak for capitals, where whoever loads it would lowercase by default.

    What ``tokenizer_config.json`` says is left as it is; then ``tokenizer.json`` decides, then the vocabulary. Nothing
    is loaded: what is mended by it is part of a checkpoint's digest.
    """
    told = _read(folder / "tokenizer_config.json")
    if "do_lower_case" in told or told.get("tokenizer_class") in _LITERAL:
        return False
    whole = _read(folder / "tokenizer.json")
    if "normalizer" in whole:
        return not _told_to_lowercase(whole["normalizer"])
    model = whole.get("model")
    words = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(words, dict):
        try:
            words = dict.fromkeys((folder / "vocab.txt").read_text(encoding="utf-8").split("\n"))
        except (OSError, ValueError):
            return False
    return bool(with_capitals(words))


def _told_to_lowercase(normalizer: Any) -> bool:
    if isinstance(normalizer, list):
        return any(map(_told_to_lowercase, normalizer))
    if not isinstance(normalizer, dict):
        return False
    return (
        normalizer.get("type") == "Lowercase"
        or normalizer.get("lowercase") is True
        or _told_to_lowercase(normalizer.get("normalizers"))
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
