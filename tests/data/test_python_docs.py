from pathlib import Path

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from distil_core.data import python_docs
from distil_core.data.corpus import Corpus
from distil_core.errors import CorpusError
from distil_core.settings.config import CorpusConfig
from distil_core.tasks.corpora import load_corpus


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus(CorpusConfig(source="python-docs"))


def test_the_library_gives_thousands_of_short_texts_in_eight_parts(corpus: Corpus) -> None:
    assert corpus.name == "python-docs"
    assert corpus.label_names == (
        "networking",
        "text",
        "numbers",
        "concurrency",
        "files",
        "testing",
        "language",
        "gui",
    )
    texts = corpus.train.texts + corpus.validation.texts + corpus.test.texts
    assert len(texts) > 4000
    assert 8 < sum(len(text.split()) for text in texts) / len(texts) < 16
    for split in (corpus.train, corpus.validation, corpus.test):
        assert set(split.labels) == set(range(8))


def test_no_text_stands_twice(corpus: Corpus) -> None:
    texts = [text.casefold() for text in corpus.train.texts + corpus.validation.texts + corpus.test.texts]
    assert len(set(texts)) == len(texts)
    assert corpus.notes == ()


def test_the_parts_can_be_told_apart_but_not_trivially(corpus: Corpus) -> None:
    model = make_pipeline(CountVectorizer(), MultinomialNB())
    model.fit(corpus.train.texts, corpus.train.labels)
    assert 0.65 < model.score(corpus.test.texts, corpus.test.labels) < 0.95


def library(folder: Path) -> Path:
    (folder / "json" / "tests").mkdir(parents=True)
    (folder / "threading.py").write_text(
        '"""Threads that\n   run at once.\n\nMore about them."""\n'
        "try:\n    import this\nexcept ImportError:\n"
        '    class Lock:\n        """A lock for one thread."""\n'
        '        async def wait(self):\n            """Wait for the lock\'s release."""\n'
        '        def short(self):\n            """Three words only."""\n'
        '"""Not a docstring, just a string."""\n'
    )
    (folder / "json" / "__init__.py").write_text(
        '"""Text that\n machines read."""\ndef f():\n    "a LOCK for one thread."'
    )
    (folder / "json" / "old.py").write_text('"""Sources of yesterday\'s language."""\nprint "hello"\n')
    (folder / "json" / "escape.py").write_text('"""Escapes that have aged badly."""\npattern = "\\d"\n')
    (folder / "json" / "tests" / "test_it.py").write_text('"""Tests that nobody should read."""')
    (folder / "elsewhere.py").write_text('"""A module of no known part."""')
    return folder


def test_first_paragraphs_of_docstrings_are_read_without_importing(tmp_path: Path) -> None:
    table = python_docs.read_docstrings(library(tmp_path))
    assert dict(zip(table.values("text"), table.values("label"), strict=True)) == {
        "Text that machines read.": "text",
        "a LOCK for one thread.": "text",
        "Escapes that have aged badly.": "text",
        "Threads that run at once.": "concurrency",
        "Wait for the lock's release.": "concurrency",
    }


def test_a_python_without_sources_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"python-docs needs the sources .* choose another corpus"):
        python_docs.read_docstrings(tmp_path)


def test_no_module_belongs_to_two_parts() -> None:
    modules = [module for names in python_docs._PARTS.values() for module in names.split()]
    assert len(set(modules)) == len(modules)
