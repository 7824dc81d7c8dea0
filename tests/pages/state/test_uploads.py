"""Files that somebody gives to a page: kept by their contents, and let go."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

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
