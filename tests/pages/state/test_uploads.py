"""Files that somebody gives to a page: kept by their contents, and let go."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from distil_core.data.beir import read_collection
from distil_core.runs import reading
from distil_core.runs.store import RunStore
from tests.pages.conftest import markdown

App = Callable[..., AppTest]


def test_test_file_can_be_taken_away_again(app: App, store: RunStore) -> None:
    at = app()
    at.selectbox(key="distil.corpus").set_value("file").run()
    content = b"text,label\n" + b"".join(b"text %d,%d\n" % (i, i % 2) for i in range(8))
    at.file_uploader(key="distil.upload.train").upload("mine.csv", content).run()
    at.file_uploader(key="distil.upload.test").upload("held-out.csv", content).run()
    assert "Tested on held-out.csv." in markdown(at)
    at.file_uploader(key="distil.upload.test").clear().run()
    assert "Tested on" not in markdown(at)
    at.button(key="distil.start").click().run()
    assert {run.config.corpus.test for run in store.list()} == {""}
    assert not at.exception


def test_a_file_without_column_names_says_so_and_its_columns_are_chosen(app: App, store: RunStore) -> None:
    at = app("distil", distil__corpus="My own file")
    content = b"".join(b"the tea of %d was %s,%d\n" % (i, (b"cold", b"hot")[i % 2], i % 2) for i in range(8))
    at.file_uploader(key="distil.upload.train").upload("mine.csv", content).run()
    (doubt,) = (warning.value for warning in at.warning if "looks like data" in warning.value)
    assert "write column names above it, or choose columns by their numbers" in doubt
    assert at.button(key="distil.start").disabled
    at.selectbox(key="distil.corpus.text").set_value("column 1")
    at.selectbox(key="distil.corpus.label").set_value("column 2").run()
    assert "looks like data" in markdown(at)
    assert not at.button(key="distil.start").disabled
    assert not at.exception


def test_a_search_of_several_files_is_one_folder(app: App, store: RunStore) -> None:
    at = app("distil", distil__task="Sentence embeddings", distil__corpus="My own file")
    documents = b"".join(b'{"_id": "d%d", "text": "text %d"}\n' % (i, i) for i in range(8))
    queries = b"".join(b'{"_id": "q%d", "text": "query %d"}\n' % (i, i) for i in range(4))
    judgments = b"query-id\tcorpus-id\tscore\n" + b"".join(b"q%d\td%d\t1\n" % (i, i) for i in range(4))
    kind = "application/octet-stream"
    files = [("corpus.jsonl", documents, kind), ("queries.jsonl", queries, kind), ("test.tsv", judgments, kind)]
    at.file_uploader(key="distil.upload.search").set_value(files).run()
    assert not at.exception
    assert not at.error
    at.button(key="distil.start").click().run()
    (source,) = {run.config.corpus.source for run in store.list()}
    collection = read_collection(Path(source))
    assert (len(collection.documents), len(collection.queries)) == (8, 4)
    assert collection.judgments["test"]["q3"] == {"d3": 1.0}
    at.file_uploader(key="distil.upload.search").set_value([("mine.jsonl", documents, kind)]).run()
    assert "must be called corpus.jsonl, queries.jsonl" in at.error[0].value
    assert not at.exception


def test_the_columns_of_pairs_are_chosen(app: App, store: RunStore) -> None:
    at = app("distil", distil__task="Text pairs", distil__corpus="My own file")
    content = b"left,right,verdict\n" + b"".join(b"text %d,other %d,%d\n" % (i, i, i % 2) for i in range(8))
    at.file_uploader(key="distil.upload.train").upload("mine.csv", content).run()
    assert at.button(key="distil.start").disabled
    for key, name in (("segment.1", "left"), ("segment.2", "right"), ("label", "verdict")):
        at.selectbox(key=f"distil.corpus.{key}").set_value(name).run()
    at.button(key="distil.start").click().run()
    assert {(run.config.corpus.text_column, run.config.corpus.label_column) for run in store.list()} == {
        ("left,right", "verdict")
    }
    assert not at.exception


def test_a_large_file_is_not_read_by_the_server(app: App, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    at = app("distil", distil__corpus="My own file")
    content = b"text,label\n" + b"".join(b"text %d,%s\n" % (i, (b"no", b"yes", b"nan")[i % 3]) for i in range(60))
    monkeypatch.setattr(reading, "SMALL_BYTES", 100)
    monkeypatch.delattr(reading, "load_corpus_cached")
    at.file_uploader(key="distil.upload.train").upload("mine.csv", content).run()
    assert "'nan'" in markdown(at)
    assert not at.button(key="distil.start").disabled
    at.file_uploader(key="distil.upload.train").upload("mine.csv", content + b"text\n").run()
    assert "line 62 of mine.csv must have 2 fields" in at.error[0].value
    assert at.button(key="distil.start").disabled
    assert not at.exception


@pytest.mark.parametrize("ending", ["ndjson", "jsonl", "conll", "tsv"])
def test_what_the_core_reads_the_page_takes(app: App, ending: str) -> None:
    rows = {
        "tsv": "text\tlabel\n" + "".join(f"text {i}\t{i % 2}\n" for i in range(8)),
        "conll": "".join(f"soup{i} B-DISH\nis O\n\n" for i in range(8)),
    }
    content = rows.get(ending, "".join(f'{{"text": "text {i}", "label": "{i % 2}"}}\n' for i in range(8)))
    at = app(
        "distil",
        distil__corpus="My own file",
        **{"distil__task": "Named entities (tags of words)"} if ending == "conll" else {},
    )
    at.file_uploader(key="distil.upload.train").upload(f"mine.{ending}", content.encode()).run()
    assert f"of mine.{ending}" in markdown(at)
    assert not at.error
    assert not at.button(key="distil.start").disabled
    assert not at.exception
