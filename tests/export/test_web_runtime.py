"""What runs a student in a browser, where it cannot be fetched; the browser tests fetch it."""

from pathlib import Path

import pytest

from distil_core.errors import FetchError
from distil_core.export.web_runtime import WebPackage, web_runtime

PACKAGE = WebPackage(name="no-such-package", version="1.2.3", sha512="none", license="MIT", files=("a.mjs",))


def npm(folder: Path, script: str) -> None:
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "npm").chmod(0o755)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (None, "npm is not installed; install Node.js"),
        ("exit 1", "cannot be reached; connect this machine to the network once"),
        ("echo changed > no-such-package-1.2.3.tgz", "its digest is another one"),
    ],
    ids=["without npm", "without a network", "another archive"],
)
def test_one_sentence_says_what_to_do_and_nothing_is_kept(
    script: str | None, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if script is not None:
        npm(tmp_path / "bin", script)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(FetchError, match=problem):
        web_runtime((PACKAGE,), cache=tmp_path / "cache")
    assert not list((tmp_path / "cache" / "web").glob("*/"))


def test_what_is_there_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert web_runtime((), cache=tmp_path).is_dir()
    assert web_runtime((), cache=tmp_path) == web_runtime((), cache=tmp_path)
