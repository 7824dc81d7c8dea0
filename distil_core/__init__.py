"""Cut a small student out of a BERT-family teacher, distil it, and measure what was kept."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from distil_core.errors import (
    Cancelled,
    ConfigError,
    CorpusError,
    DistilError,
    FetchError,
    MissingExtraError,
    ModelError,
    NoSuchTeacherError,
    RunNotFoundError,
    StoreError,
    TeacherError,
)
from distil_core.settings.config import (
    CorpusConfig,
    Init,
    LayerMap,
    LossConfig,
    Method,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)

if TYPE_CHECKING:
    from distil_core.api import distil, distil_models

__all__ = [
    "Cancelled",
    "ConfigError",
    "CorpusConfig",
    "CorpusError",
    "DistilError",
    "FetchError",
    "Init",
    "LayerMap",
    "LossConfig",
    "Method",
    "MissingExtraError",
    "ModelError",
    "NoSuchTeacherError",
    "Precision",
    "RunConfig",
    "RunNotFoundError",
    "StoreError",
    "StudentConfig",
    "TeacherConfig",
    "TeacherError",
    "TrainingConfig",
    "distil",
    "distil_models",
]

_HOMES = {"distil": "distil_core.api", "distil_models": "distil_core.api"}


def __getattr__(name: str) -> Any:
    """Load what is slow to import when somebody asks for it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
