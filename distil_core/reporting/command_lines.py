"""The command that distils a run again."""

import shlex
from dataclasses import fields
from typing import Any

from distil_core.settings.config import LayerMap, RunConfig
from distil_core.settings.options import SECTION_NAMES, option_name
from distil_core.tasks.catalog import usual_config


def command_line(config: RunConfig) -> str:
    """Return the command for a shell that distils a student with some settings, and its twins."""
    parts, usual = [], usual_config(config.task)
    if config.task != RunConfig().task:
        parts += ["--task", config.task]
    for section, name in SECTION_NAMES.items():
        mine, default = getattr(config, name), getattr(usual, name)
        for item in fields(section):
            value = getattr(mine, item.name)
            named_otherwise = item.name in ("depth", "layer_map") and config.student.layer_map is LayerMap.EXPLICIT
            if value != getattr(default, item.name) and not named_otherwise:
                parts += [f"--{option_name(section, item.name)}", _written(value)]
    if config.seed:
        parts += ["--seed", str(config.seed)]
    return f"python -m distil_core distil {shlex.join(parts)}".rstrip()


def _written(value: Any) -> str:
    if not isinstance(value, tuple):
        return str(value)
    return ",".join(f'"{element}"' if "," in str(element) else str(element) for element in value)
