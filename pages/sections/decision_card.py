"""Whether the student may take its teacher's place, and the fewest layers that would do.

Reads: the run in use and all that can be held against it. Writes: new runs, into the queue.
"""

from dataclasses import replace

import streamlit as st

from distil_core.analysis import decisions
from distil_core.analysis.tradeoffs import Landscape
from distil_core.errors import DistilError
from distil_core.evaluation.metrics import Metric
from distil_core.evaluation.records import Interval
from distil_core.reporting import narrative
from distil_core.reporting.formatting import figure_difference
from distil_core.runs import sweep
from distil_core.runs.families import Family
from distil_core.runs.sweep import Sweep
from distil_core.settings.config import Method, RunConfig
from distil_core.settings.serialization import digest
from pages.sections import messages
from pages.state import address, resources, sweep_runs

ALLOWED, PROBLEM = "tradeoffs.allowed", "tradeoffs.problem"


def show(family: Family, landscape: Landscape) -> None:
    """Ask how much may be lost, and say whether the student of the run in use loses no more, and which depths do."""
    metric, config = family.distilled.record.metric, family.distilled.record.config
    loss = decisions.decide_run(family, 0.0, resources.sample, resources.teacher_sample)
    if loss is None or config.method is not Method.DISTILLED:
        return
    with st.container(border=True, key="tradeoffs.decision"):
        hidden = address.hides(_key(metric))
        first, second, third = (st.container(), *st.columns(2)) if hidden else st.columns([1, 2, 2], gap="medium")
        with first:
            allowed = _ask(metric)
            if hidden:
                st.markdown(f"It may lose up to **{figure_difference(metric, Interval(value=allowed)).lstrip('+')}**.")
        with second:
            st.markdown("**May it take the teacher's place?**")
            st.markdown(narrative.decisions.decision(replace(loss, allowed=allowed)))
        with third:
            st.markdown("**The smallest depth that suffices**")
            by_depth = decisions.by_depth(family, landscape, allowed, resources.sample, resources.teacher_sample)
            _depths(config, by_depth)


def _key(metric: Metric) -> str:
    """Return the name of the control; a metric with another unit has another number."""
    return ALLOWED if metric.is_share else f"{ALLOWED}.{metric.name}"


def _ask(metric: Metric) -> float:
    """Ask how much may be lost; returns it in the values of the metric."""
    unit = f" ({metric.difference_unit})" if metric.difference_unit else ""
    with address.control(key := _key(metric), "May lose up to"):
        number = st.number_input(
            f"May lose up to{unit}",
            0.0,
            100.0 if metric.is_share else None,
            value=2.0 if metric.is_share else 0.02,
            step=0.5 if metric.is_share else 0.01,
            format="%.1f" if metric.is_share else "%.3f",
            key=key,
            bind="query-params",
            help=f"How much of the teacher's {metric.in_text} you would give for a smaller and faster model. It is "
            "held against the 95 % interval of what the student loses on the same test texts.",
        )
    return float(number) / metric.scale


def _depths(config: RunConfig, by_depth: dict[int, decisions.Decision]) -> None:
    if problem := st.session_state.pop(PROBLEM, None):
        messages.problem(problem)
    try:
        offered = sweep_runs.depths(digest(config), config)[:-1]  # the last one is the teacher's own
    except DistilError:  # its teacher is gone: what is known stays
        offered = ()
    # A student that starts from another has that one's depth.
    missing = [depth for depth in offered if depth not in by_depth and not config.student.parent]
    active = [run.config for run in resources.runs().list() if not run.state.over]
    n_active = decisions.n_active(config, (other for other in active if other.method is Method.DISTILLED))
    st.markdown(narrative.decisions.depths(by_depth, missing, n_active=n_active))
    if missing and not n_active:
        st.button(
            f"Try {len(missing)} more depth{'s' * (len(missing) != 1)}",
            icon=":material/stacks:",
            key="tradeoffs.depths",
            on_click=_start,
            args=(config, tuple(missing)),
            help="Distils a student of each depth with the settings of this run. They are runs like any other.",
        )


def _start(config: RunConfig, depths: tuple[int, ...]) -> None:
    wanted = Sweep(
        base=config,
        temperatures=(config.loss.temperature,),
        depths=depths,
        alphas=(config.loss.alpha,),
        inits=(config.student.init,),
        seeds=(config.seed,),
        heads=(config.student.heads,),
        neurons=(config.student.neurons,),
        weights=(config.student.weights,),
    )
    try:
        planned = sweep.plan_sweep(wanted)
        sweep_runs.start({each: plan for each, plan in planned.items() if each.method is Method.DISTILLED})
    except DistilError as error:
        st.session_state[PROBLEM] = str(error)
