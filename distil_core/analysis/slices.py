"""Slices: filters that somebody has given a name, kept in one file beside the runs."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock

from distil_core.analysis.error_analysis import Filter
from distil_core.errors import ConfigError, StoreError
from distil_core.settings.serialization import from_json, to_json
from distil_core.training.cache import replacing

MAX_NAME = 60


class Slices:
    """The named filters in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def list(self) -> dict[str, Filter]:
        """Return all slices by name, in the order in which they were saved.

        Raises:
            StoreError: If the file cannot be read.
        """
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return {name: from_json(Filter, value) for name, value in content.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, ConfigError) as exc:
            raise StoreError(f"the saved slices in {self._path} cannot be read ({exc}); mend or delete it") from exc

    def save(self, name: str, wanted: Filter) -> None:
        """Keep a filter under a name; an older one of that name is replaced.

        Raises:
            ConfigError: If the name is empty or too long.
            StoreError: If the file cannot be read or written.
        """
        name = " ".join(name.split())
        if not 0 < len(name) <= MAX_NAME:
            raise ConfigError(f"the name of a slice must have 1 to {MAX_NAME} characters, got {len(name)}")
        self._change(lambda known: {**known, name: wanted})

    def delete(self, name: str) -> None:
        """Forget a slice; one that is not there is forgotten already.

        Raises:
            StoreError: If the file cannot be read or written.
        """
        self._change(lambda known: {other: value for other, value in known.items() if other != name})

    def _change(self, change: Callable[[Mapping[str, Filter]], Mapping[str, Filter]]) -> None:
        try:
            # Two sessions may save at once.
            with FileLock(self._path.with_name(".slices.lock")), replacing(self._path) as whole:
                filters = {name: to_json(wanted) for name, wanted in change(self.list()).items()}
                whole.write_text(json.dumps(filters, ensure_ascii=False, indent=1), encoding="utf-8")
        except StoreError:
            raise
        except OSError as exc:
            raise StoreError(f"the slices must be kept in a writable file, got {self._path} ({exc})") from exc
