"""What a finished run leaves behind: its record."""

from dataclasses import dataclass

from distil_core.evaluation.records import Environment, ModelRecord
from distil_core.settings.config import RunConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusSummary:
    """What a corpus consisted of; ``majority`` is the test share of the commonest training label."""

    name: str
    digest: str
    label_names: tuple[str, ...]
    n_train: int
    n_validation: int
    n_test: int
    majority: float
    mean_tokens: float
    n_truncated: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The result of one run: what was asked, what came out, how long each part took (in seconds)."""

    run: str
    config: RunConfig
    corpus: CorpusSummary
    teacher_name: str
    teacher_digest: str
    teacher: ModelRecord | None
    model: ModelRecord
    layers: tuple[int, ...]
    seconds: dict[str, float]
    environment: Environment
    examples_seen: int
