"""Temperature: what it does to both models, live on one text, and over all test texts.

Reads: a finished run, its outputs, and its models for a text of one's own. Writes: nothing.
"""

from collections.abc import Callable

import streamlit as st

from distil_core.analysis import comparison, edits
from distil_core.analysis import temperature as analysis_temperature
from distil_core.analysis.error_analysis import AnsweredTexts
from distil_core.errors import DistilError
from distil_core.reporting import formatting, glossary, narrative
from distil_core.reporting.figures import temperature as figures
from distil_core.reporting.figures.theme import MARKS
from distil_core.runs.families import Family
from distil_core.settings.config import Method
from distil_core.tasks.catalog import task_named
from pages.components import temperature_bars
from pages.sections import charts, explained, messages, number_views, pickers, text_fields, vector_views, word_views
from pages.state import address, model_answers, run_in_use, softened_outputs

TEXT, PLACE = "temperature.text", "temperature.place"
TABS = ("One text", "All texts", "Dark knowledge", "Why T²", "Calibration")


def put(texts: AnsweredTexts, row: int) -> None:
    """Put an example into the field, and show its place."""
    text_fields.put(texts.texts[row], key=TEXT)
    pickers.put_place(texts, row, key=PLACE)


def show_one(family: Family) -> None:
    """Ask for a text, and let both models' answers to it move with the temperature."""
    outcome = family.distilled
    texts, examples = model_answers.of_test_texts(outcome), softened_outputs.telling(outcome)
    # Ask
    segments = task_named(outcome.record.config.task).segments
    if not text_fields.asked_for(key=TEXT, n_segments=len(segments)):
        put(texts, examples["hesitant"])
    left, right = st.columns([8, 5], vertical_alignment="bottom", gap="medium")
    beside = right.container(horizontal=True, vertical_alignment="center", gap="small")
    with left:
        text = text_fields.ask(segments, key=TEXT, label="Text", bare=True)
    if not address.hides(TEXT):
        with beside:
            st.caption("The teacher is", width="content")
            for name, row in examples.items():
                st.button(
                    name,
                    key=f"temperature.example.{name}",
                    on_click=put,
                    args=(texts, row),
                    help=formatting.escaped(formatting.readable(texts.texts[row])),
                )
    if not text.strip():
        st.info("Type a text, or pick one of the examples.", icon=":material/edit:")
        return
    # Think
    sites = softened_outputs.compare(outcome, text)
    # Ask
    site = pickers.place([each.place for each in sites], title=outcome.record.task.place_title, key=PLACE)
    labels = sites[site].class_names or outcome.record.class_names
    teacher, student = sites[site].teacher_logits, sites[site].student_logits
    # Show
    if len(labels) == 2:
        st.caption(
            "With two labels there is no ranking of wrong answers to uncover: temperature only slides one number, the "
            "difference of the two logits divided by T."
        )
    gold = edits.gold_label(text, texts, site=site)
    temperature = temperature_bars.show(
        labels,
        teacher,
        student,
        gold,
        key="temperature.t",
        value=2.0,
        noun="word" if sites[site].class_names else "label",
    )
    with beside:
        charts.data(
            key="temperature.answers",
            alt="Logit of each label and its share at the temperature chosen, by teacher and student",
            header=("label", "teacher's logit", "student's logit", "teacher's share", "student's share"),
            rows=analysis_temperature.answer_rows(teacher, student, labels, temperature=temperature),
            picture="temperature.t",
        )


def show_all(family: Family) -> None:
    """Show entropy, divergence and agreement of all test texts over the temperature."""
    outcome = family.distilled
    corpus, trained = outcome.record.corpus, outcome.record.config.loss.temperature
    softened, texts = softened_outputs.over_temperatures(outcome.folder), model_answers.of_test_texts(outcome)
    what = f"{len(texts):,} places in the {corpus.n_test:,}" if texts.several else f"{corpus.n_test:,}"
    st.markdown(
        f"Means over all {what} test texts. Heat makes both models less certain, until all labels are "
        f"alike. What they answer stays the same, as dividing by T leaves the largest logit the largest: they agree on "
        f"**{formatting.percent(softened.agreement[0])}** of the {texts.unit} at every temperature."
    )
    entropy, divergence, agreement = st.columns(3, gap="medium")
    with entropy:
        charts.show(
            "Entropy: how undecided they are",
            figures.entropies(softened, n_labels=len(outcome.record.class_names)),
            key="temperature.entropy",
            alt="Mean entropy of teacher and student over the temperature",
            header=("temperature", "teacher (nats)", "student (nats)"),
            rows=list(
                zip(softened.temperatures, softened.teacher_entropy_nats, softened.student_entropy_nats, strict=True)
            ),
        )
    with divergence:
        charts.show(
            "KL divergence: how far apart they are",
            figures.divergences(softened, trained=trained),
            key="temperature.divergence",
            alt="Mean KL divergence of the student from the teacher over the temperature, with and without T squared",
            header=("temperature", "KL (nats)", "T² · KL (nats)"),
            rows=list(zip(softened.temperatures, softened.kl_nats, softened.scaled_kl_nats, strict=True)),
        )
    with agreement:
        charts.show(
            "Agreement: how often they answer alike",
            figures.agreement(softened, unit=texts.unit),
            key="temperature.agreement",
            alt="Share of the test texts that both answer alike, the same at every temperature",
            header=("temperature", "agreement"),
            rows=list(zip(softened.temperatures, softened.agreement, strict=True)),
        )


def show_dark_knowledge(family: Family) -> None:
    """Show where teacher, student and twin put what they do not give to the right label."""
    outcome, twin = family.distilled, family.twin(Method.HARD_LABELS)
    labels = outcome.record.class_names
    if outcome.record.task.points:
        st.info(
            "Which wrong answers a teacher finds likely cannot be summed up where they are tokens, as each text has "
            "others: see them on one text.",
            icon=":material/visibility_off:",
        )
        return
    if len(labels) == 2:
        st.info(
            "Two labels have no dark knowledge to show: whatever a model does not give to the right label can only go "
            "to the other one. Take a run with three labels or more to see which mistakes a teacher finds likely.",
            icon=":material/visibility_off:",
        )
        return
    # Ask
    with (
        address.control("temperature.dark", "Temperature of the dark knowledge"),
        st.container(horizontal=True, vertical_alignment="center", gap="small"),
    ):
        st.markdown("Temperature", width="content", help=glossary.explain("Temperature"))
        temperature = st.segmented_control(
            "Temperature",
            (0.5, 1.0, 2.0, 4.0, 8.0),
            default=2.0,
            required=True,
            format_func="{:g}".format,
            key="temperature.dark",
            bind="query-params",
            label_visibility="collapsed",
            help=glossary.explain("Temperature"),
        )
    # Think
    unit = model_answers.of_test_texts(outcome).unit
    models = softened_outputs.dark_knowledge(outcome.folder, None if twin is None else twin.folder, temperature or 2.0)
    rows = analysis_temperature.dark_knowledge_rows(models, labels)
    # Show
    judged = analysis_temperature.dark_knowledge_verdict(models)
    st.markdown(narrative.temperature.dark_knowledge_verdict(judged, unit=unit))
    for column, (name, model) in zip(st.columns(3, gap="medium"), models.items(), strict=False):
        with column:
            charts.show(
                name,
                figures.leftover(model, labels, high=analysis_temperature.highest(models)),
                key=f"temperature.leftover.{name}",
                alt=f"{name}: share of each wrong label in what is left beside the right one, by right label",
                header=("right label", "wrong label", *models),
                rows=rows,
            )
    if len(labels) > figures.MOST_NUMBERS:
        explained.table(
            [
                dict(
                    zip(
                        ("Right label", "Wrong label", *models),
                        (*map(formatting.escaped, (right, wrong)), *map(formatting.percent, shares)),
                        strict=True,
                    )
                )
                for right, wrong, *shares in analysis_temperature.likeliest(rows)
            ],
            title="**What the teacher confuses most** · shares of what is left beside the right label",
            alt="Pairs of right and wrong label to which the teacher gives most, with all models' shares",
        )
    st.caption(
        f"A row of a matrix stands for the test {unit} of one right label; its colors say how what is left "
        "beside that label is shared out among the wrong ones, in %. One color scale for all."
        + (
            ""
            if len(labels) <= figures.MOST_NAMES
            else " Point at a cell to read its labels; the side names only some."
        )
    )


def show_gradients(family: Family) -> None:
    """Show how hard each part of the loss pulls at the student, with and without T²."""
    outcome = family.distilled
    norms = softened_outputs.gradient_norms(outcome)
    left, right = st.columns([3, 2], gap="large")
    with left:
        charts.show(
            f"The pull of each part of the loss, on {norms.n_texts} short test texts",
            figures.gradients(norms, trained=outcome.record.config.loss.temperature),
            key="temperature.gradients",
            alt="Norm of the gradient of soft and hard labels over the temperature, with and without T squared",
            header=("temperature", "soft labels, without T²", "soft labels, with T²", "hard labels"),
            rows=[(*row, norms.hard) for row in zip(norms.temperatures, norms.soft, norms.scaled, strict=True)],
        )
    with right:
        st.markdown(narrative.temperature.gradient_verdict(analysis_temperature.gradient_verdict(norms)))
        st.markdown(
            "The gradient of the KL carries one factor 1/T because the logits are divided by T, and another because "
            "two softened distributions come closer to each other. T² takes both back, so that the weight α means "
            "the same at every temperature (Hinton et al., 2015, §2, [arXiv:1503.02531]"
            "(https://arxiv.org/abs/1503.02531)). Where T is low the distributions are almost certain, and "
            "the rule does not hold."
        )
        st.caption(
            "Measured by automatic differentiation through the finished student: the Euclidean norm over all its "
            "parameters. The hard labels are compared at T = 1, whatever the temperature."
        )


def show_calibration(family: Family) -> None:
    """Show how sure each model is beside how often it is right, and the temperature that brings the two together."""
    outcome, twin = family.distilled, family.twin(Method.HARD_LABELS)
    corpus = outcome.record.corpus
    scalings = softened_outputs.scalings(outcome.folder, None if twin is None else twin.folder)
    unit = model_answers.of_test_texts(outcome).unit
    explained.table(
        {
            _name(method): {
                "Calibration temperature": f"{scaling.temperature:.2f}" + " (end of the range)" * scaling.at_limit,
                "Calibration error (ECE)": _change(formatting.percent, scaling.before.ece, scaling.after.ece),
                "Log-loss (NLL, nats)": _change("{:.3f}".format, scaling.nll_before, scaling.nll_after),
            }
            for method, scaling in scalings.items()
        },
        title="A model is calibrated when it is right as often as it is sure. The temperature that comes closest is "
        f"fitted on the {corpus.n_validation:,} validation texts and judged on the {corpus.n_test:,} test texts. Above "
        "1 it says that a model is too sure of itself, below 1 that it is not sure enough.",
        alt="Calibration temperature, and expected calibration error and log-loss before and after",
    )
    for column, (method, scaling) in zip(st.columns(3, gap="medium"), scalings.items(), strict=False):
        with column:
            charts.show(
                _name(method),
                figures.reliability(scaling, mark=MARKS[method], unit=unit),
                key=f"temperature.reliability.{method or 'teacher'}",
                alt=f"{_name(method)}: accuracy against confidence, and number of {unit} in each bin",
                header=("state", "confidence from", "confidence to", "mean confidence", "accuracy", unit),
                rows=scaling.rows(),
            )
    st.caption(f"Small marks stand for few {unit} and say little; the log-loss weighs every {unit[:-1]} alike.")


def _name(method: Method | None) -> str:
    return "Teacher" if method is None else comparison.NAMES[method]


def _change(write: Callable[[float], str], before: float, after: float) -> str:
    return f"{write(before)} → {write(after)}"


def show(family: Family) -> None:
    """Show the views of a run; those behind closed tabs cost nothing."""
    tabs = st.tabs(TABS, key="temperature.tab", bind="query-params")
    views = (show_one, show_all, show_dark_knowledge, show_gradients, show_calibration)
    for tab, view in zip(tabs, views, strict=True):
        # The first one keeps its text and its temperature while another is looked at.
        if tab.open or view is show_one:
            with tab:
                try:
                    view(family)
                except DistilError as error:
                    messages.problem(error)


family = run_in_use.finished(with_student=True)
if family is not None and not family.distilled.record.task.head.labeled:
    vector_views.temperature(family)
elif family is not None and family.distilled.record.task.predicts_numbers:
    number_views.temperature(family)
elif family is not None and family.distilled.record.task.head.predicts_words:
    word_views.temperature(family)
elif family is not None:
    show(family)
