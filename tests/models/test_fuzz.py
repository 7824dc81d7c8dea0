"""Teacher folders damaged at random: each ends in a teacher that answers or in one sentence, soon, in little memory.

A longer run by hand: ``FUZZ_FILES=2500 FUZZ_SEED=1 python -m pytest tests/models/test_fuzz.py -s``, which prints
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
from typing import Any

import pytest

from distil_core.data.tokenization import encode
from distil_core.errors import DistilError, is_failure
from distil_core.models import forward
from distil_core.models.checkpoints import locate
from distil_core.models.head import EMBEDDING, SEQUENCE_CLASSIFICATION, Head
from distil_core.models.loading import load_model, load_tokenizer, save
from distil_core.training.teacher_checks import refuse_unfinite
from tests import tiny

N_FOLDERS, SEED = int(os.environ.get("FUZZ_FILES", "200")), int(os.environ.get("FUZZ_SEED", "14"))
MAX_SECONDS = 20.0
MAX_GROWTH = 1_000_000_000
ODD: tuple[Any, ...] = (
    *(None, True, "", "x", -1, 0, 1, 3, 10**9, 10**30, 1.5, -1e9, float("nan"), float("inf"), [], {}, [[]], {"a": 1}),
    *(
        "LABEL_0",
        {"0": "a"},
        {"x": "y"},
        {str(i): "same" for i in range(3)},
        "\ud83d",
        "a\nb",
        "9" * 50,
        [None],
        "gelu",
    ),
)
TEXTS = ("old snow near my house", "[MASK] the sun", "", "\u200b\U0001f35c")


def damaged(folder: Path, draw: Random) -> str:
    """Spoil one or two things in a folder; returns the name of the last file."""
    name = ""
    for _ in range(draw.randint(1, 2)):
        path = draw.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
        name, data = path.name, bytearray(path.read_bytes())
        at = draw.randrange(len(data) + 1)
        end = min(at + draw.choice((1, 4, 40)), len(data))
        match draw.randrange(8):
            case 0 if len(data) < 100_000 and path.suffix == ".json":
                data[at:end] = draw.choice((b"null", b"[", b"{}", b'"', b"1e999", b"-1", b"\xff", b"\0"))
            case 1:
                data[at:end] = draw.randbytes(end - at)
            case 2:
                del data[at:]
            case 3 if name == "model.safetensors":
                data[min(at, len(data) - 1) % 2000] ^= 1 << draw.randrange(8)
            case 4:
                path.unlink()
                if not any(path.is_file() for path in folder.rglob("*")):
                    return name
                continue
            case _ if path.suffix == ".json":
                try:
                    content = json.loads(data)
                except ValueError:
                    continue
                spoil(content, draw)
                data = bytearray(json.dumps(content).encode())
            case _:
                data[at:at] = draw.randbytes(3)
        path.write_bytes(bytes(data))
    return name


def spoil(content: Any, draw: Random) -> None:
    """Change one entry somewhere in some JSON."""
    while isinstance(content, dict | list) and content:
        keys = list(content) if isinstance(content, dict) else list(range(len(content)))
        key = draw.choice(keys)
        if isinstance(content[key], dict | list) and content[key] and draw.random() < 0.7:
            content = content[key]
            continue
        match draw.randrange(4):
            case 0:
                del content[key]
            case 1 if isinstance(content[key], int) and not isinstance(content[key], bool):
                content[key] = content[key] * draw.choice((-1, 2, 10, 10**6)) + draw.choice((-1, 0, 1))
            case _:
                content[key] = draw.choice(ODD)
        return


def answers(folder: Path, head: Head) -> None:
    """Do what a run does with a teacher's folder before it learns."""
    checkpoint = locate(str(folder))
    tokens = encode(load_tokenizer(checkpoint.folder), TEXTS, max_length=16)
    fresh = tiny.LABELS if head == SEQUENCE_CLASSIFICATION != checkpoint.head else ()
    model = load_model(checkpoint.folder, head=head, label_names=fresh)
    logits = forward.predict(model, tokens, padding=0)
    assert logits.shape[0] == len(TEXTS)
    refuse_unfinite(logits, name=folder.name)


@pytest.mark.filterwarnings("ignore")
def test_a_damaged_folder_ends_in_a_teacher_or_one_sentence(tmp_path: Path) -> None:
    draw, ends, foreign = Random(SEED), Counter[str](), list[str]()
    good = [(tiny.save(name, tmp_path / name, head=True), SEQUENCE_CLASSIFICATION) for name in tiny.ARCHITECTURES]
    embedder = load_model(tiny.save("bert", tmp_path / "encoder"), head=EMBEDDING)
    save(embedder, tiny.tokenizer(), tmp_path / "vectors")
    good += [(tmp_path / "encoder", SEQUENCE_CLASSIFICATION), (tmp_path / "vectors", EMBEDDING)]
    for folder, head in good:
        answers(folder, head)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for i in range(N_FOLDERS):
        source, head = good[i % len(good)]
        folder = Path(shutil.copytree(source, tmp_path / f"damaged{i}"))
        name = damaged(folder, draw)
        start, sentence = time.process_time(), ""
        try:
            answers(folder, head)
        except DistilError as error:
            sentence = str(error)
        except BaseException as error:
            if not is_failure(error):
                raise
            keep = Path(os.environ.get("FUZZ_KEEP", tmp_path)) / f"{i}-{source.name}"
            shutil.copytree(folder, keep, dirs_exist_ok=True)
            foreign.append(f"folder {i}, like {source.name}, {name} spoiled, kept as {keep}: {error!r}")
        ends["a sentence" if sentence else "a teacher"] += 1
        assert len(sentence.splitlines()) <= 1, (i, source.name, sentence)
        assert len(sentence) < 3000, (i, source.name)
        assert time.process_time() - start < MAX_SECONDS, (i, source.name)
        shutil.rmtree(folder)
    print(dict(ends), len(foreign), "others")
    assert not foreign
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < MAX_GROWTH
