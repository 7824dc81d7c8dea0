"""What is computed once and kept: whole or not at all, and found again."""

import os
import time
from pathlib import Path

import pytest

from distil_core.training.cache import Cache, replacing


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def keep(cache: Cache, kind: str, key: str, content: str = "abc") -> Path:
    with cache.writing(kind, key, name=f"{kind} {key}") as folder:
        (folder / "file").write_text(content)
    found = cache.find(kind, key)
    assert found is not None
    return found


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


class TestCache:
    def test_what_was_written_is_found(self, cache: Cache) -> None:
        assert cache.find("outputs", "k") is None
        assert (keep(cache, "outputs", "k") / "file").read_text() == "abc"
        assert cache.find("outputs", "other") is None
        assert cache.find("teachers", "k") is None

    def test_what_was_not_finished_is_not_kept(self, cache: Cache) -> None:
        with pytest.raises(NotADirectoryError), cache.writing("outputs", "k", name="half") as folder:
            (folder / "file" / "in it").write_text(str((folder / "file").write_text("half")))
        assert cache.find("outputs", "k") is None
        assert everything(cache.root) == []

    def test_a_second_writer_replaces_the_first(self, cache: Cache) -> None:
        keep(cache, "outputs", "k", "old")
        assert (keep(cache, "outputs", "k", "new") / "file").read_text() == "new"
        assert everything(cache.root) == ["outputs/k/about.json", "outputs/k/file"]

    def test_a_failing_writer_leaves_what_was_there(self, cache: Cache) -> None:
        folder = keep(cache, "outputs", "k", "old")
        with pytest.raises(RuntimeError), cache.writing("outputs", "k", name="half"):
            raise RuntimeError
        assert (folder / "file").read_text() == "old"

    def test_entries_are_listed_the_largest_first(self, cache: Cache) -> None:
        keep(cache, "outputs", "small")
        keep(cache, "teachers", "large", "x" * 1000)
        large, small = cache.entries()
        assert (large.name, small.name) == ("teachers large", "outputs small")
        about = (large.folder / "about.json").stat().st_size
        assert large.bytes == 1000 + about

    def test_finding_counts_as_using(self, cache: Cache) -> None:
        folder = keep(cache, "outputs", "k")
        os.utime(folder / "about.json", (1, 1))
        assert cache.entries()[0].used == 1
        cache.find("outputs", "k")
        assert cache.entries()[0].used > 1

    def test_a_cache_that_cannot_be_written_can_be_read(self, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = keep(cache, "outputs", "k")

        def refuse(path: Path) -> None:
            raise PermissionError

        monkeypatch.setattr(Path, "touch", refuse)
        assert cache.find("outputs", "k") == folder

    def test_what_is_unfinished_or_unreadable_is_not_listed(self, cache: Cache) -> None:
        keep(cache, "outputs", "k")
        for name, content in ((".k.0123", '{"name": "half"}'), ("spoiled", "{")):
            (cache.root / "outputs" / name).mkdir()
            (cache.root / "outputs" / name / "about.json").write_text(content)
        assert [entry.name for entry in cache.entries()] == ["outputs k", "damaged"]

    def test_what_is_in_use_stays_and_what_was_left_half_written_goes(self, cache: Cache) -> None:
        keep(cache, "outputs", "old", "x")
        keep(cache, "outputs", "used", "x")
        for name, age in ((".k.01", 9000.0), (".k.02", 0.0), ("old", 9000.0)):
            folder = cache.root / "outputs" / name
            folder.mkdir(exist_ok=True)
            (folder / "about.json").write_text("[]")
            os.utime(folder, (time.time() - age,) * 2)
            os.utime(folder / "about.json", (time.time() - age,) * 2)
        assert [entry.name for entry in cache.entries()] == ["outputs used", "damaged"]
        cache.sweep()
        assert {path.name for path in (cache.root / "outputs").iterdir() if path.is_dir()} == {".k.02", "old", "used"}
        cache.empty(used_since=time.time() - 60)
        assert cache.find("outputs", "used")
        assert not cache.find("outputs", "old")

    def test_emptying_tells_what_it_freed(self, cache: Cache) -> None:
        assert cache.empty() == 0
        keep(cache, "outputs", "k", "x" * 1000)
        assert cache.empty() >= 1000
        assert cache.entries() == ()
        assert cache.find("outputs", "k") is None


class TestReplacing:
    def test_a_file_takes_its_name_at_the_end(self, tmp_path: Path) -> None:
        target = tmp_path / "deep" / "file"
        for content in ("one", "two"):
            with replacing(target) as path:
                path.write_text(content)
                assert not target.exists() or target.read_text() == "one"
            assert target.read_text() == content
        assert everything(tmp_path) == ["deep/file"]

    def test_a_failure_leaves_the_former_file(self, tmp_path: Path) -> None:
        target = tmp_path / "file"
        target.write_text("old")
        with pytest.raises(NotADirectoryError), replacing(target) as path:
            (path / "in a file").write_text(str(path.write_text("half")))
        assert target.read_text() == "old"
        assert everything(tmp_path) == ["file"]
