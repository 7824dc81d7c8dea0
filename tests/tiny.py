"""Models of all eight architectures, small enough to be made and trained while a test runs, and texts to learn."""

import csv
import random
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedTokenizerFast

from distil_core.data.corpus import Corpus, Split, join_segments
from distil_core.data.sites import Sites
from distil_core.data.tokenization import Ragged, encode
from distil_core.settings.config import (
    CorpusConfig,
    LossConfig,
    Precision,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.settings.serialization import digest
from distil_core.tasks.classification import TextClassification
from distil_core.training.lessons import TrainingData
from distil_core.training.trainer import train

ARCHITECTURES = ("bert", "roberta", "albert", "distilbert", "electra", "mpnet", "modernbert", "squeezebert")
TYPED = ("bert", "albert", "electra", "squeezebert")
"""Those that tell the segments of a pair apart by token types."""
LABELS = ("cold", "mild", "hot")
TASK = TextClassification()
WIDTH, DEPTH, LENGTH = 32, 4, 40
HEAD = 8
"""Size of an attention head; the inner layers are twice as wide as the outer ones."""

_SAID = {
    "cold": ("ice", "snow", "frost", "winter", "frozen"),
    "mild": ("spring", "breeze", "cloud", "drizzle", "autumn"),
    "hot": ("desert", "sun", "fire", "summer", "burning"),
}
_FILLING = (
    "the",
    "a",
    "of",
    "we",
    "saw",
    "was",
    "near",
    "my",
    "old",
    "house",
    "then",
    "some",
    "people",
    "walked",
    "by",
)


def pairs(n: int, *, seed: int) -> tuple[str, ...]:
    """Texts of two segments, one of them sometimes much longer than the other."""
    firsts, seconds = split(n, seed=seed).texts, split(n, seed=seed + 1).texts
    return tuple(map(join_segments, zip(firsts, seconds, strict=True)))


def split(n: int, *, seed: int) -> Split:
    """Texts of five to twenty words, whose label two of the words give away; the labels take turns."""
    draw = random.Random(seed)
    texts, labels = [], []
    for i in range(n):
        words = draw.choices(_FILLING, k=draw.randint(3, 18)) + draw.choices(_SAID[LABELS[i % 3]], k=2)
        draw.shuffle(words)
        texts.append(" ".join(words))
        labels.append(i % 3)
    return Split(texts=tuple(texts), labels=tuple(labels))


def corpus(*, n_train: int = 60, n_validation: int = 18, n_test: int = 30) -> Corpus:
    """A corpus of three classes as large as one another."""
    parts = [split(n, seed=seed) for seed, n in enumerate((n_train, n_validation, n_test))]
    train, validation, test = parts
    return Corpus(
        name="weather",
        label_names=LABELS,
        train=train,
        validation=validation,
        test=test,
        notes=(),
        digest=digest((LABELS, *parts)),
    )


def write_csv(folder: Path, *, n_train: int = 60, n_test: int = 30) -> tuple[Path, Path]:
    """Write training and test texts as files, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = (folder / "weather.csv", folder / "weather-test.csv")
    for path, part in zip(paths, (split(n_train, seed=0), split(n_test, seed=2)), strict=True):
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(("text", "label"))
            rows.writerows((text, LABELS[label]) for text, label in zip(part.texts, part.labels, strict=True))
    return paths


@cache
def tokenizer(*, padding: int = 0, types: bool = True) -> PreTrainedTokenizerFast:
    """A WordPiece tokenizer of the texts above.

    ``padding`` is the id of its padding token, 0 or 1; ``types`` says whether it tells the segments of a pair apart.
    """
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    if padding:
        special[:2] = special[1::-1]
    # Written down, not learned: a trained vocabulary comes out in another order every time.
    letters = [f"{before}{letter}" for before in ("", "##") for letter in string.ascii_lowercase]
    words = [*_FILLING, *(word for said in _SAID.values() for word in said)]
    vocabulary = {piece: i for i, piece in enumerate([*special, *letters, *(word for word in words if word != "a")])}
    pieces = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    pieces.normalizer = normalizers.BertNormalizer(lowercase=True)
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(token, special.index(token)) for token in ("[CLS]", "[SEP]")]
    pieces.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        model_max_length=LENGTH,
        model_input_names=["input_ids", *["token_type_ids"] * types, "attention_mask"],
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def tokenizer_for(architecture: str) -> PreTrainedTokenizerFast:
    """A tokenizer whose padding has the id that the architecture is used to, with token types where it has them."""
    return tokenizer(padding=1 if architecture in ("roberta", "mpnet") else 0, types=architecture in TYPED)


def model(
    architecture: str = "bert",
    *,
    labels: Sequence[str] = LABELS,
    depth: int = DEPTH,
    width: int = WIDTH,
    seed: int = 0,
    **shape: Any,
) -> Any:
    """A classifier with random weights, in eval mode."""
    words = tokenizer_for(architecture)
    shape = {
        "vocab_size": len(words),
        "pad_token_id": words.pad_token_id,
        "id2label": dict(enumerate(labels)),
        "label2id": {name: i for i, name in enumerate(labels)},
        "max_position_embeddings": LENGTH + 8,
        **shape,
    }
    if architecture == "distilbert":
        shape |= {"dim": width, "n_layers": depth, "n_heads": width // HEAD, "hidden_dim": 2 * width}
    else:
        sizes = {"hidden_size": width, "num_hidden_layers": depth, "num_attention_heads": width // HEAD}
        shape |= {**sizes, "intermediate_size": 2 * width}
    if architecture in ("albert", "electra", "squeezebert"):
        shape["embedding_size"] = width if architecture == "squeezebert" else 12
    if architecture == "modernbert":
        ids = {"bos_token_id": words.cls_token_id, "eos_token_id": words.sep_token_id}
        shape |= {**ids, "cls_token_id": words.cls_token_id, "sep_token_id": words.sep_token_id, "local_attention": 8}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = AutoConfig.for_model(architecture, **shape)
        made = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager")
        # Small models that start with the usual small weights say the same of every text.
        for parameter in made.parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.15)
    return made.eval()


def tokens(architecture: str = "bert", *, n: int = 12, seed: int = 5) -> Ragged:
    """Some texts as tokens."""
    return encode(tokenizer_for(architecture), split(n, seed=seed).texts, max_length=LENGTH)


def save(architecture: str, folder: Path, *, head: bool = False, seed: int = 0) -> Path:
    """Write a checkpoint: with a head for the labels above, or the encoder alone."""
    made = model(architecture, seed=seed)
    kept = made if head else made.base_model
    kept.save_pretrained(folder)
    tokenizer_for(architecture).save_pretrained(folder)
    return folder


def teach(folder: Path) -> Path:
    """Write a classifier that has learned the texts above."""
    learned, words = model("bert"), tokenizer()
    lessons = [
        TrainingData(
            tokens=encode(words, part.texts, max_length=LENGTH), sites=Sites.of_texts(torch.tensor(part.labels))
        )
        for part in (split(240, seed=7), split(30, seed=8))
    ]
    settings = TrainingConfig(epochs=8, batch_size=16, learning_rate=3e-3, precision=Precision.FP32)
    for _ in train(learned, *lessons, task=TASK, loss=LossConfig(alpha=0.0), training=settings, seed=0, padding=0):
        pass
    learned.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


@dataclass(frozen=True)
class Lab:
    """Where texts and a teacher for them lie."""

    corpus: Path
    test: Path
    teacher: Path

    def config(self, **changes: Any) -> RunConfig:
        """A run that takes about a second."""
        values: dict[str, Any] = {
            "corpus": CorpusConfig(source=str(self.corpus), test=str(self.test)),
            "teacher": TeacherConfig(source=str(self.teacher), max_length=LENGTH),
            "student": StudentConfig(depth=2),
            "training": TrainingConfig(epochs=1, batch_size=8, learning_rate=1e-3, precision=Precision.FP32),
        }
        return RunConfig(**{**values, **changes})
