"""What is computed once and kept: fine-tuned teachers and what teachers said, each a folder named by its content.

Losing it loses nothing but time.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from filelock import FileLock

_ABOUT = "about.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheEntry:
    """One thing kept: what it is in words, its size, and when it was last read or written (seconds since the epoch)."""

    name: str
    folder: Path
    bytes: int
    used: float


class Cache:
    """Folders under ``root``, each written as a whole or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, kind: str, key: str) -> Path | None:
        """Return the folder kept under ``key``, or None."""
        folder = self.root / kind / key
        if not (folder / _ABOUT).is_file():
            return None
        with suppress(OSError):  # a cache that cannot be written is still good to read
            (folder / _ABOUT).touch()
        return folder

    @contextmanager
    def writing(self, kind: str, key: str, *, name: str) -> Iterator[Path]:
        """Give an empty folder to fill; it is kept under ``key`` only when the block ends well."""
        with replacing(self.root / kind / key) as folder:
            folder.mkdir(parents=True)
            yield folder
            (folder / _ABOUT).write_text(json.dumps({"name": name}), encoding="utf-8")

    @contextmanager
    def locked(self, kind: str, key: str) -> Iterator[FileLock]:
        """Give a lock that one process holds at a time, so that a thing is not computed twice; not yet acquired."""
        (self.root / kind).mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / kind / f".{key}.lock", thread_local=False)
        try:
            yield lock
        finally:
            lock.release()

    def entries(self) -> tuple[CacheEntry, ...]:
        """List what is kept, the largest first."""
        entries = []
        for about in self.root.glob(f"*/*/{_ABOUT}"):
            folder = about.parent
            if folder.name.startswith("."):
                continue
            with suppress(OSError, ValueError):
                entries.append(
                    CacheEntry(
                        name=str(json.loads(about.read_text(encoding="utf-8"))["name"]),
                        folder=folder,
                        bytes=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
                        used=about.stat().st_mtime,
                    )
                )
        return tuple(sorted(entries, key=lambda entry: -entry.bytes))

    def empty(self) -> int:
        """Remove everything and return how many bytes that freed."""
        freed = sum(file.stat().st_size for file in self.root.rglob("*") if file.is_file())
        shutil.rmtree(self.root, ignore_errors=True)
        return freed


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a path to write a file or folder to; it takes the name ``target`` only when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary, former = (target.with_name(f".{target.name}.{uuid4().hex[:8]}") for _ in range(2))
    try:
        yield temporary
        if target.is_dir():
            target.rename(former)  # a folder cannot be replaced in one step
        temporary.replace(target)
    finally:
        for leftover in (temporary, former):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)
