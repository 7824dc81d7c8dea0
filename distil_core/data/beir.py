"""A folder in BEIR's layout: texts to search in, queries, and which text answers which query."""

import json
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from distil_core.data.headers import shown
from distil_core.data.lines import lines, plain_text, read_content, refuse_half_characters, refuse_rows
from distil_core.errors import CorpusError

DOCUMENTS, QUERIES, JUDGMENTS = "corpus.jsonl", "queries.jsonl", "qrels"
PARTS = ("test", "dev", "train")
PLACES = {DOCUMENTS: DOCUMENTS, QUERIES: QUERIES, **{f"{part}.tsv": f"{JUDGMENTS}/{part}.tsv" for part in PARTS}}
"""Where in the folder a file of each name lies."""
_EXPECTED = f"{DOCUMENTS}, {QUERIES} and {JUDGMENTS}/test.tsv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Texts to search in and queries, by their ids, and the judgments of each part of the queries.

    ``judgments`` maps ``test``, and whichever of ``dev`` and ``train`` are there, to the gain of each judged document
    for each query.
    """

    name: str
    documents: dict[str, str]
    queries: dict[str, str]
    judgments: dict[str, dict[str, dict[str, float]]]


def is_collection(folder: Path) -> bool:
    """Tell whether a folder has BEIR's files."""
    return (folder / DOCUMENTS).is_file() and (folder / QUERIES).is_file()


def read_collection(folder: Path) -> Collection:
    """Read a folder in BEIR's layout; the title of a text stands before it.

    Raises:
        CorpusError: If a file is not there, or a row of it cannot be used; the message names the row.
    """
    if not is_collection(folder) or not (folder / JUDGMENTS / "test.tsv").is_file():
        raise CorpusError(f"{folder} must hold {_EXPECTED}, as BEIR has them")
    documents, queries = (_texts(folder / name) for name in (DOCUMENTS, QUERIES))
    paths = {part: folder / JUDGMENTS / f"{part}.tsv" for part in PARTS}
    return Collection(
        name=folder.name,
        documents=documents,
        queries=queries,
        judgments={part: _judgments(path, documents, queries) for part, path in paths.items() if path.is_file()},
    )


def _texts(path: Path) -> dict[str, str]:
    content = plain_text(read_content(path))
    texts: dict[str, str] = {}
    for number, line in enumerate(lines(content), start=1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
            title = str(row.get("title") or "").strip()
            name, text = str(row["_id"]), f"{title} {row['text']}".strip()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
            raise CorpusError(
                f"row {number:,} of {path.name} must be a JSON object with _id and text, as BEIR has them"
            ) from exc
        if name in texts:
            raise CorpusError(
                f"row {number:,} of {path.name} must have an _id of its own, got {name!r} again; name each text once"
            )
        refuse_half_characters((text,), f"row {number:,} of {path.name}")
        refuse_rows(path.name, len(texts) + 1, 2)
        texts[name] = text
    return texts


def _judgments(path: Path, documents: dict[str, str], queries: dict[str, str]) -> dict[str, dict[str, float]]:
    content = plain_text(read_content(path))
    gains: dict[str, dict[str, float]] = {}
    for number, line in enumerate(lines(content), start=1):
        row = line.rstrip("\r\n").split("\t")
        if not any(row) or (number == 1 and row[-1] == "score"):
            continue
        where = f"row {number:,} of {JUDGMENTS}/{path.name}"
        try:
            query, document, gain = row[0], row[1], float(row[2])
        except (ValueError, IndexError) as exc:
            raise CorpusError(f"{where} must have a query-id, a corpus-id and a score, got {shown(line)}") from exc
        if not isfinite(gain):
            raise CorpusError(f"{where} must have a score that is finite, got {gain}; correct it")
        for name, known, file in ((query, queries, QUERIES), (document, documents, DOCUMENTS)):
            if name not in known:
                raise CorpusError(
                    f"{where} must name an _id of {file}, got {shown(name)}; add it there or remove the row"
                )
        refuse_rows(f"{JUDGMENTS}/{path.name}", number, 3)
        gains.setdefault(query, {})[document] = gain
    return gains
