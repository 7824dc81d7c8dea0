"""Tokenizers that are not quite their model's: capitals, tokens without a row, texts longer than it reads."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from distil_core.data.tokenization import encode
from distil_core.errors import ModelError
from distil_core.models import checkpoints
from distil_core.models.checkpoints import locate
from distil_core.models.loading import load_model, load_tokenizer, save
from distil_core.models.tokenizers import lowercases, tokenizer_notes
from tests import tiny

Made = Callable[..., Path]
TEXT = "We met May in May"


@pytest.fixture
def folder(checkpoint: Made, tmp_path: Path) -> Path:
    """A classifier whose vocabulary has words with capitals, and nothing that says whether texts are lowercased."""
    folder = Path(shutil.copytree(checkpoint(head=True), tmp_path / "teacher"))
    words = tiny.tokenizer().convert_ids_to_tokens(list(range(len(tiny.tokenizer()))))
    words[-3:] = ["May", "We", "met"]
    for path in folder.glob("tokenizer*"):
        path.unlink()
    (folder / "vocab.txt").write_text("\n".join(words))
    return folder


def saved(folder: Path, **settings: Any) -> Path:
    """Write the tokenizer as a file of its own, with these settings beside it."""
    load_tokenizer(folder).backend_tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def notes(folder: Path, *, max_length: int = 16) -> str:
    return " ".join(tokenizer_notes(load_tokenizer(folder), folder, max_length=max_length))


class TestCapitals:
    def test_the_vocabulary_alone_decides_and_it_is_told_and_named(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        words = load_tokenizer(folder)
        assert words.tokenize(TEXT)[:3] == ["We", "met", "May"]
        assert "capitals are kept" in notes(folder)
        monkeypatch.setattr(checkpoints, "meant_cased", lambda _: False)
        as_before = locate(str(folder)).digest
        monkeypatch.undo()
        assert locate(str(folder)).digest != as_before  # answers from before this was mended are not taken for its own
        save(load_model(folder), words, tmp_path / "student")
        assert load_tokenizer(tmp_path / "student").tokenize(TEXT) == words.tokenize(TEXT)

    def test_a_tokenizer_of_its_own_decides_where_nothing_else_does(self, folder: Path) -> None:
        saved(folder)
        assert not lowercases(load_tokenizer(folder))
        (folder / "vocab.txt").unlink()
        assert load_tokenizer(folder).tokenize(TEXT)[:3] == ["We", "met", "May"]
        assert "capitals are kept" in notes(folder)

    def test_what_its_files_say_is_left_and_told(self, folder: Path) -> None:
        (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True}))
        assert lowercases(load_tokenizer(folder))
        assert "lowercases, so that 2 words of its vocabulary, such as May, never come up" in notes(folder)

    def test_an_uncased_vocabulary_is_nothing_to_tell_of(self, folder: Path) -> None:
        (folder / "vocab.txt").write_text((folder / "vocab.txt").read_text().lower().replace("[", "\n[").strip())
        path = folder / "vocab.txt"
        path.write_text("\n".join(word.upper() if word[:1] == "[" else word for word in path.read_text().split()))
        assert lowercases(load_tokenizer(folder))
        assert not notes(folder)


class TestTokensWithoutRows:
    def test_texts_that_have_them_are_refused_in_one_sentence(self, checkpoint: Made, tmp_path: Path) -> None:
        folder = Path(shutil.copytree(checkpoint(head=True), tmp_path / "teacher"))
        words = load_tokenizer(folder)
        words.add_tokens(["[WHO]", "[WHERE]"], special_tokens=True)
        words.save_pretrained(folder)
        words = load_tokenizer(folder)
        with pytest.raises(
            ModelError, match=r"cannot read 2 texts with \[WHO\], \[WHERE\]; resize its embed"
        ) as caught:
            encode(words, ["a [WHO]", "snow", "[WHERE] ice [WHO]"], max_length=16)
        assert "\n" not in str(caught.value)
        assert len(encode(words, ["snow and ice"], max_length=16)) == 1
        assert "2 more tokens than the model has embeddings ([WHO], [WHERE]); no text" in notes(folder)


def test_more_tokens_than_the_model_reads_are_told(checkpoint: Made) -> None:
    assert f"reads at most {tiny.LENGTH} tokens of a text" in notes(checkpoint(head=True), max_length=512)


def test_files_that_decide_a_tokenizer_are_in_the_digest(checkpoint: Made, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(checkpoint(head=True), tmp_path / "teacher"))
    digests = {locate(str(folder)).digest}
    for name, text in {
        "special_tokens_map.json": '{"unk_token": "[MASK]"}',
        "added_tokens.json": "{}",
        "vocab.txt": "snow",
        "tokenizer_config.json": "{}",
        "spiece.model": "x",
    }.items():
        (folder / name).write_text(text)
        digests.add(locate(str(folder)).digest)
    assert len(digests) == 6


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"max_position_embeddings": 900_000_000}, "max_position_embeddings in"),
        ({"max_position_embeddings": 9_000_000}, r"must have the shape 9000000 x 32 that config.json asks for, got 48"),
        ({"intermediate_size": 9_000_000}, "must have the shape 9000000"),
        ({"num_attention_heads": 10**9}, "must be from 0 to 1,000, got 1000000000"),
        ({"type_vocab_size": 10**7}, "must have the shape 10000000 x 32"),
        ({"max_position_embeddings": 3}, "must read at least 8 tokens of a text"),
    ],
)
def test_sizes_that_are_not_the_weights_are_told_before_anything_is_built(
    checkpoint: Made, tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    folder = Path(shutil.copytree(checkpoint(head=True), tmp_path / "teacher"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | settings))
    with pytest.raises(ModelError, match=told):
        load_tokenizer(locate(str(folder)).folder)
        load_model(folder)


def test_what_a_process_cut_texts_to_is_not_left_in_the_file(checkpoint: Made, tmp_path: Path) -> None:
    contents = set()
    for i, length in enumerate((8, 16)):
        words = load_tokenizer(checkpoint(head=True))
        encode(words, [TEXT], max_length=length)
        save(load_model(checkpoint(head=True)), words, tmp_path / str(i))
        contents.add((tmp_path / str(i) / "tokenizer.json").read_bytes())
    assert len(contents) == 1
