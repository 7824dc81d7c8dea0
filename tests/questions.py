"""Questions on tiny texts: which word of a context is the one that the question names by its weather."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distil_core.settings.config import (
    CorpusConfig,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from tests import tiny


def rows(n: int, *, seed: int, unanswerable: bool = True) -> list[dict[str, Any]]:
    """Rows in SQuAD's layout, of which every fourth has no answer."""
    draw, made = random.Random(seed), []
    for number in range(n):
        label = tiny.LABELS[number % 3]
        word = draw.choice(tiny._SAID[label])
        words = [draw.choice(tiny._FILLING) for _ in range(draw.randint(4, 9))]
        is_impossible = unanswerable and number % 4 == 3
        if not is_impossible:
            words.insert(draw.randrange(len(words)), word)
        context = " ".join(words)
        answers = {"text": [], "answer_start": []} if is_impossible else {
            "text": [word], "answer_start": [len(" ".join(words[: words.index(word)])) + (words.index(word) > 0)],
        }  # fmt: skip
        made.append({"id": f"q{number}", "question": f"{label} then", "context": context, "answers": answers})
    return made


def write(path: Path, questions: Sequence[dict[str, Any]]) -> Path:
    """Write rows as a JSONL file."""
    path.write_text("".join(json.dumps(row) + "\n" for row in questions), encoding="utf-8")
    return path


def as_squad(questions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The same rows as one JSON value in SQuAD's own layout."""
    paragraphs = [
        {
            "context": row["context"],
            "qas": [
                {
                    "id": row["id"],
                    "question": row["question"],
                    "is_impossible": not row["answers"]["text"],
                    "answers": [
                        {"text": text, "answer_start": start}
                        for text, start in zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True)
                    ],
                }
            ],
        }
        for row in questions
    ]
    return {"version": "v2.0", "data": [{"title": "Weather", "paragraphs": paragraphs}]}


def a_config(folder: Path) -> RunConfig:
    """Write questions and an encoder that has no head for them, and return a run on them that takes seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = write(folder / "questions.jsonl", rows(160, seed=3))
    encoder = folder / "encoder"
    tiny.model(depth=2).base_model.save_pretrained(encoder)
    tiny.tokenizer().save_pretrained(encoder)
    return RunConfig(
        task="qa",
        corpus=CorpusConfig(source=str(corpus)),
        teacher=TeacherConfig(source=str(encoder), max_length=32, epochs=12, learning_rate=3e-3),
        student=StudentConfig(depth=1),
        training=TrainingConfig(epochs=3, batch_size=8, learning_rate=3e-3, precision=Precision.FP32),
    )
