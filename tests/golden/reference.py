"""The published formulas once more, in float64 with numpy and scipy, one example and one token at a time.

Shares no code with the package: an error would have to be made twice to go unseen.
"""

from typing import Any

import numpy as np
from scipy.spatial.distance import cosine, jensenshannon
from scipy.special import softmax
from scipy.stats import entropy

TEMPERATURES = (0.5, 1.0, 2.0, 4.0, 10.0)


def inputs(*, seed: int, n_examples: int, n_classes: int) -> dict[str, Any]:
    """Draw a small batch, rounded so that the file can be read by people."""
    rng = np.random.default_rng(seed)
    length, student_width, width, student_heads, heads = 4, 3, 5, 2, 4
    n_tokens = rng.integers(1, length + 1, size=n_examples)
    n_tokens[0] = length
    mask = np.arange(length) < n_tokens[:, None]

    def attention(n_heads: int) -> np.ndarray:
        scores = rng.normal(scale=2, size=(n_examples, n_heads, length, length))
        return softmax(np.where(mask[:, None, None, :], scores, -np.inf), axis=-1)

    drawn = {
        "student_logits": rng.normal(scale=2, size=(n_examples, n_classes)).round(3),
        "teacher_logits": rng.normal(scale=3, size=(n_examples, n_classes)).round(3),
        "labels": rng.integers(n_classes, size=n_examples),
        "mask": mask,
        "student_hidden": rng.normal(size=(n_examples, length, student_width)).round(3),
        "teacher_hidden": rng.normal(size=(n_examples, length, width)).round(3),
        "projection": rng.normal(size=(student_width, width)).round(3),
        "student_attention": attention(heads),
        "teacher_attention": attention(heads),
        "fewer_heads_attention": attention(student_heads),
    }
    return {name: value.tolist() for name, value in drawn.items()}


def values(given: dict[str, Any]) -> dict[str, Any]:
    """Compute what every function should give on these inputs."""
    a = {name: np.array(value) for name, value in given.items()}
    teacher, student, labels = a["teacher_logits"], a["student_logits"], a["labels"]
    n = len(labels)
    p, q = softmax(teacher, axis=1), softmax(student, axis=1)
    loss = {
        **{f"soft_labels_{t:g}": _soft(student, teacher, t) for t in TEMPERATURES},
        "hard_labels": float(np.mean([-np.log(q[i, labels[i]]) for i in range(n)])),
        **{f"similarity_kl_{t:g}": _similarity(student, teacher, t) for t in TEMPERATURES},
        "vector_cosine": float(np.mean([cosine(student[i], teacher[i]) for i in range(n)])),
        "logit_mse": float(np.mean([0.5 * np.sum((student[i] - teacher[i]) ** 2) for i in range(n)])),
        "hidden_cosine": _over_tokens(a, cosine),
        "hidden_mse": _over_tokens(a, lambda s, t: np.mean((s - t) ** 2)),
        "attention_kl": _attention(a, a["student_attention"], a["teacher_attention"]),
        "attention_kl_fewer_heads": _attention(
            a, a["fewer_heads_attention"].mean(axis=1)[:, None], a["teacher_attention"].mean(axis=1)[:, None]
        ),
    }
    # alpha 0.7 at temperature 2, and a weight for every other part.
    loss["distillation_loss"] = (
        0.7 * loss["soft_labels_2"]
        + 0.3 * loss["hard_labels"]
        + 0.01 * loss["logit_mse"]
        + 0.5 * loss["hidden_cosine"]
        + 0.2 * loss["hidden_mse"]
        + 3.0 * loss["attention_kl"]
    )
    return {
        "losses": loss,
        "soften": {f"{t:g}": softmax(teacher / t, axis=1).tolist() for t in TEMPERATURES},
        "entropy": entropy(p, axis=1).tolist(),
        "kl": entropy(p, q, axis=1).tolist(),
        "jensen_shannon": (jensenshannon(p, q, axis=1) ** 2).tolist(),
        "loyalty": (1 - jensenshannon(p, q, base=2, axis=1)).tolist(),
    }


def _soft(student: np.ndarray, teacher: np.ndarray, temperature: float) -> float:
    pairs = zip(softmax(teacher / temperature, axis=1), softmax(student / temperature, axis=1), strict=True)
    return float(temperature**2 * np.mean([entropy(p, q) for p, q in pairs]))


def _similarity(student: np.ndarray, teacher: np.ndarray, temperature: float) -> float:
    def rows(vectors: np.ndarray) -> list[list[float]]:
        n = len(vectors)
        return [[20 * (1 - cosine(vectors[i], vectors[j])) for j in range(n) if j != i] for i in range(n)]

    if len(teacher) == 1:
        return 0.0
    pairs = zip(rows(teacher), rows(student), strict=True)
    each = [entropy(softmax(np.array(t) / temperature), softmax(np.array(s) / temperature)) for t, s in pairs]
    return float(temperature**2 * np.mean(each))


def _over_tokens(a: dict[str, np.ndarray], distance: Any) -> float:
    means = []
    for student, teacher, mask in zip(a["student_hidden"], a["teacher_hidden"], a["mask"], strict=True):
        real = [i for i, is_real in enumerate(mask) if is_real]
        means.append(np.mean([distance(student[i] @ a["projection"], teacher[i]) for i in real]))
    return float(np.mean(means))


def _attention(a: dict[str, np.ndarray], student: np.ndarray, teacher: np.ndarray) -> float:
    means = []
    for s, t, mask in zip(student, teacher, a["mask"], strict=True):
        n = int(mask.sum())
        means.append(np.mean([entropy(t[head, i, :n], s[head, i, :n]) for head in range(len(t)) for i in range(n)]))
    return float(np.mean(means))
