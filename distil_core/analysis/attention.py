"""What teacher and student look at in one text, side by side, as plain data."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distil_core.data.corpus import Place
from distil_core.functional.attention import (
    Match,
    head_entropy,
    head_similarity,
    layer_similarity,
    match_heads,
    rollout,
    without,
)

MAX_TOKENS = 128
"""How many tokens of a text are read for its maps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionReading:
    """What both models look at while they read one text.

    Attributes:
        tokens: As people read them; a dot comes before what goes on the word before.
        special: Which of them frame the text, such as [CLS] and [SEP].
        teacher: The teacher's maps, ``(layers, heads, tokens, tokens)``.
        student: The student's maps.
        truncated: Whether the text goes on beyond these tokens.
        shares_layers: Whether all layers have the same weights, as ALBERT's do.
        window: How many tokens the local layers see to each side, None where all layers see the whole text.
        local: Which layers of the teacher are local.
        places: Where in the text its sites are.
        n_texts: Texts that are read by themselves, whose tokens lie end to end.
        teacher_reads: For each site the tokens that the teacher's answer is read from, by their mean where there are
            several; where the answer is a token itself, that one.
        student_reads: The same for the student, which may read the first token where its teacher reads the mean.
        parts: The part of the text that each of the places is in; all in the first where the text is read as one.
        part: The part that these tokens are, whose sites alone are told of.
    """

    tokens: tuple[str, ...]
    special: tuple[bool, ...]
    teacher: np.ndarray
    student: np.ndarray
    truncated: bool = False
    shares_layers: bool = False
    window: int | None = None
    local: tuple[int, ...] = ()
    places: tuple[Place, ...] = ()
    n_texts: int = 1
    teacher_reads: tuple[tuple[int, ...], ...] = ((0,),)
    student_reads: tuple[tuple[int, ...], ...] = ((0,),)
    parts: tuple[int, ...] = (0,)
    part: int = 0

    @property
    def first_site(self) -> int:
        """The first of the places that is in this part."""
        return self.parts.index(self.part)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionSide:
    """What one model looks at in a text.

    Attributes:
        maps: ``(layers, heads, tokens, tokens)``.
        entropies: Of each head, see :func:`head_entropy`.
        rollout: See :func:`rollout`, ``(tokens, tokens)``.
        answers: For each site the row of the rollout of the token that the answer is read from, or the mean of those of
            several, ``(sites, tokens)``.
    """

    maps: np.ndarray
    entropies: np.ndarray
    rollout: np.ndarray
    answers: np.ndarray

    @property
    def spread(self) -> float:
        """How widely the heads look around on average, from 0 to 1, which is all tokens evenly."""
        return float(self.entropies.mean() / np.log(max(2, self.maps.shape[-1])))


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionView:
    """A reading with all that follows from it; ``similarity`` is that of :func:`layer_similarity`."""

    tokens: tuple[str, ...]
    special: tuple[bool, ...]
    teacher: AttentionSide
    student: AttentionSide
    similarity: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionHead:
    """A head of one of the models: whose, in which layer, and which."""

    of_teacher: bool
    layer: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSimilarity:
    """Linear CKA of the hidden states, ``(teacher layers, student layers)``, and over how many tokens and texts."""

    matrix: np.ndarray
    n_tokens: int
    n_texts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Occlusion:
    """What one model answers at a site of a text, and how that changes with each word left out.

    ``changes`` are differences of the probability of ``label``, which the model answers where no word is left out:
    negative where the word spoke for the answer, None where the site goes with the word.
    """

    label: int
    probability: float
    changes: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OcclusionPair:
    """The words of a text, and what either model says at a site of it without each of them."""

    words: tuple[str, ...]
    teacher: Occlusion
    student: Occlusion


def view(reading: AttentionReading, *, special: bool) -> AttentionView:
    """Return a reading as it is looked at, with its special tokens or, see :func:`without`, without them.

    Attention is followed through the layers with all tokens, and only then are special ones taken out.
    """
    out = [flag and not special for flag in reading.special]
    rest = [i for i, flag in enumerate(out) if not flag]
    teacher = _side(reading.teacher, out, reading.teacher_reads)
    student = _side(reading.student, out, reading.student_reads)
    return AttentionView(
        tokens=tuple(reading.tokens[i] for i in rest),
        special=tuple(reading.special[i] for i in rest),
        teacher=teacher,
        student=student,
        similarity=layer_similarity(teacher.maps, student.maps),
    )


def _side(maps: np.ndarray, out: Sequence[bool], read_from: Sequence[Sequence[int]]) -> AttentionSide:
    left = without(maps, out)
    flow = rollout(maps)
    answers = np.array([flow[list(tokens)].mean(axis=0) for tokens in read_from])[:, ~np.asarray(out)]
    answers = answers / np.maximum(answers.sum(axis=1, keepdims=True), 1e-9)
    return AttentionSide(maps=left, entropies=head_entropy(left), rollout=without(flow, out), answers=answers)


def pairs(n_teacher: int, layers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return all pairs of a teacher's and a student's layer: first the mapped ones, the deepest first of all.

    Args:
        n_teacher: Layers of the teacher.
        layers: The teacher layer that each student layer is mapped to.
    """
    mapped = [(teacher, student) for student, teacher in enumerate(layers)][::-1]
    rest = [pair for pair in np.ndindex(n_teacher, len(layers)) if pair not in mapped]
    return (*mapped, *((int(t), int(s)) for t, s in rest))


def matches(view: AttentionView, pair: tuple[int, int]) -> tuple[Match, ...]:
    """Assign the heads of a pair of layers to each other, see :func:`match_heads`."""
    return match_heads(head_similarity(view.teacher.maps[pair[0]], view.student.maps[pair[1]]))


def pair_maps(view: AttentionView, pair: tuple[int, int], match: Match | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the map of a teacher's and of a student's layer: of two heads, or the mean over all."""
    teacher, student = view.teacher.maps[pair[0]], view.student.maps[pair[1]]
    if match is None:
        return teacher.mean(axis=0), student.mean(axis=0)
    return teacher[match.teacher], student[match.student]


def heads(view: AttentionView) -> tuple[AttentionHead, ...]:
    """Return all heads of both models, the teacher's first."""
    sides = ((True, view.teacher), (False, view.student))
    return tuple(
        AttentionHead(of_teacher=of_teacher, layer=layer, number=number)
        for of_teacher, side in sides
        for layer, number in np.ndindex(side.entropies.shape)
    )


def head_map(view: AttentionView, head: AttentionHead) -> np.ndarray:
    """Return the map of one head."""
    side = view.teacher if head.of_teacher else view.student
    return np.asarray(side.maps[head.layer, head.number])


def counterpart(view: AttentionView, head: AttentionHead, layers: Sequence[int]) -> tuple[AttentionHead, float] | None:
    """Return the head of the other model that a head is assigned to within mapped layers, and their similarity.

    None where its layer is mapped to none of the other model, or the other model has too few heads.
    """
    for student, teacher in enumerate(layers):
        if head.layer != (teacher if head.of_teacher else student):
            continue
        for match in matches(view, (teacher, student)):
            if head.number == (match.teacher if head.of_teacher else match.student):
                layer, number = (student, match.student) if head.of_teacher else (teacher, match.teacher)
                return AttentionHead(of_teacher=not head.of_teacher, layer=layer, number=number), match.similarity
    return None
