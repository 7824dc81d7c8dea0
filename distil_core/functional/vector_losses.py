"""What a student whose answers are vectors is asked to imitate; with the promises of :mod:`losses`."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from distil_core.functional.losses import soft_labels
from distil_core.settings.config import SIMILARITY_SCALE
from distil_core.types import Logits, Scalar

StudentVectors = Float[Tensor, "sites student_classes"]


def similarity_kl(
    student_vectors: StudentVectors,
    teacher_vectors: Logits,
    *,
    temperature: float,
    normalizer: float | None = None,
) -> Scalar:
    r"""Ask for the teacher's similarities within a batch, ``T² · KL(p_t || p_s)`` with ``p = softmax(s / T)``, in nats.

    ``s`` are the cosines of a text with all others of the batch, times 20 as in the losses of sentence-transformers.
    Widths may differ.
    Summed over the others, averaged over texts; a text that is alone in its batch asks for nothing.

    Args:
        student_vectors: Vectors of the student.
        teacher_vectors: Vectors of the teacher, which stay as they are.
        temperature: Above zero; both rows of similarities are softened with it.
        normalizer: Divisor of the sum over the batch; None: the number of texts.

    Raises:
        ConfigError: If ``temperature`` is not above zero.
    """
    if len(student_vectors) < 2:
        return 0.0 * student_vectors.sum()
    student, teacher = (_similarities(vectors) for vectors in (student_vectors, teacher_vectors.detach()))
    return soft_labels(student, teacher, temperature=temperature, normalizer=normalizer)


def vector_cosine(student_vectors: Logits, teacher_vectors: Logits, *, normalizer: float | None = None) -> Scalar:
    r"""Ask for the direction of the teacher's vector, ``1 - cos(v_s, v_t)``, from 0 to 2; averaged over texts.

    Args:
        student_vectors: Vectors of the student.
        teacher_vectors: Vectors of the teacher, which stay as they are.
        normalizer: Divisor of the sum over the batch; None: the number of texts.
    """
    student, teacher = _units(student_vectors), _units(teacher_vectors.detach())
    # 1 - cos is half the squared distance of the unit vectors, which rounding cannot push below zero.
    apart = 0.5 * (student - teacher).square().sum(dim=-1)
    return apart.sum() / (len(apart) if normalizer is None else normalizer)


def _similarities(vectors: Tensor) -> Tensor:
    """Return the scaled cosines of each text with all others, a row a text."""
    units = _units(vectors)
    n = len(units)
    others = ~torch.eye(n, dtype=torch.bool, device=units.device)
    return (SIMILARITY_SCALE * units @ units.T)[others].view(n, n - 1)


def _units(vectors: Tensor) -> Tensor:
    return F.normalize(vectors if vectors.dtype == torch.float64 else vectors.float(), dim=-1)
