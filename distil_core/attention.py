"""What teacher and student look at, compared: plain arrays in, plain arrays out, no models.

Every map is of one text, without padding: row ``i`` says how token ``i`` shares its attention out among the tokens, and
sums to 1. Heads have no inherent order: which head of one model does the work of which head of the other is not known
and has to be found by comparing what they look at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MAX_TOKENS = 128
"""How many tokens of a text are read for its maps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
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
    """

    tokens: tuple[str, ...]
    special: tuple[bool, ...]
    teacher: np.ndarray
    student: np.ndarray
    truncated: bool = False
    shares_layers: bool = False
    window: int | None = None
    local: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A head of a teacher's layer and the head of a student's layer that it is assigned to; similarity from 0 to 1."""

    teacher: int
    student: int
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one model looks at in a text.

    Attributes:
        maps: ``(layers, heads, tokens, tokens)``.
        entropies: Of each head, see :func:`head_entropy`.
        rollout: See :func:`rollout`, ``(tokens, tokens)``.
        answer: The row of the rollout of the token that the answer is read from, the first one.
    """

    maps: np.ndarray
    entropies: np.ndarray
    rollout: np.ndarray
    answer: np.ndarray

    @property
    def spread(self) -> float:
        """How widely the heads look around on average, from 0 to 1, which is all tokens evenly."""
        return float(self.entropies.mean() / np.log(max(2, self.maps.shape[-1])))


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A reading with all that follows from it; ``similarity`` is that of :func:`layer_similarity`."""

    tokens: tuple[str, ...]
    special: tuple[bool, ...]
    teacher: Side
    student: Side
    similarity: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
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
class Answer:
    """What one model answers to a text, and how that changes with each word left out.

    ``changes`` are differences of the probability of ``label``, which the model gives to the whole text: negative where
    the word spoke for the answer.
    """

    label: int
    probability: float
    changes: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """The words of a text, and what either model says without each of them."""

    words: tuple[str, ...]
    teacher: Answer
    student: Answer


def view(reading: Reading, *, special: bool) -> View:
    """Return a reading as it is looked at, with its special tokens or, see :func:`without`, without them.

    Attention is followed through the layers with all tokens, and only then are special ones taken out.
    """
    out = [flag and not special for flag in reading.special]
    kept = [i for i, flag in enumerate(out) if not flag]
    teacher, student = _side(reading.teacher, out), _side(reading.student, out)
    return View(
        tokens=tuple(reading.tokens[i] for i in kept),
        special=tuple(reading.special[i] for i in kept),
        teacher=teacher,
        student=student,
        similarity=layer_similarity(teacher.maps, student.maps),
    )


def _side(maps: np.ndarray, out: Sequence[bool]) -> Side:
    left = without(maps, out)
    flow = rollout(maps)
    answer = flow[0, ~np.asarray(out)]
    return Side(
        maps=left, entropies=head_entropy(left), rollout=without(flow, out), answer=answer / max(answer.sum(), 1e-9)
    )


def pairs(n_teacher: int, layers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Return all pairs of a teacher's and a student's layer: first the mapped ones, the deepest first of all.

    Args:
        n_teacher: Layers of the teacher.
        layers: The teacher layer that each student layer is mapped to.
    """
    mapped = [(teacher, student) for student, teacher in enumerate(layers)][::-1]
    rest = [pair for pair in np.ndindex(n_teacher, len(layers)) if pair not in mapped]
    return (*mapped, *((int(t), int(s)) for t, s in rest))


def matches(found: View, pair: tuple[int, int]) -> tuple[Match, ...]:
    """Assign the heads of a pair of layers to each other, see :func:`match_heads`."""
    return match_heads(head_similarity(found.teacher.maps[pair[0]], found.student.maps[pair[1]]))


def pair_maps(found: View, pair: tuple[int, int], match: Match | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the map of a teacher's and of a student's layer: of two heads, or the mean over all."""
    teacher, student = found.teacher.maps[pair[0]], found.student.maps[pair[1]]
    if match is None:
        return teacher.mean(axis=0), student.mean(axis=0)
    return teacher[match.teacher], student[match.student]


def heads(found: View) -> tuple[Head, ...]:
    """Return all heads of both models, the teacher's first."""
    sides = ((True, found.teacher), (False, found.student))
    return tuple(
        Head(of_teacher=of_teacher, layer=layer, number=number)
        for of_teacher, side in sides
        for layer, number in np.ndindex(side.entropies.shape)
    )


def head_map(found: View, head: Head) -> np.ndarray:
    """Return the map of one head."""
    side = found.teacher if head.of_teacher else found.student
    return np.asarray(side.maps[head.layer, head.number])


def counterpart(found: View, head: Head, layers: Sequence[int]) -> tuple[Head, float] | None:
    """Return the head of the other model that a head is assigned to within mapped layers, and their similarity.

    None where its layer is mapped to none of the other model, or the other model has too few heads.
    """
    for student, teacher in enumerate(layers):
        if head.layer != (teacher if head.of_teacher else student):
            continue
        for match in matches(found, (teacher, student)):
            if head.number == (match.teacher if head.of_teacher else match.student):
                layer, number = (student, match.student) if head.of_teacher else (teacher, match.teacher)
                return Head(of_teacher=not head.of_teacher, layer=layer, number=number), match.similarity
    return None


def without(maps: np.ndarray, tokens: Sequence[bool]) -> np.ndarray:
    """Take some tokens out of maps, as rows and as columns; what is left of each row is divided by its sum.

    A row that looked at nothing else stays empty.

    Args:
        maps: ``(..., tokens, tokens)``.
        tokens: Which to take out.
    """
    keep = np.flatnonzero(~np.asarray(tokens, dtype=bool))
    left = maps[..., keep[:, None], keep]
    total = left.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(left, total, out=np.zeros_like(left), where=total > 0))


def head_similarity(teacher: np.ndarray, student: np.ndarray) -> np.ndarray:
    r"""Compare every head of a layer of the teacher with every head of one of the student.

    :math:`1 - \frac{1}{n} \sum_i JSD(t_i, s_i)` over the ``n`` rows of two maps, where
    :math:`JSD(p, q) = H(\frac{p + q}{2}) - \frac{H(p) + H(q)}{2}` in bits (Lin, 1991, "Divergence measures based on the
    Shannon entropy"), so that 1 is the same map, and 0 is two maps that never look at the same token.

    Args:
        teacher: ``(heads, tokens, tokens)``.
        student: The same, perhaps with another number of heads.

    Returns:
        ``(teacher heads, student heads)``, from 0 to 1.
    """
    mixed = _entropy((teacher[:, None] + student[None]) / 2)
    divergence = mixed - (_entropy(teacher)[:, None] + _entropy(student)[None]) / 2
    return np.asarray(np.clip(1 - divergence.mean(axis=-1) / np.log(2), 0, 1))


def match_heads(similarity: np.ndarray) -> tuple[Match, ...]:
    """Assign the heads of two layers to each other, each at most once, so that their similarities sum to the most.

    Args:
        similarity: As :func:`head_similarity` gives it.

    Returns:
        The pairs in the order of the student's heads; where one model has more heads, its others stay alone.
    """
    from scipy.optimize import linear_sum_assignment

    pairs = zip(*linear_sum_assignment(similarity, maximize=True), strict=True)
    found = [Match(teacher=int(t), student=int(s), similarity=float(similarity[t, s])) for t, s in pairs]
    return tuple(sorted(found, key=lambda match: match.student))


def layer_similarity(teacher: np.ndarray, student: np.ndarray) -> np.ndarray:
    """Compare every layer of the teacher with every layer of the student by what they look at.

    The mean of :func:`head_similarity` over the heads that :func:`match_heads` assigns to each other.

    Args:
        teacher: ``(layers, heads, tokens, tokens)``.
        student: The same of the student.

    Returns:
        ``(teacher layers, student layers)``, from 0 to 1.
    """
    found = np.empty((len(teacher), len(student)))
    for t, s in np.ndindex(found.shape):
        matches = match_heads(head_similarity(teacher[t], student[s]))
        found[t, s] = np.mean([match.similarity for match in matches])
    return found


def linear_cka(x: np.ndarray, y: np.ndarray) -> float:
    r"""Compare two sets of hidden states of the same tokens, whatever their widths and rotations.

    :math:`\|Y^T X\|_F^2 / (\|X^T X\|_F \|Y^T Y\|_F)` of the centered states (Kornblith et al., 2019, "Similarity of
    neural network representations revisited", arXiv:1905.00414, section 3). With few tokens for their width it comes
    out too high.

    Args:
        x: ``(tokens, width)``.
        y: ``(tokens, other width)``.

    Returns:
        From 0 to 1; 1 where one is a rotation and scaling of the other, 0 where a model says the same of all tokens.
    """
    return float(cka_matrix([x], [y])[0, 0])


def cka_matrix(teacher: Sequence[np.ndarray], student: Sequence[np.ndarray]) -> np.ndarray:
    """Return :func:`linear_cka` of every layer of the teacher and every layer of the student."""
    ours, theirs = (np.stack([_gram(states) for states in side]) for side in (teacher, student))
    scale = np.outer(np.linalg.norm(ours, axis=1), np.linalg.norm(theirs, axis=1)).astype(np.float64)
    found = (ours @ theirs.T).astype(np.float64)
    return np.asarray(np.clip(np.divide(found, scale, out=np.zeros_like(found), where=scale > 0), 0, 1))


def _gram(states: np.ndarray) -> np.ndarray:
    # Over tokens and not over the width: the products of two layers are then one row times another.
    centered = states - states.mean(axis=0)
    return np.asarray((centered @ centered.T).ravel())


def rollout(maps: np.ndarray) -> np.ndarray:
    r"""Follow attention through all layers, from each token of the last to the words that went in.

    :math:`\tilde A_L \cdots \tilde A_1`, where :math:`\tilde A = \frac{1}{2} \bar A + \frac{1}{2} I` is the mean over
    heads with the residual connection as one half, and rows that sum to 1 (Abnar & Zuidema, 2020, "Quantifying
    attention flow in transformers", arXiv:2005.00928, section 3).

    Args:
        maps: ``(layers, heads, tokens, tokens)``, special tokens included.

    Returns:
        ``(tokens, tokens)``; rows sum to 1.
    """
    found = np.eye(maps.shape[-1])
    for layer in maps.mean(axis=1, dtype=np.float64):
        step = (layer + np.eye(len(layer))) / 2
        found = step / step.sum(axis=-1, keepdims=True) @ found
    return found


def head_entropy(maps: np.ndarray) -> np.ndarray:
    """Return how widely each head looks around: the mean entropy of its rows, in nats; at most ``log(tokens)``.

    Args:
        maps: ``(layers, heads, tokens, tokens)``.

    Returns:
        ``(layers, heads)``.
    """
    return np.asarray(_entropy(maps).mean(axis=-1))


def _entropy(shares: np.ndarray) -> np.ndarray:
    # The smallest normal number: its logarithm is finite, and zero times that is zero.
    logs = np.log(np.maximum(shares, np.finfo(shares.dtype).tiny))
    return np.asarray(-np.einsum("...i,...i->...", shares, logs))
