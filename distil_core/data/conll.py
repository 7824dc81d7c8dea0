"""CoNLL columns: a word a line with its tag last, a blank line after each sentence."""

import re
from collections.abc import Callable, Iterable

from distil_core.data.lines import refuse_cells, refuse_columns
from distil_core.data.tables import Table, in_memory
from distil_core.errors import CorpusError

_TAGGED = re.compile(r"\S.*[\t ](?:O|[BIESLUM]-\S+)")


def looks_like(lines: Iterable[str]) -> bool:
    """Tell whether lines are columns with tags and blank lines instead of rows with names above them."""
    n_words = n_blank = n_blank_last = 0
    for line in lines:
        if not line.strip():
            n_blank_last += bool(n_words)
        elif not line.startswith("-DOCSTART-"):
            if not _TAGGED.fullmatch(line.rstrip()):
                return False
            n_words, n_blank, n_blank_last = n_words + 1, n_blank + n_blank_last, 0
        else:
            n_blank += 1
    return n_words > 0 and n_blank > 0


def read(name: str, lines: Callable[[], Iterable[str]]) -> Table:
    """Return the sentences of a file as rows of words and tags; columns between the first and the last have numbers.

    Args:
        name: Of the file.
        lines: Begins to yield its lines.

    Raises:
        CorpusError: If a line has another number of columns than the first, or there are too many.
    """
    separator = "\t" if any("\t" in line for line in lines()) else None
    sentences: list[list[list[str]]] = [[]]
    n_columns = n_cells = 0
    for number, line in enumerate(lines(), start=1):
        line = line.rstrip("\r\n")
        if not line.strip():
            if sentences[-1]:
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
        refuse_columns(name, n_columns)
        n_cells += n_columns
        refuse_cells(name, n_cells)
        sentences[-1].append(fields)
    there = [list(zip(*sentence, strict=True)) for sentence in sentences if sentence]
    names = ["tokens", *(f"column_{i}" for i in range(2, n_columns)), "ner_tags"]
    columns = {name: [sentence[i] for sentence in there] for i, name in enumerate(names)}
    return in_memory(name, columns, declared={})
