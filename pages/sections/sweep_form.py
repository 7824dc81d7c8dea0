"""The settings that a sweep tries as widgets, and presets that fill them in.

Reads: the widgets, and the session's ``whatif.begun``: of which run they began with the settings. Writes: both; a
preset closes the cell that was opened.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import streamlit as st

from distil_core.compression.extras import has_onnx
from distil_core.reporting import narrative, sweep_presets
from distil_core.reporting.sweep_presets import Preset
from distil_core.runs import sweep
from distil_core.runs.reading import task_of
from distil_core.runs.sweep import Frame, Sweep
from distil_core.settings.config import Init, LossConfig, RunConfig, StudentConfig, WeightFormat
from pages.state import address

TEMPERATURES = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0)
ALPHAS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
SEEDS = (0, 1, 2, 3, 4)
SHARES = (1.0, 0.75, 0.5, 0.25)
LABELED = (1.0, 0.3, 0.1, 0.03, 0.01)
PRESET, CELL, BEGUN = "whatif.preset", "whatif.cell", "whatif.begun"
_MORE = ("alphas", "inits", "heads", "neurons", "weights", "seeds", "labeled", "left_out", "max_examples")
_HELP = {
    item.name: item.metadata["help"]
    for section in (LossConfig, StudentConfig, RunConfig)
    for item in fields(section)
    if "help" in item.metadata
}
"""What the declarations say of the settings of which several values are tried."""
_INIT = {Init.TEACHER: "copied from the teacher", Init.RANDOM: "random"}


def values_of(preset: Preset) -> dict[str, Any]:
    """Return the values of the controls that a preset fills in."""
    return {
        "whatif.temperatures": list(preset.temperatures),
        "whatif.depths": list(preset.depths),
        "whatif.alphas": list(preset.alphas),
        "whatif.inits": list(preset.inits),
        "whatif.heads": list(preset.heads),
        "whatif.neurons": list(preset.neurons),
        "whatif.weights": list(preset.weights),
        "whatif.seeds": list(preset.seeds),
        "whatif.labeled": preset.labeled,
        "whatif.left_out": preset.left_out,
    }


def fill(presets: Sequence[Preset]) -> None:
    """Put the choices of the preset that was picked into the controls, and show what it is about."""
    preset = next((preset for preset in presets if preset.title == st.session_state[PRESET]), None)
    if preset is not None:
        st.session_state.update(values_of(preset))
        st.session_state.update({"whatif.measure": preset.metric, "whatif.down": preset.down})
        st.session_state["whatif.across"] = preset.across
        st.query_params.pop(CELL, None)


def show(base: RunConfig, frame: Frame) -> Sweep:
    """Ask what to try, and return it as a sweep."""
    task = task_of(base)
    presets = sweep_presets.presets(frame, task, base)
    _begin(presets, frame, base)
    # What another run in use has offered, this one may not.
    st.session_state["whatif.depths"] = [d for d in st.session_state["whatif.depths"] if d in frame.depths]
    if task.predicts_numbers:  # a temperature changes nothing
        st.session_state["whatif.temperatures"] = list(presets[0].temperatures)
    labels = frame.labels if len(frame.labels) > 2 else ()
    if st.session_state["whatif.left_out"] not in labels:
        st.session_state["whatif.left_out"] = ""
    with st.container(border=not address.hides("whatif")):
        chosen = st.container()
        temperatures = (
            st.session_state["whatif.temperatures"]
            if task.predicts_numbers
            else _pills("temperatures", "Temperatures", TEMPERATURES, "{:g}".format)
        )
        depths = _pills("depths", "Layers of the student", frame.depths, str)
        empty = address.hides_all(f"whatif.{name}" for name in _MORE)
        with st.container() if empty else st.expander("More", icon=":material/tune:", key="whatif.more"):
            alphas = _pills("alphas", "Soft-label weight (α)", _with(ALPHAS, base.loss.alpha), "{:g}".format)
            inits = _pills("inits", "Initialization", tuple(Init), _INIT.__getitem__)
            heads = _pills("heads", "Attention heads that stay", _with(SHARES, base.student.heads), _percent)
            neurons = _pills("neurons", "Feed-forward neurons that stay", _with(SHARES, base.student.neurons), _percent)
            weights = _pills("weights", "Format of the weights", _formats(), str)
            seeds = _pills("seeds", "Seeds", SEEDS, str)
            labeled, left_out = _told(base, labels) if task.head.labeled else (1.0, "")
            with address.control("whatif.max_examples", "Largest training split"):
                max_examples = st.number_input(
                    "Largest training split (texts; 0: all)",
                    0,
                    value=None,
                    placeholder="as in the run in use",
                    key="whatif.max_examples",
                    bind="query-params",
                    help="At most so many texts, drawn stratified; fewer are quicker.",
                )
        current = {key: st.session_state[key] for key in values_of(presets[0])}
        match = next((preset for preset in presets if values_of(preset) == current), None)
        with chosen, address.control(PRESET, "Preset"):
            st.session_state[PRESET] = None if match is None else match.title
            st.selectbox(
                "Preset",
                [preset.title for preset in presets],
                index=None,
                key=PRESET,
                placeholder="My own choices",
                on_change=fill,
                args=(presets,),
                icon=":material/lightbulb:",
            )
            if match is not None:
                st.caption(match.comment)
    shared = sweep.based(base, labeled=labeled, left_out=left_out, max_examples=max_examples)
    st.caption(narrative.sweeps.shared_settings(base, shared))
    return Sweep(
        base=shared,
        temperatures=tuple(sorted(temperatures)),
        depths=tuple(sorted(depths)),
        alphas=tuple(sorted(alphas)),
        inits=tuple(init for init in Init if init in inits),
        seeds=tuple(sorted(seeds)),
        heads=tuple(sorted(heads, reverse=True)),
        neurons=tuple(sorted(neurons, reverse=True)),
        weights=tuple(kind for kind in WeightFormat if kind in weights),
    )


def _begin(presets: Sequence[Preset], frame: Frame, base: RunConfig) -> None:
    """Fill in the first preset, or when another run is in use, the preset that was filled in, with its settings."""
    former: RunConfig = st.session_state.setdefault(BEGUN, base)
    first = presets[0]
    if former != base:
        st.session_state[BEGUN] = base
        before = sweep_presets.presets(frame, task_of(former), former)
        values = {key: st.session_state.get(key) for key in values_of(first)}
        title = next((preset.title for preset in before if values_of(preset) == values), None)
        st.session_state.update(next((values_of(preset) for preset in presets if preset.title == title), {}))
    for key, value in (*values_of(first).items(), ("whatif.down", first.down)):
        st.session_state.setdefault(key, value)


def _with(values: Sequence[float], value: float) -> tuple[float, ...]:
    """Return values with one more, from the largest to the least or the other way round as they are."""
    return tuple(sorted({*values, value}, reverse=values[0] > values[-1]))


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def _formats() -> tuple[WeightFormat, ...]:
    """Return the formats that can be measured here."""
    return tuple(kind for kind in WeightFormat if kind is not WeightFormat.INT8 or has_onnx())


def _told(base: RunConfig, labels: Sequence[str]) -> tuple[float, str]:
    """Ask how many texts are labeled, and which class none of them has."""
    with address.control("whatif.labeled", "Labeled fraction"):
        labeled = st.selectbox(
            "Labeled fraction of the training split",
            _with(LABELED, base.corpus.labeled),
            format_func=_percent,
            key="whatif.labeled",
            bind="query-params",
            help="Training texts that keep their hard label. Students learn the soft labels of all texts, "
            "hard-label twins from these alone.",
        )
    with address.control("whatif.left_out", "Held-out class"):
        left_out = st.selectbox(
            "Held-out class",
            ("", *labels),
            format_func=lambda label: label or "none",
            key="whatif.left_out",
            bind="query-params",
            help="Students and twins never see a text of it, but are tested on it; the teacher knows it. "
            "Needs three labels or more.",
        )
    return labeled, left_out


def _pills(name: str, label: str, options: Sequence[Any], write: Callable[[Any], str]) -> list[Any]:
    with address.control(f"whatif.{name}", label):
        return st.pills(
            label,
            options,
            selection_mode="multi",
            format_func=write,
            key=f"whatif.{name}",
            bind="query-params",
            help=_HELP.get(name) or _HELP[name.removesuffix("s")],
        )
