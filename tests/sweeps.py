"""Sweeps with obvious results: the better, the deeper and the hotter."""

import numpy as np

from distil_core.analysis.sweep_grids import SweepGrid, cells, grid
from distil_core.evaluation.bootstrap import Sample
from distil_core.runs.rows import Run, RunState
from distil_core.runs.sweep import Axis, Sweep, configs
from distil_core.settings.config import Init, Method, RunConfig
from tests.factories import a_run_record


def a_sweep(**changes: object) -> Sweep:
    values: dict[str, object] = {
        "base": RunConfig(),
        "temperatures": (1.0, 4.0),
        "depths": (1, 2, 3),
        "alphas": (0.9,),
        "inits": (Init.TEACHER,),
        "seeds": (0, 1),
        **changes,
    }
    return Sweep(**values)  # type: ignore[arg-type]


def a_run(config: RunConfig, state: RunState = RunState.DONE, name: str = "run") -> Run:
    return Run(
        id=name,
        config=config,
        state=state,
        corpus_name="reviews",
        created=0.0,
        started=None,
        finished=None,
        error="",
        record=a_run_record(name, config) if state is RunState.DONE else None,
        stopping=False,
    )


def value_of(run: Run) -> Sample:
    """The better, the deeper and the hotter; twins are worse, and seeds apart by a little."""
    config = run.config
    hot = config.loss.temperature if config.method is Method.DISTILLED else 0.0
    value = 0.5 + 0.1 * config.student.depth + 0.01 * hot + 0.001 * config.seed
    return Sample(value=value, draws=np.full(2000, value, dtype=np.float32))


def everything(sweep: Sweep) -> dict[RunConfig, Run]:
    return {config: a_run(config, name=f"run-{i}") for i, config in enumerate(configs(sweep))}


def laid(sweep: Sweep, down: Axis, across: Axis, **still: object) -> SweepGrid:
    done = cells(sweep, everything(sweep), value_of)
    return grid(sweep, done, down=down, across=across, still={Axis(name): value for name, value in still.items()})  # type: ignore[misc]
