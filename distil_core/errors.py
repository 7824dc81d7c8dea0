"""Everything a user can cause and mend.

::

    DistilError
    ├── ConfigError       (ValueError)         a setting out of range, an unknown name
    ├── CorpusError       (ValueError)         a file or data set that cannot be used
    ├── ModelError        (ValueError)         a checkpoint that cannot be used
    ├── TeacherError      (ValueError)         a teacher that has nothing to teach
    ├── RunNotFoundError  (LookupError)        no such run in the store
    ├── StoreError        (OSError)            the run store cannot be read or written
    ├── FetchError        (OSError)            what is fetched once is out of reach, or not what it should be
    └── MissingExtraError (ImportError)        an optional dependency is not installed

``Cancelled`` and ``Deferred`` are not errors: they travel up from a run that somebody stopped, or that lets others go
first.
"""


class DistilError(Exception):
    """Anything that a user can cause and fix; its text is one clear sentence."""


class ConfigError(DistilError, ValueError):
    """A setting is out of range, of the wrong type, or unknown."""


class CorpusError(DistilError, ValueError):
    """A file or data set cannot be used as a corpus."""


class ModelError(DistilError, ValueError):
    """A checkpoint cannot be used as a teacher or student."""


class NoSuchTeacherError(ModelError):
    """There is nothing by the name of the teacher: it was misspelt, most likely."""


class TeacherError(DistilError, ValueError):
    """A teacher has nothing to teach."""


class RunNotFoundError(DistilError, LookupError):
    """No run of that name is in the store."""


class StoreError(DistilError, OSError):
    """The run store cannot be read or written."""


class FetchError(DistilError, OSError):
    """What must be fetched once is out of reach, or is not what it should be."""


class MissingExtraError(DistilError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs the {extra!r} extra: pip install 'distil-lab[{extra}]'")
        self._missing = feature, extra

    def __reduce__(self) -> tuple[type["MissingExtraError"], tuple[str, str]]:
        return type(self), self._missing  # so that another process can raise it, too


class Cancelled(BaseException):
    """Somebody asked for the work to stop; like Ctrl-C, not to be caught by who only expects errors."""


class Deferred(BaseException):
    """The work goes on later, from its checkpoint: others have their turn first."""


def is_failure(error: BaseException) -> bool:
    """Tell whether something went wrong, and nobody asked for the end: a panic of a Rust library is no Exception."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"
