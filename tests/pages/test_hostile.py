"""Words that are not ours stand on every page as they are written, and no address ends in a traceback."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from distil_core.runs.store import RunStore
from distil_core.settings.config import RunConfig
from distil_core.settings.serialization import digest
from pages.state.uploads import stored_name
from tests import seeds
from tests.pages.conftest import markdown

App = Callable[..., AppTest]
PAGES = ("distil", "compare", "temperature", "attention", "tradeoffs", "whatif", "runs")
HOSTILE = (
    "X*b*<i> $x^2$ :red[hi] [l](http://x.y) ![p](http://x.y/p.png) <img src=x> :material/home: `c` | ~~s~~ www.x.y"
)
LIVE = ("*b*", "<i>", "$x^2$", "[hi]", "[l]", "![p]", "<img", ":material/home", "`c`", "~~s~~", "www.x", "http://")
DRAWN = ("plotly_chart", "bidi_component", "code", "html")
PLAIN = ("options", "raw_value", "value", "default", "alt", "url", "id")
"""Fields that the browser shows as they are, and does not read as markdown."""


def texts(message: Message, path: str = "") -> Iterator[tuple[str, str]]:
    """All texts that are sent to the browser, with the names of their fields."""
    for field, value in message.ListFields():
        name = f"{path}.{field.name}"
        repeated = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
        for item in repeated:
            if isinstance(item, Message):
                yield from texts(item, name)
            elif isinstance(item, str):
                yield name, item


def elements(at: AppTest) -> Iterator[Any]:
    stack: list[Any] = [at._tree]
    while stack:
        node = stack.pop()
        stack.extend(getattr(node, "children", {}).values())
        if (proto := getattr(node, "proto", None)) is not None:
            yield node, proto


@pytest.fixture
def hostile(store: RunStore) -> RunConfig:
    """A finished run, its twins, and one that failed, whose names, labels, texts and messages are hostile."""
    config = seeds.a_config()
    for item in seeds.family_of(config):
        run = store.add(digest(item), item, corpus_name=HOSTILE)
        with store.owner() as owner:
            store.claim(owner, run.id)
            for event in seeds.events_of(item):
                store.add_event(run.id, event)
            seeds.write_files(store.folder(run.id), item)
            record = seeds.record_of(item, run.id)
            names = tuple(f"{HOSTILE}{i}" for i in range(5))
            corpus = replace(record.corpus, name=HOSTILE, label_names=names, notes=(HOSTILE,))
            store.finish(run.id, replace(record, corpus=corpus, teacher_name=HOSTILE))
            texts_path = store.folder(run.id).test_texts
            texts_path.write_text(texts_path.read_text().replace("This is text", HOSTILE))
    failed = seeds.a_config(seed=5)
    store.add(digest(failed), failed, corpus_name=HOSTILE)
    store.claim("dead", digest(failed))
    store.fail(digest(failed), HOSTILE)
    return config


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("readings")
def test_words_that_are_not_ours_stand_as_written(app: App, hostile: RunConfig, page: str) -> None:
    n_seen, live = 0, []
    for run in (digest(hostile), digest(seeds.a_config(seed=5))):
        at = app(page, run=run)
        assert not at.exception
        for node, proto in elements(at):
            for name, text in texts(proto):
                if node.type in DRAWN or name.rpartition(".")[2] in PLAIN or not re.search(r"X\\?\*b", text):
                    continue
                n_seen += 1
                live += [(node.type, name, sign, text) for sign in LIVE if sign in text and f"\\{sign}" not in text]
        charts = [node.proto.spec for node in at.get("plotly_chart")]
        live += [("script", body) for node in at.get("html") if "<img" in (body := node.proto.body)]
        live += [("chart", sign, chart) for chart in charts for sign in ("<img", "<i>") if sign in chart]
        for text in (frame.value.to_csv() for frame in at.table):
            live += [("table", sign, text) for sign in LIVE if "*b" in text and sign in text.replace(f"\\{sign}", "")]
    assert n_seen or page == "whatif"
    assert live == []


BAD = (
    "inf",
    "-inf",
    "nan",
    "1e999",
    "",
    " ",
    "9" * 5000,
    "-1",
    "%00",
    "\0",
    "x" * 300,
    "../../etc",
    "<b>",
)
NAMES = ("run", "v", "hide", "seed", "upload.train", "compare.file", "tradeoffs.point", "whatif.cell", "runs.picked")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("readings", "example")
def test_no_address_ends_in_a_traceback(app: App, page: str) -> None:
    names = {*NAMES, *(node.key for node, _ in elements(app(page)) if getattr(node, "key", None))}
    for i, value in enumerate(BAD):
        at = app(page, **dict.fromkeys(names, value))
        assert not at.exception, (page, i, at.exception[0].message)
    for value in BAD:
        if page == "distil":
            at = app(page, **{"distil.corpus": "My own file", "upload.train": value, "upload.test": value})
            assert "not on this server" in markdown(at) or not value
            assert not at.exception


@pytest.mark.parametrize(
    "name", ["评" * 82 + ".csv", "x" * 300 + ".jsonl", "a\0b.csv", "../../up.csv", "", "." * 9, "😀" * 99]
)
def test_a_long_name_of_a_file_is_shortened(name: str, tmp_path: Path) -> None:
    stored = stored_name(name)
    (tmp_path / f".{stored}.01234567").touch()  # as what replaces it is called
    (tmp_path / stored).touch()
    assert stored.endswith(Path(name).suffix)
    assert len(stored) >= min(len(Path(name).name), 40) - 1


def test_a_file_with_a_long_name_is_taken_and_shown_as_written(app: App, store: RunStore) -> None:
    at = app("distil", distil__corpus="My own file")
    content = b"text,label\n" + b"".join(b"text %d,%d\n" % (i, i % 2) for i in range(8))
    at.file_uploader(key="distil.upload.train").upload("评" * 40 + "*b*" + "评" * 40 + ".csv", content).run()
    assert not at.exception
    assert "评\\*b\\*评" in markdown(at)


def newer(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")


def test_a_store_that_cannot_be_used_is_one_sentence(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(change: Callable[[Path], object], page: str) -> AppTest:
        folder = tmp_path / change.__name__
        (folder / "runs" / "some").mkdir(parents=True)
        RunStore(folder)
        change(folder / "runs.sqlite3")
        monkeypatch.setenv("DISTIL_LAB_HOME", str(folder))
        at = app(page)
        assert not at.exception
        assert len(at.error) == 1
        return at

    def truncated(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:5000])

    def empty(path: Path) -> None:
        path.write_bytes(b"")

    def full(path: Path) -> None:  # what nobody can write to, whoever runs the tests
        path.unlink()
        path.mkdir()

    assert "must be of layout 1 or older, got 99" in damaged(newer, "distil").error[0].value
    assert "must be a sound SQLite file" in damaged(truncated, "runs").error[0].value
    assert "of 0 bytes beside folders of runs" in damaged(empty, "compare").error[0].value
    assert "must be usable, got unable to open" in damaged(full, "whatif").error[0].value


def test_what_a_press_or_a_part_of_a_page_meets_is_one_sentence_too() -> None:
    def page() -> None:
        from distil_core.errors import StoreError
        from pages.sections import messages

        assert messages.tell(StoreError("the disk is *full*"))
        assert not messages.tell(KeyError("a fault of the program"))

    at = AppTest.from_function(page).run()
    assert [error.value for error in at.error] == [r"the disk is \*full\*"]
    assert not at.exception
