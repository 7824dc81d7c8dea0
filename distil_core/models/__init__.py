"""A checkpoint becomes a model; a model is cut, packed, frozen and run.

In: the name of a checkpoint, a teacher, tokens. Out: students, logits, hidden states, attention maps.
"""

__all__ = [
    "capitals",
    "checkpoints",
    "configuration",
    "devices",
    "distilbert",
    "embeddings",
    "forward",
    "freezing",
    "head",
    "heads",
    "label_matching",
    "loading",
    "packing",
    "pooling",
    "private_apis",
    "structured_pruning",
    "surgery",
    "tokenizers",
    "units",
    "weights",
    "word_vectors",
    "words",
]
