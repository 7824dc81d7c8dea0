"""Closer looks at one text: word by word, all heads, through all layers, how widely, and with words left out.

Reads: a finished run, its models. Writes: nothing.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import streamlit as st

from distil_core.analysis import attention
from distil_core.analysis.attention import AttentionHead, AttentionView
from distil_core.data.corpus import Place
from distil_core.errors import DistilError
from distil_core.reporting import formatting, glossary
from distil_core.reporting.figures import attention as figures
from distil_core.reporting.figures import cells
from distil_core.reporting.figures.theme import STUDENT, TEACHER
from distil_core.runs.families import FinishedRun
from pages.components import token_strip
from pages.sections import charts, messages, pickers
from pages.state import address, attention_maps

VIEW, HEAD = "attention.view", "attention.head"
MOSAICS = {True: "attention.mosaic.teacher", False: "attention.mosaic.student"}
WORDS, ALL, ROLLOUT, ENTROPY, LEFT_OUT = (
    "Word by word",
    "All heads",
    "Attention rollout",
    "Attention entropy",
    "Leave-one-out",
)
HEADS_HELP = (
    "Heads have no inherent order: head 3 of one model need not do the work of head 3 of the other. Within a pair of "
    "layers they are assigned to each other so that their similarities sum to the most."
)

Maps: TypeAlias = tuple[np.ndarray, np.ndarray]
"""The teacher's and the student's map of the layers and heads that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """What is looked at: a text with its places, of which one is chosen, and what both models make of it.

    ``part`` is the part of the text that the view is of, and ``row`` the row of its answers for the place; ``averaged``
    tells whether the teacher's answer, and the student's, is read from the mean of several tokens.
    """

    text: str
    special: bool
    view: AttentionView
    maps: Maps
    places: tuple[Place, ...]
    site: int
    row: int
    part: int
    averaged: tuple[bool, bool]

    @property
    def place(self) -> str | None:
        """The place chosen, for people; None where the text is one as a whole."""
        return self.places[self.site].text if len(self.places) > 1 else None


def map_table(view: AttentionView, shares: np.ndarray) -> dict[str, Any]:
    """Return a map as a table: a line and a column for each token."""
    names = [f"{i} {token}" for i, token in enumerate(view.tokens)]
    rows = [[name, *line] for name, line in zip(names, shares.round(4).tolist(), strict=True)]
    return {"header": ["token", *names], "rows": rows}


@st.fragment
def show(outcome: FinishedRun, looked: LookedAt) -> None:
    """Show one further look at the same text; what is not shown costs nothing."""
    with address.control(VIEW, "Look closer"):
        chosen = st.segmented_control(
            "Look closer",
            list(LOOK),
            default=WORDS,
            key=VIEW,
            bind="query-params",
            required=True,
            help=glossary.explain(f"head, {ROLLOUT}, {ENTROPY}, {LEFT_OUT}", most=4),
        )
    try:
        LOOK[chosen or WORDS](outcome, looked)
    except DistilError as error:
        messages.problem(error)


def show_words(outcome: FinishedRun, looked: LookedAt) -> None:
    """Show where each word looks, in both models at once."""
    view, maps = looked.view, looked.maps
    token_strip.show(
        view.tokens,
        view.special,
        (("Teacher", TEACHER, maps[0]), ("Student", STUDENT, maps[1])),
        key="attention.strip",
        first=len(view.tokens) // 2,
    )
    st.caption(
        "Point at a word, or move with the arrow keys. Below each token: how much it is looked at (%); the color is "
        "full where either model looks most. For the layers and heads chosen above. A dot comes before a piece that "
        "goes on the word before."
    )


def show_all(outcome: FinishedRun, looked: LookedAt) -> None:
    """Show all heads of both models as thumbnails, and one of them large."""
    view = looked.view
    heads = {head_name(head): head for head in attention.heads(view)}
    left, right = st.columns([3, 2], gap="medium")
    with right:
        head = heads[pickers.choose("Head, or click one", list(heads), key=HEAD)]
        other = attention.counterpart(view, head, outcome.record.layers)
    # First what has been asked for: it is on its way while the thumbnails are drawn.
    shares = attention.head_map(view, head)
    with right:
        charts.show(
            f"{head_name(head).capitalize()}",
            figures.attention_map(shares, view.tokens, highest=float(shares.max()), height=460),
            key="attention.large",
            alt="How each token shares its attention out in the head that was picked",
            **map_table(view, shares),
        )
        if other is None:
            st.caption("No head of the other model is assigned to this one.")
        else:
            st.caption(f"Assigned to it: {head_name(other[0])}, similarity {other[1]:.2f}; it is framed, too.")
    for of_teacher in (True, False):
        side, name = (view.teacher, "Teacher") if of_teacher else (view.student, "Student")
        framed = [h for h in (head, *(other or ())[:1]) if h.of_teacher is of_teacher]
        n_layers, n_heads = side.entropies.shape
        with left:
            charts.show(
                f"{name}: {n_layers} layers of {n_heads} heads",
                figures.mosaic(
                    attention_maps.thumbnails(
                        outcome, looked.text, special=looked.special, of_teacher=of_teacher, part=looked.part
                    ),
                    entropies=side.entropies,
                    picked=(framed[0].layer, framed[0].number) if framed else None,
                    name=name.lower(),
                ),
                key=MOSAICS[of_teacher],
                alt=f"All attention maps of the {name.lower()}, a row for each layer and a column for each head",
                header=["layer", *(f"head {i}: entropy (nats)" for i in range(n_heads))],
                rows=[[i, *line] for i, line in enumerate(side.entropies.round(4).tolist())],
                on_select=partial(take_head, of_teacher, n_layers, n_heads),
            )
    st.caption(
        "Each thumbnail is divided by its own largest share, and the square root taken, so that all can be read. "
        f"{HEADS_HELP}"
    )


def show_rollout(outcome: FinishedRun, looked: LookedAt) -> None:
    """Show what reaches the token that the answer is read from, through all layers."""
    view = looked.view
    teacher, student = (side.answers[looked.row].tolist() for side in (view.teacher, view.student))
    place = None if looked.place is None else f"“{formatting.escaped(formatting.shortened(looked.place, length=60))}”"
    first = "the first token" if place is None else f"the place {place}"
    whole = "all tokens" if place is None else f"the tokens of {place}"
    if outcome.record.task.points:
        token, read = f"the token that each model takes for the {looked.place}", "through all layers"
    elif looked.averaged == (True, False):
        token, read = f"{whole} (teacher) and {first} (student)", "from which the answers are read"
    elif any(looked.averaged):
        token, read = whole, "from whose mean the answer is read"
    else:
        token, read = first, "from which the answer is read"
    charts.show(
        f"What reaches {token}, {read}",
        figures.paired_bars(view.tokens, teacher, student, title="Share of what reaches it (%)", unit="%"),
        key="attention.rollout",
        alt=f"Share of each token in what reaches {token} in the last layer, for both models",
        header=("token", "teacher", "student"),
        rows=list(zip(view.tokens, teacher, student, strict=True)),
    )
    st.caption(
        "Attention rollout: the mean map of each layer, half of it replaced by the token itself (the residual "
        "connection), multiplied through all layers "
        "([Abnar & Zuidema 2020](https://arxiv.org/abs/2005.00928)). A model with more layers mixes more."
    )
    for column, name, side in zip(st.columns(2), ("Teacher", "Student"), (view.teacher, view.student), strict=True):
        with column:
            charts.show(
                f"{name}, all tokens",
                figures.attention_map(
                    side.rollout,
                    view.tokens,
                    highest=float(max(view.teacher.rollout.max(), view.student.rollout.max())),
                    height=460,
                ),
                key=f"attention.rollout.{name.lower()}",
                alt=f"How much of each token reaches each token of the last layer of the {name.lower()}",
                **map_table(view, side.rollout),
            )


def show_entropy(outcome: FinishedRun, looked: LookedAt) -> None:
    """Show how widely each head looks around."""
    view = looked.view
    for column, name, side in zip(st.columns(2), ("Teacher", "Student"), (view.teacher, view.student), strict=True):
        with column:
            charts.show(
                f"{name}, mean {formatting.percent(side.spread)} of the most possible",
                figures.entropies(side.entropies, n_tokens=len(view.tokens)),
                key=f"attention.entropy.{name.lower()}",
                alt=f"Entropy of each head of the {name.lower()}",
                header=["layer", *(f"head {i} (nats)" for i in range(side.entropies.shape[1]))],
                rows=[[i, *line] for i, line in enumerate(side.entropies.round(4).tolist())],
            )
    st.caption(
        "The entropy of a head's rows, averaged: 0 nats if every token looks at one token only, and the logarithm of "
        f"the number of tokens (ln {len(view.tokens)}, where the colors end) if it looks at all of them evenly."
    )


def show_left_out(outcome: FinishedRun, looked: LookedAt) -> None:
    """Show how the answers change when each word is left out."""
    if not outcome.record.task.head.labeled:
        st.info("A vector has no probability that a word could speak for or against.", icon=":material/info:")
        return
    if outcome.record.task.predicts_numbers:
        st.info("A number has no probability that a word could speak for or against.", icon=":material/info:")
        return
    labels = outcome.record.class_names
    left_out = attention_maps.left_out(outcome, looked.text, site=looked.site)
    teacher, student = left_out.teacher, left_out.student
    at = "" if looked.place is None else f"“{formatting.escaped(looked.place)}” · "
    charts.show(
        f"{at}Teacher: {formatting.escaped(labels[teacher.label])}, {formatting.percent(teacher.probability)} · "
        f"student: {formatting.escaped(labels[student.label])}, {formatting.percent(student.probability)}",
        figures.paired_bars(
            left_out.words, teacher.changes, student.changes, title="Change without the word (points)", unit="points"
        ),
        key="attention.left_out",
        alt="How the probability of each model's own answer changes when a word is left out",
        header=("word", "teacher", "student"),
        rows=list(zip(left_out.words, teacher.changes, student.changes, strict=True)),
    )
    different = "" if teacher.label == student.label else " **The two answer differently here.**"
    gone = "" if looked.place is None else " Without the place itself there is no answer, and no bar."
    st.caption(
        "How the probability of each model's own answer changes when this word alone is left out. Down: the word "
        f"spoke for the answer. Up: it spoke against it.{different}{gone}"
    )


def take_head(of_teacher: bool, n_layers: int, n_heads: int) -> None:
    """Show the head whose thumbnail was picked."""
    if cell := cells.picked(st.session_state[MOSAICS[of_teacher]], rows=n_layers, columns=n_heads):
        st.session_state[HEAD] = head_name(AttentionHead(of_teacher=of_teacher, layer=cell[0], number=cell[1]))


def head_name(head: AttentionHead) -> str:
    """Name a head."""
    return f"{'teacher' if head.of_teacher else 'student'} layer {head.layer} head {head.number}"


LOOK = {
    WORDS: show_words,
    ALL: show_all,
    ROLLOUT: show_rollout,
    ENTROPY: show_entropy,
    LEFT_OUT: show_left_out,
}
