"""The field's terms, each in a sentence for whoever meets it first; pages show them on hover where a term stands."""

import re
from collections.abc import Mapping

TERMS: Mapping[str, str] = {
    "baseline": "The simplest thing one would do instead: a model without a transformer, or always the same answer.",
    "out-of-domain": "Measured on texts from elsewhere than the training texts, which shows how far a model carries.",
    "initialization": "What the student's weights are before training: the teacher's layers, or random numbers.",
    "frozen layers": "Layers whose weights training leaves as they are.",
    "hidden-state MSE": "Mean squared error: how far the student's hidden states are from the teacher's.",
    "hidden state": "The vector that a layer computes for each token, and passes on to the next layer.",
    "labeled fraction": "How much of the training split tells its hard labels; the teacher's soft labels cost none.",
    "held-out class": "A class of which the student never sees a text: what it knows of it, it has from the teacher.",
    "sequence length": "How many tokens of a text a model reads; what comes after them is cut off.",
    "warm-up ratio": "Over this part of the steps the learning rate rises from 0 to its largest value.",
    "confidence": "The probability that a model gives to the label it answers.",
    "attention entropy": "How widely a head looks: 0 nats at one token, their number's logarithm at all alike.",
    "attention rollout": "Attention multiplied through all layers: how much of each token reaches the one at the end.",
    "leave-one-out": "Every word is left out in turn: how far the answer moves shows how much it rests on the word.",
    "reliability": "Whether of the answers with a confidence of 80 % about 80 % are right.",
    "layer": "One of the blocks that a transformer computes in turn; each lets every token look at the others.",
    "logit": "The score of a label before the softmax makes probabilities of them all; only differences count.",
    "nats": "The unit of entropy and divergence with natural logarithms: 1 nat is 1.44 bits.",
    "entropy": "How undecided a distribution is: 0 if one label has it all, most if all labels have the same.",
    "KL": "Kullback-Leibler divergence: what is lost when the student's probabilities stand for the teacher's.",
    "head": "One of the parts of a layer that look at other tokens, each in a way of its own.",
    "[CLS]": "The token that is put before every text; classifiers read their answer from its hidden state.",
    "95 % interval": "Where the figure would lie in 95 of 100 such test sets; it is narrower the more texts there are.",
    "temperature": "What logits are divided by before the softmax: above 1 it evens the probabilities out.",
    "soft labels": "The teacher's probabilities of all labels, where a hard label names the right one alone.",
    "training loss": "What training makes small: how far the student is from the teacher and the hard labels.",
    "confusion matrix": "How often each answer of one model meets each answer of the other; alike on the diagonal.",
    "agreement": "How often student and teacher give the same answer, be it right or wrong.",
    "calibration": "How well confidence says how often a model is right.",
    "gradient norm": "How hard a term of the loss pulls at the student's weights.",
    "latency": "How long one text takes.",
    "random-start twin": "The same student, distilled from random weights: what it lacks, copied layers brought.",
    "hard-label twin": "The same student, trained on hard labels alone: what it lacks, distilling has brought.",
    "validation": "Measured on texts that nobody trains on, while training goes on; the test texts are for the end.",
    "hard labels": "The labels that the corpus gives its texts: one is right, and nothing is said of the others.",
    "runner-up agreement": "How often both models have the same second choice: do they rank wrong labels alike?",
    "parameters": "The weights of a model, all the numbers that training finds.",
    "throughput": "How many texts a second it takes, many at a time.",
    "batch size": "How many texts a model sees between two changes of its weights.",
    "hidden size": "How many numbers the vector of a token has between the layers.",
    "neuron": "One of the numbers in the middle of a layer's feed-forward part.",
    "seed": "What all random choices follow from: the same one repeats a run, others show what is chance.",
    "chance": "What one comes to without looking at a text.",
    "recall": "Of the texts of a class, those that are answered so.",
    "precision": "Of the answers that name a class, those that are right.",
    "ECE": "Expected calibration error: how far confidence is from the share that is right, on average.",
    "NLL": "Negative log-likelihood: how surprised a model is at the right label, on average; 0 if it never is.",
    "cosine": "How far two vectors point the same way: 1 entirely, 0 not at all.",
    "epoch": "Training has gone once through all of its texts.",
}
"""Each term as the field writes it, with its meaning in one sentence that does not repeat it."""
_PATTERNS = {
    term: re.compile(rf"(?<![\w-]){re.escape(term)}(?:s|es)?(?![\w-])(?! \d)", re.IGNORECASE)
    for term in sorted(TERMS, key=len, reverse=True)
}


def explain(text: str, *, most: int = 2) -> str | None:
    """Return what the terms in a title or a label mean, as markdown for its tooltip; None where there is none.

    Args:
        text: The title.
        most: How many terms are explained, the longest first.
    """
    terms: list[str] = []
    for term, pattern in _PATTERNS.items():
        if pattern.search(text):
            text = pattern.sub(" ", text)  # a term within another is not meant
            terms.append(term)
    return "  \n".join(f"**{term[:1].upper()}{term[1:]}**: {TERMS[term]}" for term in terms[:most]) or None
