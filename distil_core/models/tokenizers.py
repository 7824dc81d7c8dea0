"""What a tokenizer beside a model does that the model was not trained with: capitals dropped, tokens without a row."""

from pathlib import Path

from distil_core.models.capitals import with_capitals
from distil_core.types import Tokenizer


def lowercases(tokenizer: Tokenizer) -> bool:
    """Tell whether a tokenizer takes the capitals from a text before it looks words up."""
    normalizer = tokenizer.backend_tokenizer.normalizer
    return normalizer is not None and normalizer.normalize_str("A") == "a"


def words_with_capitals(tokenizer: Tokenizer) -> tuple[str, ...]:
    """Return the words of a cased vocabulary that have a capital, the longest first; none of an uncased one."""
    special = {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}
    return with_capitals(word for word in tokenizer.get_vocab() if word not in special)


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
