"""Attention: what teacher and student look at in a text, and what explains their answers.

Reads: a finished run, its models and its test texts. Writes: nothing.
"""

import pandas as pd
import streamlit as st

from distil_core.analysis import attention, edits
from distil_core.analysis.attention import AttentionView
from distil_core.errors import DistilError
from distil_core.reporting import formatting, glossary
from distil_core.reporting.figures import attention as figures
from distil_core.reporting.figures import cells
from distil_core.runs.families import Family, FinishedRun
from pages.sections import attention_details, charts, explained, messages, pickers, text_fields
from pages.state import address, attention_maps, resources, run_in_use

TEXT, PLACE = "attention.text", "attention.place"
SPECIAL, BY = "attention.special", "attention.by"
PAIR, HEADS = "attention.pair", "attention.heads"
OVERVIEW, PICKER = "attention.overview", "attention.picker"
LOOKS, STATES = "what they look at", "hidden states"
MEAN = "mean of all"
SOURCES = (
    "Attention is not an explanation: other weights can give the same answer "
    "([Jain & Wallace 2019](https://arxiv.org/abs/1902.10186)), and taking out what gets the most of it often changes "
    "nothing ([Serrano & Smith 2019](https://arxiv.org/abs/1906.03731)); whether it still tells something depends on "
    "the question ([Wiegreffe & Pinter 2019](https://arxiv.org/abs/1908.04626))."
)


def put(text: str) -> None:
    """Put an example into the field."""
    text_fields.put(text, key=TEXT)
    pickers.forget_place(key=PLACE)


def take(texts: tuple[str, ...]) -> None:
    """Put the test text that was picked into the field."""
    rows = st.session_state[PICKER].selection.rows
    if rows and rows[0] < len(texts):
        put(texts[rows[0]])


def take_pair(n_teacher: int, n_student: int) -> None:
    """Show the pair of layers whose cell was picked."""
    if cell := cells.picked(st.session_state[OVERVIEW], rows=n_teacher, columns=n_student):
        st.session_state[PAIR] = pair_name(cell)


def pair_name(pair: tuple[int, int]) -> str:
    """Name a pair of layers."""
    return f"teacher {pair[0]} · student {pair[1]}"


def ask(outcome: FinishedRun) -> str:
    """Ask for a text: typed, one of a few examples, or any test text."""
    texts, task = resources.test_texts(outcome.folder), outcome.record.task
    if not text_fields.asked_for(key=TEXT, n_segments=len(task.segments)):
        text_fields.put(texts[0].text, key=TEXT)
    text = text_fields.ask(task.segments, key=TEXT, label="Text")
    if address.hides(TEXT):
        return text
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        picker = st.popover("Test texts", icon=":material/list:", type="tertiary", on_change="rerun")
        for i, example in enumerate(edits.to_try(texts, task, limit=4)):
            st.button(
                formatting.escaped(formatting.shortened(formatting.readable(example.text), length=36)),
                key=f"attention.example.{i}",
                on_click=put,
                args=(example.text,),
                type="tertiary",
                help=formatting.escaped(formatting.readable(example.text)),
            )
    if picker.open:
        names = outcome.record.corpus.label_names
        labels = [
            f"{item.label:g}"
            if task.predicts_numbers
            else ", ".join(names[label] for label in sorted(task.classes_of(item.label)))
            for item in texts
        ]
        explained.dataframe(
            pd.DataFrame({"Text": [formatting.readable(item.text) for item in texts], "Label": labels}),
            box=picker,
            key=PICKER,
            width=700,
            height=320,
            selection_mode="single-row",
            on_select=lambda: take(tuple(item.text for item in texts)),
            alt="All test texts of the run",
        )
    return text


def show(family: Family) -> None:
    """Show what both models look at in a text."""
    outcome = family.distilled
    layers = outcome.record.layers
    if not layers:
        st.info("This student has no layers, and so nothing that it looks at; choose a run of another depth.")
        return
    # Ask
    text = ask(outcome)
    if not text.strip():
        st.info("Type a text, or pick one of the examples.", icon=":material/edit:")
        return
    below = st.container()
    controls = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with controls, address.control(BY, "Layers compared by"):
        by = st.segmented_control(
            "Layers compared by",
            [LOOKS, STATES],
            default=LOOKS,
            key=BY,
            bind="query-params",
            required=True,
            help=glossary.explain(f"Layers, heads, {STATES}", most=3),
        )
    by = by or LOOKS  # an address may name nothing
    with controls, address.control(SPECIAL, "Show [CLS] and [SEP]"):
        special = st.toggle(
            "[CLS], [SEP]",
            key=SPECIAL,
            bind="query-params",
            help="Special tokens: the two that frame a text; RoBERTa calls them <s> and </s>. Without them, each row "
            "is divided by what is left of it, so that it sums to 100 % again.",
        )
    # Think
    reading = attention_maps.reading(outcome, text)
    # Ask
    with below:
        site = pickers.place(reading.places, title=outcome.record.task.place_title, key=PLACE)
    # Think
    part = reading.parts[site]
    reading = attention_maps.reading(outcome, text, part=part)
    view = attention_maps.view(outcome, text, special=special, part=part)
    # Ask
    pairs = {pair_name(pair): pair for pair in attention.pairs(len(view.similarity), layers)}
    with controls:
        pair = pairs[pickers.choose("Layers, counted from 0", list(pairs), key=PAIR)]
    matches = {f"student head {match.student}": match for match in attention.matches(view, pair)}
    with controls:
        match = matches.get(
            pickers.choose("Heads, counted from 0", [MEAN, *matches], key=HEADS, help=attention_details.HEADS_HELP)
        )
    # Show
    for notice in notices(reading):
        st.caption(notice)
    columns = st.columns(4, gap="small")
    with columns[0]:
        show_overview(outcome, view, by, pair)
    maps = attention.pair_maps(view, pair, match)
    highest = max(float(shares.max()) for shares in maps)
    for column, name, layer, shares in zip(columns[1:3], ("Teacher", "Student"), pair, maps, strict=True):
        number = "" if match is None else f", head {match.teacher if name == 'Teacher' else match.student}"
        with column:
            charts.show(
                f"{name}, layer {layer}{number}",
                figures.attention_map(shares, view.tokens, highest=highest),
                key=f"attention.map.{name.lower()}",
                alt=f"How each token shares its attention out in layer {layer} of the {name.lower()}",
                **attention_details.map_table(view, shares),
            )
    with columns[3]:
        charts.show(
            "Difference" if match is None else f"Difference ({match.similarity:.2f} alike)",
            figures.difference_map(maps[1] - maps[0], view.tokens),
            key="attention.map.difference",
            alt="Where the student looks more, and where less, than the teacher",
            **attention_details.map_table(view, maps[1] - maps[0]),
        )
    row = site - reading.first_site
    looked = attention_details.LookedAt(
        text=text,
        special=special,
        view=view,
        maps=maps,
        part=part,
        site=site,
        places=reading.places,
        row=row,
        averaged=(len(reading.teacher_reads[row]) > 1, len(reading.student_reads[row]) > 1),
    )
    attention_details.show(outcome, looked)
    st.caption(f":material/info: {SOURCES} What does explain an answer is under **{attention_details.LEFT_OUT}**.")


def notices(reading: attention.AttentionReading) -> list[str]:
    """Say what is special about these models or this text."""
    lines = []
    if reading.n_texts > 1:
        lines.append(":material/info: Each text is read by itself: no token looks at one of the other text.")
    if (n_parts := reading.parts[-1] + 1) > 1:
        lines.append(
            f":material/info: This text is read in {n_parts} parts that overlap. Shown is part {reading.part + 1}; "
            "another one comes with its start or end, above."
        )
    if reading.truncated:
        n = len(reading.tokens)
        lines.append(f":material/content_cut: Only the first {n} tokens of this text are read and shown here.")
    if reading.shares_layers:
        lines.append(
            ":material/info: This is ALBERT: all layers of a model share the same weights. They look at different "
            "things only because each gets what the one before has made of the text."
        )
    if reading.window is not None:
        local = ", ".join(map(str, reading.local))
        lines.append(
            f":material/info: Layers {local} of the teacher are local: a token sees {reading.window} tokens to each "
            "side. The student's layers are local where those that they are mapped to are."
        )
    return lines


def show_overview(outcome: FinishedRun, view: AttentionView, by: str, pair: tuple[int, int]) -> None:
    """Show how alike all layers of teacher and student are; a cell shows its pair of layers beside."""
    layers, similarity = outcome.record.layers, view.similarity
    how = f"Over the {len(view.tokens)} tokens of this text."
    if by == STATES:
        states = attention_maps.hidden_similarity(outcome)
        similarity = states.matrix
        how = f"Over {states.n_tokens:,} tokens of {states.n_texts:,} test texts."
    n_teacher, n_student = similarity.shape
    charts.show(
        "All layers",
        figures.overview(similarity, layers, picked=pair, measure=f"similarity of {by}"),
        key=OVERVIEW,
        alt="Similarity of every layer of the teacher to every layer of the student",
        header=["teacher layer", *(f"student layer {i}" for i in range(n_student))],
        rows=[[i, *line] for i, line in enumerate(similarity.round(4).tolist())],
        on_select=lambda: take_pair(n_teacher, n_student),
    )
    st.caption(
        f"{how} Framed: the layer that each student layer is mapped to in training. Dot: the pair shown. Click a cell.",
        help=MEASURES[by],
    )


MEASURES = {
    LOOKS: "1 − the Jensen-Shannon divergence (in bits, Lin 1991) of two heads' rows, averaged over the rows and over "
    "the pairs of heads that are assigned to each other. 1: they look at the same; 0: never at the same token.",
    STATES: "Linear CKA (Kornblith et al. 2019, arXiv:1905.00414) of what the two layers make of the same tokens, "
    "[CLS] and [SEP] left out. 1: the same but for a rotation and a scale. It tells little where tokens are few for "
    "the width of the states, so one text would not do.",
}
family = run_in_use.finished(with_student=True)
if family is not None:
    try:
        show(family)
    except DistilError as error:
        messages.problem(error)
