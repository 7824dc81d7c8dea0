"""Named entities on tiny texts: one or two words of the same weather are an entity of its type."""

import json
import random
from pathlib import Path

from distil_core.settings.config import (
    CorpusConfig,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from tests import tiny


def rows(n: int, *, seed: int) -> list[dict[str, list[str]]]:
    """Sentences as words and tags: some words are several tokens, and every fourth sentence has no entity."""
    draw, made = random.Random(seed), []
    for number in range(n):
        plain = (*tiny._FILLING, "walkers", "oldest" if number % 5 else "by-and-by")
        words = [draw.choice(plain) for _ in range(draw.randint(4, 9))]
        tags = ["O"] * len(words)
        for label in draw.sample(tiny.LABELS, k=number % 4 and draw.randint(1, 2)):
            place, length, said = draw.randrange(len(words) + 1), draw.randint(1, 2), tiny._SAID[label]
            while place < len(words) and tags[place].startswith("I-"):
                place += 1
            words[place:place] = [draw.choice(said[:3]) + draw.choice(("", "ly")), draw.choice(said[3:])][:length]
            tags[place:place] = [f"B-{label}", f"I-{label}"][:length]
        made.append({"tokens": words, "ner_tags": tags})
    return made


def a_config(folder: Path) -> RunConfig:
    """Write sentences and an encoder that has no head for them, and return a run on them that takes seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = folder / "sentences.jsonl"
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows(240, seed=3)), encoding="utf-8")
    encoder = folder / "encoder"
    tiny.model(depth=2).base_model.save_pretrained(encoder)
    tiny.tokenizer().save_pretrained(encoder)
    return RunConfig(
        task="tokens",
        corpus=CorpusConfig(source=str(corpus)),
        teacher=TeacherConfig(source=str(encoder), max_length=40, epochs=20, learning_rate=3e-3),
        student=StudentConfig(depth=1),
        training=TrainingConfig(epochs=3, batch_size=8, learning_rate=3e-3, precision=Precision.FP32),
    )
