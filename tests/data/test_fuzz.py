"""Corpus files damaged at random: each ends in a corpus or in one sentence, soon and in little memory.

A longer run by hand: ``FUZZ_FILES=2500 FUZZ_SEED=1 python -m pytest tests/data/test_fuzz.py -s``, which prints
what came of them.
"""

import json
import os
import resource
import shutil
import time
from collections import Counter
from pathlib import Path
from random import Random

import pyarrow as pa
from pyarrow import parquet

from distil_core.data import files
from distil_core.data.corpus import Corpus
from distil_core.data.sources import read_sentences
from distil_core.errors import DistilError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.corpora import load_corpus

N_FILES, SEED = int(os.environ.get("FUZZ_FILES", "200")), int(os.environ.get("FUZZ_SEED", "14"))
MAX_SECONDS = 20.0
MAX_GROWTH = 500_000_000
WORDS = ("soup", "bread", "cold, really", 'the "fresh" one', "größer", "\U0001f35c", "line\nbreak", "nan", "")
BITS = (
    *(b'"', b'""', b"\\", b"\n", b"\r", b"\0", b",", b"\t", b";", b"|", b"#", b"sep=;\n", b"\xef\xbb\xbf", b"\xff\xfe"),
    *(b"{", b"}", b"[", b"]", b"null", b"NaN", b"1e999", b"-1", b"9" * 400, b"\\ud800", b"\xed\xa0\x80", b"PAR1"),
    *(b"label", b"text", b"\x1f", b"a" * 5000, b"[" * 2000, b",,,,,,", b"O\n\n", b"B-X", "\u200b\u00a0".encode()),
)


def seeds(folder: Path) -> list[tuple[Path, str]]:
    """Write a good file of each kind, and return them with the task that reads them."""
    draw = Random(1)
    texts = [" ".join(draw.choices(WORDS, k=5)) + f" {i}" for i in range(40)]
    rows = [{"text": text, "label": ("good", "bad")[i % 2], "rank": i} for i, text in enumerate(texts)]
    pairs = [{"text_a": text, "text_b": text[::-1], "score": i % 7 / 2} for i, text in enumerate(texts)]
    tags = [{"text": text, "tags": draw.sample(["a", "b", "c"], i % 3)} for i, text in enumerate(texts)]
    words = [f"{word} {tag}" for _ in range(30) for word, tag in (("soup", "B-DISH"), ("is", "O"), ("", ""))]
    question = {"question": "what?", "answers": [{"text": "soup", "answer_start": 4}]}
    squad = {"data": [{"paragraphs": [{"context": f"the soup {i}", "qas": [question] * 2} for i in range(30)]}]}
    quoted = ['"{}",{}'.format(row["text"].replace('"', '""'), row["label"]) for row in rows]
    written = {
        "a.csv": "\n".join(["text,label", *quoted]),
        "b.tsv": "\n".join(["text\tlabel", *(f'{row["label"]} " dish\t{row["label"]}' for row in rows)]),
        "c.jsonl": "\n".join(map(json.dumps, rows)),
        "d.ndjson": "\n".join(map(json.dumps, pairs)),
        "e.json": json.dumps(tags),
        "f.json": json.dumps(squad),
        "g.conll": "\n".join(words),
        "h.csv": "\n".join(["text_a,text_b,label", *(f"soup {i},bread {i},{i % 2}" for i in range(40))]),
    }
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    note = {b"huggingface": json.dumps({"info": {"features": {"label": {"names": ["n", "y"], "_type": "ClassLabel"}}}})}
    table = pa.table({"text": texts, "label": [i % 2 for i in range(40)], "tokens": [["soup", "is"]] * 40})
    table = table.append_column("day", pa.array(range(40), pa.date32()))
    parquet.write_table(table.replace_schema_metadata(note), folder / "i.parquet")
    search = folder / "search"
    (search / "qrels").mkdir(parents=True)
    for name in ("corpus", "queries"):
        rows = [{"_id": f"{name[0]}{i}", "title": "a", "text": text} for i, text in enumerate(texts)]
        (search / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (search / "qrels" / "test.tsv").write_text("\n".join(f"q{i}\tc{i}\t1" for i in range(20)))
    tasks = ("classification", "classification", "classification", "pairs", "multi-label", "qa", "tokens", "pairs")
    others = [(folder / "i.parquet", "classification"), (search, "embeddings")]
    return [*zip((folder / name for name in written), tasks, strict=True), *others]


def damaged(content: bytes, others: list[bytes], draw: Random) -> bytes:
    """Return a file with one to four things wrong with it."""
    data = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(data) + 1)
        end = min(at + draw.choice((1, 2, 10, 100)), len(data))
        match draw.randrange(7):
            case 0:
                data[at:end] = draw.randbytes(end - at)
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = draw.choice(BITS) * draw.choice((1, 1, 3))
            case 3:
                data[at:end] = data[at:end] * draw.randint(2, 40)
            case 4:
                del data[at:]
            case 5:
                other = draw.choice(others)
                begin = draw.randrange(len(other))
                data[at:end] = other[begin : begin + draw.choice((5, 50, 500))]
            case _ if data:
                data[min(at, len(data) - 1)] ^= 1 << draw.randrange(8)
    return bytes(data)


def test_a_damaged_file_ends_in_a_corpus_or_one_sentence(tmp_path: Path) -> None:
    draw, good, ends, foreign = Random(SEED), seeds(tmp_path), Counter[str](), list[str]()
    contents = [path.read_bytes() for path, _ in good if path.is_file()]
    for path, task in good:
        assert len(load_corpus(CorpusConfig(source=str(path)), task=task).train) >= 15
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for i in range(N_FILES):
        source, task = good[i % len(good)]
        path = part = tmp_path / f"damaged{source.suffix}"
        if source.is_dir():
            shutil.copytree(source, path, dirs_exist_ok=True)
            part = draw.choice(sorted(each for each in path.rglob("*") if each.is_file()))
        part.write_bytes(damaged((part if source.is_dir() else source).read_bytes(), contents, draw))
        start = time.process_time()
        for kind, read in (
            ("corpus", lambda path=path, task=task: load_corpus(CorpusConfig(source=str(path)), task=task)),
            ("preview", lambda path=path: files.preview(path)),
            ("sentences", lambda path=path: read_sentences(path)),
        ):
            sentence = ""
            try:
                result = read()
            except DistilError as error:
                sentence = str(error)
            except Exception as error:
                keep = Path(os.environ.get("FUZZ_KEEP", tmp_path)) / f"{i}{source.suffix}"
                keep.write_bytes(part.read_bytes())
                foreign.append(f"file {i}, like {source.name}, kept as {keep}, {kind}: {error!r}")
            else:
                assert kind != "corpus" or isinstance(result, Corpus)
            ends[f"{kind}: {'a sentence' if sentence else 'read'}"] += 1
            assert len(sentence.splitlines()) <= 1, (i, source.name)
            assert len(sentence) < 3000, (i, source.name)
        assert time.process_time() - start < MAX_SECONDS, (i, source.name)
    print(dict(ends), len(foreign), "others")
    assert not foreign
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < MAX_GROWTH
