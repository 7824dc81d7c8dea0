"""What is computed once and kept: fine-tuned teachers and what teachers said, each a folder named by its content.

Losing it loses nothing but time.
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from filelock import FileLock

_ABOUT = "about.json"
_HALF_WRITTEN_SECONDS = 3600.0


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

    def drop(self, kind: str, key: str) -> None:
        """Remove what is kept under ``key``, as it is damaged; it is computed again."""
        shutil.rmtree(self.root / kind / key, ignore_errors=True)

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
            with suppress(OSError):
                entries.append(
                    CacheEntry(
                        name=_name(about),
                        folder=folder,
                        bytes=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
                        used=about.stat().st_mtime,
                    )
                )
        return tuple(sorted(entries, key=lambda entry: -entry.bytes))

    def empty(self, *, used_since: float | None = None) -> int:
        """Remove what is kept and return how many bytes that freed.

        Args:
            used_since: Keep what has been read or written since then (seconds since the epoch), as somebody computes
                with it; None: keep nothing.
        """
        freed = 0
        for folder in self.root.glob("*/*"):
            if not folder.is_dir():  # a lock that somebody may hold
                continue
            with suppress(OSError):
                about = folder / _ABOUT
                used = (about if about.exists() else folder).stat().st_mtime
                if used_since is not None and used >= used_since:
                    continue
                n_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
                shutil.rmtree(folder)
                freed += n_bytes
        return freed

    def sweep(self) -> None:
        """Remove what killed processes have left half written."""
        sweep(self.root, "*/.*")


def _name(about: Path) -> str:
    try:
        return str(json.loads(about.read_text(encoding="utf-8"))["name"])
    except (ValueError, KeyError, TypeError):
        return "damaged"


def sweep(root: Path, pattern: str) -> None:
    """Remove files and folders that have been half written for an hour, by processes that were killed."""
    for leftover in root.glob(pattern):
        with suppress(OSError):
            if leftover.suffix == ".lock" or time.time() - leftover.stat().st_mtime < _HALF_WRITTEN_SECONDS:
                continue
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink()


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
