"""Filters that have a name."""

from pathlib import Path

import pytest

from distil_core.analysis.error_analysis import Filter, WhoIsRight
from distil_core.analysis.slices import MAX_NAME, Slices
from distil_core.errors import ConfigError, StoreError

WANTED = Filter(label="very négative", who=WhoIsRight.TEACHER, contains="not", shortest=3, longest=9)


def test_slices_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "slices.json"
    assert Slices(path).list() == {}
    Slices(path).save("  Hard   ones ", WANTED)
    Slices(path).save("All", Filter())
    assert Slices(path).list() == {"Hard ones": WANTED, "All": Filter()}


def test_the_same_name_is_the_same_slice(tmp_path: Path) -> None:
    slices = Slices(tmp_path / "slices.json")
    slices.save("Mine", WANTED)
    slices.save("Mine", Filter(contains="x"))
    assert slices.list() == {"Mine": Filter(contains="x")}
    slices.delete("Mine")
    slices.delete("Mine")
    assert slices.list() == {}


@pytest.mark.parametrize("name", ["", "  ", "x" * (MAX_NAME + 1)])
def test_a_name_must_be_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="must have 1 to 60 characters"):
        Slices(tmp_path / "slices.json").save(name, WANTED)


@pytest.mark.parametrize("content", [b"no json", b"[]", b'{"a": {"colour": 1}}', b"\xff"])
def test_a_damaged_file_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "slices.json"
    path.write_bytes(content)
    slices = Slices(path)
    for act in (slices.list, lambda: slices.save("a", WANTED), lambda: slices.delete("a")):
        with pytest.raises(StoreError, match=r"cannot be read .* mend or delete it"):
            act()
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match=r"must be kept in a writable file|cannot be read"):
        Slices(tmp_path / "file").save("a", WANTED)
