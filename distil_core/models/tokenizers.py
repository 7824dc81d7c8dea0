"""What a tokenizer beside a model does that the model was not trained with: capitals dropped, tokens without a row."""

import json
from pathlib import Path
from typing import Any

from distil_core.types import Tokenizer

_CAPITALS = 0.02
"""Share of the words of a vocabulary that have a capital, above which texts were not lowercased for it."""


def lowercases(tokenizer: Tokenizer) -> bool:
    """Tell whether a tokenizer takes the capitals from a text before it looks words up."""
    normalizer = tokenizer.backend_tokenizer.normalizer
    return normalizer is not None and normalizer.normalize_str("A") == "a"


def words_with_capitals(tokenizer: Tokenizer) -> tuple[str, ...]:
    """Return the words of a cased vocabulary that have a capital, the longest first; none of an uncased one."""
    special = {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}
    words = [
        word
        for word in tokenizer.get_vocab()
        if word not in special and word[:1] + word[-1:] not in ("[]", "<>") and any(map(str.isalpha, word))
    ]
    capitals = [word for word in words if word != word.lower()]
    return (
        tuple(sorted(capitals, key=lambda word: (-len(word), word))) if len(capitals) > _CAPITALS * len(words) else ()
    )


def meant_cased(tokenizer: Tokenizer, folder: Path) -> bool:
    """Tell whether a tokenizer lowercases by a default of whoever loads it, where its files speak against that.

    What ``tokenizer_config.json`` says is left as it is; then ``tokenizer.json`` decides, then the vocabulary.
    """
    if not lowercases(tokenizer) or "do_lower_case" in _read(folder / "tokenizer_config.json"):
        return False
    whole = _read(folder / "tokenizer.json")
    if "normalizer" in whole:
        return not _told_to_lowercase(whole["normalizer"])
    return bool(words_with_capitals(tokenizer))


def tokenizer_notes(tokenizer: Tokenizer, folder: Path, *, max_length: int) -> tuple[str, ...]:
    """Return what a reader should know of how a tokenizer cuts texts for the model beside it.

    Args:
        tokenizer: As it is used.
        folder: Where it was loaded from.
        max_length: Tokens of a text that somebody has asked for.
    """
    notes = []
    if getattr(tokenizer, "mended_case", False):
        notes.append(
            "the teacher's tokenizer says nothing of capitals and would be loaded as one that lowercases, but its "
            "files are of one that does not: capitals are kept; if the teacher was trained without them, put "
            "do_lower_case: true into its tokenizer_config.json"
        )
    elif lowercases(tokenizer) and (capitals := words_with_capitals(tokenizer)):
        notes.append(
            f"the teacher's tokenizer lowercases, so that {len(capitals):,} words of its vocabulary, such as "
            f"{capitals[0]}, never come up; if the teacher was trained with capitals, put do_lower_case: false into "
            "its tokenizer_config.json"
        )
    if (n_more := len(tokenizer) - tokenizer.n_embeddings) > 0:
        notes.append(
            f"the teacher's tokenizer has {n_more:,} more tokens than the model has embeddings "
            f"({unembedded(tokenizer)}); no text of the corpus uses them"
        )
    if max_length > tokenizer.model_max_length:
        notes.append(
            f"the teacher reads at most {tokenizer.model_max_length:,} tokens of a text, which counts for the maximum "
            f"sequence length of {max_length:,}"
        )
    return tuple(notes)


def unembedded(tokenizer: Tokenizer, *, n: int = 3) -> str:
    """Name the first few tokens of a tokenizer that the model beside it has no embedding for."""
    return ", ".join(tokenizer.convert_ids_to_tokens(list(range(tokenizer.n_embeddings, len(tokenizer))[:n])))


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
