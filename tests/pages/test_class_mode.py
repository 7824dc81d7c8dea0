"""What visitors may do where the lab is open to others: their own things, and a few of them, by no path."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from streamlit.testing.v1 import AppTest

from distil_core.data.hub import from_hub
from distil_core.errors import CorpusError
from distil_core.export import jobs
from distil_core.runs.store import RunStore
from distil_core.settings.config import CorpusConfig
from pages.sections import setting_titles
from pages.state import class_exports, class_mode, student_pages
from pages.state.hosts import KnownHosts
from tests import seeds
from tests.pages.conftest import markdown, press

App = Callable[..., AppTest]


@pytest.fixture
def class_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab as it is where others can open it."""
    monkeypatch.setattr(class_mode, "active", lambda: True)
    monkeypatch.setenv(class_mode.CODE, "chalk and talk")


def test_on_this_computer_everything_is_free(app: App, store: RunStore) -> None:
    assert class_mode.banner() == ""
    seeds.finished_family(store)
    assert not app("runs").button(key="runs.delete").disabled


@pytest.mark.usefixtures("class_of_many")
class TestVisitors:
    def test_paths_and_names_of_the_hub_are_off(self, app: App) -> None:
        at = app("distil", distil__teacher="A folder on this computer", distil__corpus=setting_titles.CORPORA["hub"])
        offered = [*at.selectbox(key="distil.teacher").options, *at.selectbox(key="distil.corpus").options]
        assert offered
        assert not [name for name in offered if "folder" in name or "hub" in name]
        assert not at.exception

    def test_each_cancels_and_deletes_what_is_theirs_and_the_lecturer_everything(
        self, app: App, store: RunStore
    ) -> None:
        first = press(app(), "distil.start")
        run = first.query_params["run"]
        assert not first.button(key="distil.cancel").disabled
        second = app(run=run)
        assert second.button(key="distil.cancel").disabled
        at = app("runs", run=run)
        assert at.button(key="runs.delete").disabled
        assert "runs.cache" not in [button.key for button in at.button]
        at.text_input(key="runs.code").set_value("wrong").run()
        assert at.button(key="runs.delete").disabled
        at.text_input(key="runs.code").set_value("chalk and talk").run()
        assert not at.button(key="runs.delete").disabled
        assert store.find(run) is not None
        assert not at.exception

    def test_the_queue_of_a_visitor_is_bounded_and_others_may_go_on(self, app: App, store: RunStore) -> None:
        at = app()
        for seed in range(3):
            at.number_input(key="distil.seed").set_value(seed).run()
            press(at, "distil.start")
        assert f"at most {class_mode.MOST_QUEUED} runs waiting" in at.error[0].value
        assert len(store.list()) == class_mode.MOST_QUEUED
        other = app()
        other.number_input(key="distil.seed").set_value(9).run()
        press(other, "distil.start")
        assert not other.error
        assert len(store.list()) > class_mode.MOST_QUEUED

    def test_a_sweep_counts_as_many_runs_as_it_has(self, app: App, store: RunStore, example: Path) -> None:
        at = app("whatif", whatif__temperatures=["1", "2", "4"], whatif__depths=["1", "2"])
        press(at, "whatif.start")
        assert f"at most {class_mode.MOST_QUEUED} runs waiting" in "".join(error.value for error in at.error)
        assert not store.list()
        assert not at.exception

    def test_several_texts_are_bounded_and_no_path_is_asked_for(
        self, app: App, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(class_mode, "MOST_UPLOADED", 25)
        address = {
            "distil__corpus": "My own file",
            "distil__task": "Masked words",
            "distil__corpus__train__path": "/etc",
        }
        at = app("distil", **address)
        assert not [field.key for field in at.text_input if field.key and field.key.endswith(".path")]
        box = at.file_uploader(key="distil.upload.train")
        box.upload("a.txt", b"ten letters").upload("b.txt", b"and ten more").run()
        assert len(list(store.layout.uploads.rglob("*.txt"))) == 2
        at.file_uploader(key="distil.upload.train").upload("c.txt", b"many letters more").run()
        assert "A visit may upload" in "".join(error.value for error in at.error)
        assert len(list(store.layout.uploads.rglob("*.txt"))) == 2
        assert not at.exception

    def test_nobody_opens_what_another_has_uploaded_but_the_lecturer_and_what_is_theirs_everybody_does(
        self, app: App, store: RunStore
    ) -> None:
        def opened(address: dict[str, Any], *, code: str = "") -> bool:
            at = app("runs")
            if code:
                at.text_input(key="runs.code").set_value(code).run()
            at.query_params.update(address)
            at.switch_page("pages/distil.py").run()
            assert not at.exception
            shown = "not on this server, or is another visitor's" not in markdown(at)
            assert shown is ("upload.train" in at.query_params)
            return shown

        def uploaded(name: str, *, code: str = "") -> dict[str, Any]:
            at = app("runs")
            if code:
                at.text_input(key="runs.code").set_value(code).run()
            at.query_params["distil.corpus"] = "My own file"
            at.switch_page("pages/distil.py").run()
            content = b"text,label\n" + b"".join(b"%b %d,%d\n" % (name.encode(), i, i % 2) for i in range(8))
            at.file_uploader(key="distil.upload.train").upload(name, content).run()
            assert f"of {name}" in markdown(at)
            assert ("as it is now, without the files that you have uploaded." in markdown(at)) is not bool(code)
            return dict(at.query_params)

        secret = uploaded("secret.csv")
        assert not opened(secret)
        assert opened(secret, code="chalk and talk")
        assert uploaded("secret.csv")["upload.train"] == secret["upload.train"]
        assert opened(uploaded("shared.csv", code="chalk and talk"))

    def test_endings_and_bytes_of_uploads_are_checked_here(
        self, app: App, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at = app("distil", distil__corpus="My own file")
        at.file_uploader(key="distil.upload.train").upload("a.exe", b"text,label\n").run()
        assert not list(store.layout.uploads.glob("*"))  # by Streamlit before us
        at = app("distil", distil__corpus="My own file")
        monkeypatch.setattr(class_mode, "MOST_UPLOADED", 5)
        at.file_uploader(key="distil.upload.train").upload("a.csv", b"text,label\na,b\n").run()
        assert "A visit may upload" in at.error[0].value
        assert not list(store.layout.uploads.glob("*"))

    def test_exports_of_a_visitor_are_bounded_and_others_may_go_on(
        self, app: App, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs, "spawn", lambda *_, **__: None)
        monkeypatch.setattr(class_exports, "MOST_EXPORTS", 0)
        seeds.finished_family(store)
        at = press(app("runs", runs__format="ONNX"), "runs.export")
        assert at.error[0].value.startswith("a visitor may have at most 0 exports in the making")
        monkeypatch.setattr(class_exports, "MOST_EXPORTS", 1)
        press(at, "runs.export")
        assert "Starting" in str(at.get("progress")[0].proto)
        monkeypatch.setattr(jobs, "MOST_RUNNING", 1)
        other = press(app("runs"), "runs.export")
        assert other.error[0].value.startswith("at most 1 exports may be in the making at once")
        assert not other.exception

    def test_downloads_of_a_visitor_are_bounded(
        self, app: App, store: RunStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seeds.finished_family(store)
        monkeypatch.setattr(class_exports, "MOST_DOWNLOADED", 10)
        at = app("runs", runs__format="Report")
        assert "A visit may download" in markdown(at)
        assert at.get("download_button")[0].proto.disabled
        assert not at.exception


@pytest.mark.usefixtures("class_of_many")
def test_files_of_students_are_sent_to_few_at_a_time(home: Path) -> None:
    async def fetch(transfers: student_pages.Transfers, visitor: str) -> int:
        async def send(message: Any) -> None:
            sent.append(message)

        sent: list[Any] = []
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "client": (visitor, 1)}
        params = {"path_params": {"run": "none", "path": "index.html"}, "headers": []}
        with suppress(HTTPException):
            await transfers({**scope, **params}, None, send)  # type: ignore[arg-type]
            return int(sent[0]["status"])
        return 404

    async def several() -> list[int]:
        transfers = student_pages.Transfers(each=2, all=3)
        transfers._sending = asyncio.Semaphore(0)  # so that all wait
        waiting = [asyncio.create_task(fetch(transfers, name)) for name in ("a", "a", "a", "b", "c")]
        await asyncio.sleep(0)
        for _ in range(40):
            transfers._sending.release()
        return await asyncio.gather(*waiting)

    assert asyncio.run(several()) == [404, 404, 429, 404, 429]


def test_a_name_of_the_hub_is_never_a_folder_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets", reason="the extra hub is not installed")
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.csv").write_text("text,label\na,b\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError, match="there is a file or folder 'secret' where the lab was started"):
        from_hub(CorpusConfig(source="hub:secret"))


@pytest.mark.parametrize(
    ("host", "answered"),
    [("localhost:8501", True), ("10.0.0.7:8501", True), ("[::1]:8501", True), ("evil.example", False), ("", False)],
)
def test_only_its_own_names_are_answered(host: str, answered: bool) -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope)

    async def send(message: Any) -> None:
        sent.append(message)

    passed: list[Any] = []
    sent: list[Any] = []
    scope = {"type": "http", "headers": [(b"host", host.encode())], "method": "GET", "path": "/"}
    asyncio.run(KnownHosts(inner, known=class_mode.known_host)(scope, None, send))  # type: ignore[arg-type]
    assert bool(passed) is answered
    assert answered or sent[0]["status"] == 400


def test_a_browser_is_the_same_behind_every_mask_of_its_cookie() -> None:
    from streamlit.web.server.starlette import starlette_app_utils, starlette_server_config

    assert starlette_server_config.XSRF_COOKIE_NAME == class_mode.XSRF_COOKIE
    first, again, other = (
        {class_mode.XSRF_COOKIE: starlette_app_utils.generate_xsrf_token_string(token, 1)}
        for token in (b"a" * 16, b"a" * 16, b"b" * 16)
    )
    assert first != again
    assert class_mode.browser_of(first) == class_mode.browser_of(again) == (b"a" * 16).hex()
    assert class_mode.browser_of(other) != class_mode.browser_of(first)
    for cookie in ("", "some", "2||61|1", "2|61|no|1"):
        assert class_mode.browser_of({class_mode.XSRF_COOKIE: cookie}) == cookie
    assert class_mode.browser_of({}) == ""
