"""Distil: cut a student, let it learn, see what was kept.

Reads: the run in use, its events and those of its twins. Writes: new runs, into the queue; uploaded files; the
session's ``distil.pressed`` from a press to the next drawing.
"""

from dataclasses import replace

import streamlit as st

from distil_core.analysis import comparison, contrasts, learning_curves, teacher_health
from distil_core.errors import DistilError, MissingExtraError, ModelError
from distil_core.reporting import formatting, narrative, tables
from distil_core.reporting.figures import curves as figure_curves
from distil_core.runs import families, requests, workers
from distil_core.runs.families import Family
from distil_core.runs.reading import task_of
from distil_core.runs.rows import Run, RunState
from distil_core.settings import recipes
from distil_core.settings.config import Method, RunConfig
from pages.components import accessibility, scrolling
from pages.sections import charts, introduction, messages, run_summary, settings_form
from pages.state import address, class_mode, resources, run_in_use

POLL_SECONDS = 1.0
NEXT = (
    ("compare", "Try a sentence", ":material/compare_arrows:"),
    ("temperature", "See the temperature", ":material/device_thermostat:"),
    ("runs", "Take it home", ":material/download:"),
)
"""Where a finished run leads to."""
MOST_EPOCHS = 50
"""Of a teacher's fine-tuning."""


def start(config: RunConfig) -> None:
    """Queue a run with its twins and make it the one in use; a run that is done is answered at once."""
    store = resources.store()
    try:
        with st.spinner("Reading the corpus…"):
            class_mode.refuse_more(store)
            runs = requests.submit(config, store, in_turns=class_mode.active())
            class_mode.note_asked(runs, store)
            workers.ensure_worker(store)
    except DistilError as error:
        messages.problem(error)
        return
    run_in_use.choose(runs[0].id)
    st.session_state["distil.pressed"] = True
    st.rerun()


def again(run: Run, twins: tuple[Run, ...]) -> None:
    """Queue a run again, with those of its twins that have not been finished either."""
    store = resources.store()
    try:
        class_mode.refuse_more(store)
    except DistilError as error:
        messages.problem(error)
        return
    queued = [store.add(each.id, each.config, corpus_name=each.corpus_name) for each in (run, *twins)]
    class_mode.note_asked(queued, store)
    workers.ensure_worker(store)


def cancel(runs: tuple[Run, ...]) -> None:
    """Stop a run and its twins."""
    store = resources.store()
    for run in runs:
        if class_mode.may_change(run, store):
            store.cancel(run.id)


def show_run(run_id: str, *, poll: bool) -> None:
    """Show a run with its twins, as far as they have come."""
    store, source = resources.store(), resources.runs()
    run = source.find(run_id)
    if run is None:
        st.rerun()
        return
    twins = families.twins(run, source.list()) if run.config.method is Method.DISTILLED else ()
    members = (run, *twins)
    active = tuple(member for member in members if not member.state.over)
    if poll is not bool(active):
        st.rerun()
    if active and not workers.worker_alive(store):
        workers.recover(store)
        workers.ensure_worker(store)
    family = families.family(run, source)

    with st.container(horizontal=True, vertical_alignment="center", key="distil.status"):
        name, settings = (formatting.escaped(text) for text in (run.corpus_name, run_summary.settings(run.config)))
        st.markdown(f"{run_summary.badge(run)} **{name}** · {settings}")
        if active:
            st.button(
                "Cancel",
                icon=":material/stop_circle:",
                key="distil.cancel",
                on_click=cancel,
                args=(active,),
                disabled=all(member.stopping or not class_mode.may_change(member, store) for member in active),
            )
        elif run.resumable:
            words = "Resume" if run.state is RunState.INTERRUPTED else "Run again"
            st.button(words, icon=":material/replay:", key="distil.again", on_click=again, args=(run, twins))
    primary = task_of(run.config).monitored if family is None else family.distilled.record.metric
    curves = {member.config.method: learning_curves.curves(resources.events(member)) for member in members}
    with st.container(key="distil.progress"):  # above what is empty at first: three cards fill a phone
        show_state(members, family)
    run_summary.headline(family, primary, curves[run.config.method])
    show_curves(tuple((member.id, len(resources.events(member))) for member in members), run.config, curves)
    if family is not None:
        run_summary.corpus_notes(family.distilled.record.corpus.notes)
        show_quality(family)


def show_state(members: tuple[Run, ...], family: Family | None) -> None:
    """Say what is being computed and how long it takes, or what came of it."""
    run = members[0]
    at_work = _at_work(members)
    if at_work is not None:
        running, state = at_work
        name, metric = comparison.model_name(running.config), task_of(running.config).monitored
        st.progress(
            state.fraction or 0.0,
            f"**{name}** · {formatting.progress_text(state, metric, stopping=running.stopping)}",
        )
    elif run.state is RunState.QUEUED:
        n_ahead = resources.store().ahead(run.id)
        st.progress(0.0, f"Waiting for {n_ahead} other run{'s' * (n_ahead != 1)}" if n_ahead else "Starting…")
    if family is not None:
        verdict = narrative.runs.verdict(contrasts.verdict_of(family, resources.sample))
        st.markdown(verdict)
        accessibility.announce(verdict)
        with st.container(horizontal=True, key="distil.next"):
            for page, words, icon in NEXT:
                st.page_link(f"pages/{page}.py", label=words, icon=icon)
    elif run.state is RunState.FAILED:
        messages.problem(run.error, lead="This run failed: ")
    elif run.state is RunState.CANCELLED:
        st.info("This run was cancelled before it was done.", icon=":material/cancel:")
    elif run.state is RunState.INTERRUPTED:
        st.warning(
            "The computer stopped working on this run before it was done. **Resume** goes on from its last checkpoint.",
            icon=":material/pause_circle:",
        )
    show_teacher(members)
    failed: dict[str, list[str]] = {}
    for twin in members[1:]:
        if twin.state is RunState.FAILED and twin.error != run.error:  # what is said once is enough
            failed.setdefault(twin.error, []).append(comparison.model_name(twin.config))
    for error, names in failed.items():
        messages.doubt(f"{', '.join(names)} failed: {error}", icon=":material/error:")
    if any(member.state is not RunState.DONE for member in members):
        st.markdown(" ".join(_pill(member) for member in members))


def show_teacher(members: tuple[Run, ...]) -> None:
    """Name a teacher in bad health as soon as that is known, before a student learns from it, with a cure beside it."""
    run = members[0]
    if run.config.method is not Method.DISTILLED:
        return
    last = members[-1]
    baseline = families.finished(last, resources.runs()) if last.config.method is Method.BASELINE else None
    health = teacher_health.health_so_far(
        run, resources.events(run), baseline, resources.sample, resources.teacher_sample
    )
    doubts = narrative.runs.teacher_doubts(health, comparison.model_names(run.config.task)[Method.BASELINE])
    for doubt in doubts:
        messages.doubt(doubt)
    tuned = health.still_learning or (health.behind and run.config.teacher.source == "minilm")  # it has no head
    record = teacher_health.first_record(run, baseline)
    if record is not None and tuned:
        now = recipes.teacher_epochs(run.config.teacher, run.config.training.recipe, n_examples=record.corpus.n_train)
        n_epochs = min(2 * now, MOST_EPOCHS)
        if n_epochs > now and st.button(
            f"Fine-tune it for {n_epochs} epochs instead of {now}",
            icon=":material/healing:",
            key="distil.cure",
            on_click=_cure,
            args=(n_epochs,),
        ):
            cured = replace(run.config, teacher=replace(run.config.teacher, epochs=n_epochs))
            start(cured)


def _cure(n_epochs: int) -> None:
    """Have the settings say how long the teacher is now fine-tuned for."""
    st.session_state["distil.teacher.epochs"] = n_epochs


def _at_work(members: tuple[Run, ...]) -> tuple[Run, learning_curves.Progress] | None:
    """Return the first run that is computed and does not only wait for what another one computes, and how far it is."""
    running = [member for member in members if member.state is RunState.RUNNING]
    if not running:
        return None
    sources = running[0].config.corpus.source, running[0].config.teacher.source
    of_others = [
        run
        for run in resources.runs().list()
        if run.state is RunState.RUNNING
        and run not in running
        and (run.config.corpus.source, run.config.teacher.source) == sources
    ]
    states = [(run, learning_curves.progress(resources.events(run))) for run in (*running, *of_others)]
    return next((each for each in states if not each[1].waits), states[0])


def _pill(member: Run) -> str:
    icon, color, word = run_summary.STATES[member.state]
    return f":{color}-badge[{icon} {comparison.model_name(member.config)}: {word.lower()}]"


def show_curves(key: tuple[object, ...], config: RunConfig, curves: dict[Method, learning_curves.Curves]) -> None:
    """Show the loss by part and the validation score, of a run that is finished or still going on."""
    task = task_of(config)
    metric, parts = task.monitored, task.loss_parts
    student = curves[config.method]
    n_epochs = max(recipes.fewest_epochs(config.training), student.last_epoch)
    loss, validation = resources.curve_figures(key, n_epochs, task, curves)
    first, second = st.columns(2)
    with first:
        charts.show(
            "Training loss",
            loss,
            key="distil.loss",
            alt="Weighted terms of the student's training loss over the epochs",
            header=("epoch", *(parts.get(part, part) for part in student.loss)),
            rows=list(zip(student.epochs, *student.loss.values(), strict=True)),
        )
    with second:
        charts.show(
            f"Validation {metric.in_text}",
            validation,
            key="distil.validation",
            alt=f"Validation {metric.in_text} of student and twins over the epochs, with the teacher's",
            header=("model", "epoch", metric.name),
            rows=learning_curves.validation_rows(curves, comparison.model_names(config.task)),
        )


def show_quality(family: Family) -> None:
    """Show how teacher, student and twins compare, as a figure and as a table of all that was measured."""
    shown = comparison.models(family)
    record, metric = family.distilled.record, family.distilled.record.metric
    charts.show(
        f"{metric.label} on the same test texts",
        figure_curves.scores(shown, metric, constant=record.corpus.constant_score),
        key="distil.accuracies",
        alt=f"Test {metric.in_text} of each model with its 95 % interval",
        header=("model", metric.name, "low", "high"),
        rows=tables.score_rows(shown, metric),
    )
    run_summary.metrics(family, key="distil.measures")


# Ask
top = st.container()
action, about = st.columns([1, 2], gap="large", vertical_alignment="center")
scrolling.last_first()
with st.container(key="distil.last_first"):
    left, right = (st.container(), st.container()) if address.hides("distil") else st.columns([1, 2], gap="large")
with left:
    config = settings_form.show()

# Think
seconds, problem, alone = None, "", None
notes: tuple[str, ...] = ()
if config is not None:
    try:
        with about, st.spinner("Reading the corpus…"):
            notes = resources.corpus_notes(config)
            seconds = resources.estimate(config)
    except (ModelError, MissingExtraError) as error:
        problem, alone = str(error), requests.baseline_of(config)
    except DistilError as error:
        problem = str(error)
run_id = run_in_use.current()
polled = run_id is not None and families.busy(resources.runs(), run_id)

# Show
with top:
    introduction.show(run_id)
with action:
    pressed = st.button(
        "Distil",
        type="primary",
        width="stretch",
        icon=":material/experiment:",
        key="distil.start",
        disabled=config is None or bool(problem),
    )
with about:
    if problem:
        messages.problem(problem)
        if alone is not None:
            baseline = comparison.model_names(alone.task)[Method.BASELINE]
            words, reason = f"{baseline} alone", "The baseline needs no teacher."
            if st.button(words, key="distil.baseline", icon=":material/experiment:", help=reason):
                start(alone)
    else:
        st.caption(formatting.run_estimate(seconds))
if pressed and config is not None:
    start(config)
with right:
    run_summary.corpus_notes(notes)
    if run_id is None:
        st.info("Nothing has been distilled here yet. Press **Distil** to begin.", icon=":material/experiment:")
    else:
        st.fragment(show_run, run_every=POLL_SECONDS if polled else None)(run_id, poll=polled)

if st.session_state.pop("distil.pressed", False):
    scrolling.into_view("distil.status")
# Last, since its start takes processors from the drawing; warm by the time that somebody presses the button.
workers.ensure_worker(resources.store())
