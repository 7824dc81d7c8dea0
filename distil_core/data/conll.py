"""CoNLL columns: a word a line with its tag last, a blank line after each sentence."""

import re

from distil_core.data.tables import Table, in_memory
from distil_core.errors import CorpusError

_TAGGED = re.compile(r"\S.*[\t ](?:O|[BIESLUM]-\S+)")


def looks_like(text: str) -> bool:
    """Tell whether a text is columns with tags and blank lines instead of rows with names above them."""
    lines = text.strip("\r\n").splitlines()
    words = [line.rstrip() for line in lines if line.strip() and not line.startswith("-DOCSTART-")]
    return 0 < len(words) < len(lines) and all(map(_TAGGED.fullmatch, words))


def read(name: str, text: str) -> Table:
    """Return the sentences of a file as rows of words and tags; columns between the first and the last have numbers.

    Raises:
        CorpusError: If a line has another number of columns than the first.
    """
    separator = "\t" if "\t" in text else None
    sentences: list[list[list[str]]] = [[]]
    n_columns = 0
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip("\r")
        if not line.strip():
            sentences.append([])
            continue
        if line.startswith("-DOCSTART-") or (separator and line.startswith("#") and separator not in line):
            continue
        fields = [field.strip() for field in line.split(separator)]
        n_columns = n_columns or len(fields)
        if len(fields) != n_columns or n_columns < 2:
            raise CorpusError(
                f"line {number:,} of {name} must have {max(n_columns, 2)} columns, a word first and its tag last, got "
                f"{len(fields)}; correct the line, and leave a blank line between sentences"
            )
        sentences[-1].append(fields)
    there = [list(zip(*sentence, strict=True)) for sentence in sentences if sentence]
    names = ["tokens", *(f"column_{i}" for i in range(2, n_columns)), "ner_tags"]
    columns = {name: [sentence[i] for sentence in there] for i, name in enumerate(names)}
    return in_memory(name, columns, declared={})
