"""The tasks there are, by name."""

from dataclasses import replace
from typing import Any

from distil_core.errors import ConfigError
from distil_core.settings.config import Recipe, RunConfig, Supervision
from distil_core.settings.recipes import DECIDED
from distil_core.tasks.classification import TextClassification
from distil_core.tasks.embeddings import Embeddings
from distil_core.tasks.fill_mask import FillMask
from distil_core.tasks.multi_label import MultiLabelClassification
from distil_core.tasks.pairs import TextPairs
from distil_core.tasks.qa import QuestionAnswering
from distil_core.tasks.task import Task
from distil_core.tasks.tokens import TokenClassification

TASKS: dict[str, Task] = {
    TextClassification.name: TextClassification(),
    MultiLabelClassification.name: MultiLabelClassification(),
    QuestionAnswering.name: QuestionAnswering(),
    Embeddings.name: Embeddings(),
    TextPairs.name: TextPairs(),
    TokenClassification.name: TokenClassification(),
    FillMask.name: FillMask(),
}


def task_named(name: str) -> Task:
    """Return the task of a name.

    Raises:
        ConfigError: If there is none, with the names to choose from.
    """
    if name not in TASKS:
        raise ConfigError(f"task must be one of {', '.join(TASKS)}, got {name!r}")
    return TASKS[name]


def configured_task(config: RunConfig) -> Task:
    """Return the task of some settings, whatever its corpus.

    Raises:
        ConfigError: If there is none, or it cannot do what the settings ask for.
    """
    task = task_named(config.task)
    return task if config.corpus.supervision is Supervision.LABELS else task.without_labels()


def usual_config(name: str) -> RunConfig:
    """Return what a task begins with, where nobody asks for anything else.

    Raises:
        ConfigError: If there is no such task.
    """
    config = RunConfig(task=name)
    for section, defaults in usual_settings(name).items():
        config = replace(config, **{section: replace(getattr(config, section), **defaults)})
    return config


def usual_settings(name: str, *, recipe: str = Recipe.THOROUGH) -> dict[str, dict[str, Any]]:
    """Return the settings that a task begins with, by section, but those that a recipe chooses.

    Raises:
        ConfigError: If there is no such task.
    """
    chosen = DECIDED if recipe == Recipe.QUICK else ()
    return {
        section: {key: value for key, value in defaults.items() if section != "training" or key not in chosen}
        for section, defaults in task_named(name).defaults.items()
    }
