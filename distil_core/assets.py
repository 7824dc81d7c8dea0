"""Build what ships with the package from our own corpora: the teacher, and runs to look at before the first one."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification, BertConfig, PreTrainedTokenizerFast

from distil_core.data import reviews
from distil_core.data.corpus import Split
from distil_core.models.forward import predict
from distil_core.models.loading import load_tokenizer, save
from distil_core.runs.folder import RunFolder
from distil_core.runs.foreground import run_all
from distil_core.runs.sources import FEW_LABELS
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import portable
from distil_core.settings.config import CorpusConfig, LossConfig, Method, RunConfig, TrainingConfig
from distil_core.settings.serialization import to_json
from distil_core.tasks.catalog import task_named
from distil_core.tasks.corpora import load_corpus
from distil_core.training.cache import replacing
from distil_core.training.events import Step, Validation, event_to_json
from distil_core.training.lessons import TrainingData
from distil_core.training.masked import masked_lesson, start_as_unigram
from distil_core.training.trainer import train

N_TEXTS = 100_000
"""Reviews that the shipped teacher has read."""
SEED = 20_191_003
"""Seed of those reviews: no run draws its texts from it."""
MAX_LENGTH = 96
FEW = 0.05
"""Share of the labels that the example with few of them is told."""
_DEPTH, _WIDTH, _HEAD, _VOCABULARY = 6, 128, 32, 5_000
_TRAINING = TrainingConfig(epochs=4, batch_size=64, learning_rate=8e-4, dropout=0.1, warmup=0.1)

N_WORD_TEXTS = 8_000
"""Reviews that the shipped teacher of masked words has read in each epoch."""
_WORD_DEPTH, _DOCUMENT_PASSES = 4, 3
_WORD_TRAINING = TrainingConfig(epochs=4, batch_size=64, learning_rate=1.5e-3, warmup=0.1)

Tell = Callable[[str], None]


def build_teacher(folder: Path, *, n_texts: int = N_TEXTS, tell: Tell = print) -> None:
    """Train the shipped teacher and write it to ``folder``; the same every time on the same machine.

    Its tokenizer has read both built-in corpora, its weights reviews alone, of another seed than any run's.

    Args:
        folder: Replaced as a whole.
        n_texts: Reviews to read.
        tell: Told how it goes.
    """
    texts, validation, _ = reviews.generate(n_train=n_texts, n_validation=2_000, n_test=0, seed=SEED)
    documents = load_corpus(CorpusConfig(source="python-docs")).train.texts
    tokenizer = _tokenizer([*texts.texts, *documents])
    labels = dict(enumerate(reviews.LABEL_NAMES))
    torch.manual_seed(0)
    names = {"id2label": labels, "label2id": {name: i for i, name in labels.items()}}
    config = _shape(tokenizer, depth=_DEPTH, **names)
    model = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager")
    task = task_named(RunConfig().task)
    encoded = [task.encode(tokenizer, split, max_length=MAX_LENGTH) for split in (texts, validation)]
    told = 0
    for event in train(
        model,
        *(TrainingData(tokens=part.tokens, sites=part.sites) for part in encoded),
        task=task,
        loss=replace(LossConfig(), alpha=0.0),
        training=_TRAINING,
        seed=0,
        padding=tokenizer.pad_token_id,
    ):
        match event:
            case Step() if event.step * 20 // event.n_steps > told:
                told = event.step * 20 // event.n_steps
                loss = event.loss["hard_labels"]
                tell(f"step {event.step} of {event.n_steps}, loss {loss:.3f}, {event.seconds_left:.0f} s left")
            case Validation():
                tell(f"epoch {event.epoch:.0f}: validation accuracy {event.score:.4f}")
    ceiling = reviews.noise_ceiling()
    logits = predict(model, encoded[1].tokens, padding=tokenizer.pad_token_id)
    accuracy = float((logits.argmax(dim=1) == encoded[1].sites.targets).float().mean())
    tell(f"the teacher is right on {accuracy:.1%} of unseen reviews; the noise of the labels allows {ceiling:.1%}")
    with replacing(folder) as path:
        save(model, tokenizer, path)


def _shape(tokenizer: PreTrainedTokenizerFast, *, depth: int, **names: Any) -> BertConfig:
    return BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=_WIDTH,
        num_hidden_layers=depth,
        num_attention_heads=_WIDTH // _HEAD,
        intermediate_size=4 * _WIDTH,
        max_position_embeddings=128,
        **names,
    )


def build_words(folder: Path, *, teacher: Path, n_texts: int = N_WORD_TEXTS, tell: Tell = print) -> None:
    """Train the shipped teacher of masked words on both built-in corpora as plain text, and write it to ``folder``.

    It reads reviews of the seed of the shipped teacher, and of the Python documentation what a run trains on, more
    often, as there is less of it.

    Args:
        folder: Replaced as a whole.
        teacher: Folder of the shipped teacher, whose tokenizer it shares.
        n_texts: Reviews to read.
        tell: Told how it goes.
    """
    task, tokenizer = task_named("fill-mask"), load_tokenizer(teacher)
    documents = load_corpus(CorpusConfig(source="python-docs"), task=task.name)
    written, _, _ = reviews.generate(n_train=n_texts, n_validation=0, n_test=0, seed=SEED)
    texts = Split.unlabeled([*written.texts, *documents.train.texts])
    parts = [task.encode(tokenizer, split, max_length=128) for split in (texts, documents.validation)]
    learned, validation = (TrainingData(tokens=part.tokens, sites=part.sites) for part in parts)
    often = torch.arange(len(written), len(texts)).repeat(_DOCUMENT_PASSES)
    learned = replace(learned, chosen=torch.cat([torch.arange(len(written)), often]))
    torch.manual_seed(0)
    config = _shape(tokenizer, depth=_WORD_DEPTH)
    model = AutoModelForMaskedLM.from_config(config, attn_implementation="eager")
    start_as_unigram(model, learned)
    loss = replace(LossConfig(), alpha=0.0)
    for event in train(
        model,
        masked_lesson(learned, loss=loss, training=_WORD_TRAINING, seed=0),
        validation,
        task=task,
        loss=loss,
        training=_WORD_TRAINING,
        seed=0,
        padding=tokenizer.pad_token_id,
    ):
        if isinstance(event, Validation):
            tell(f"epoch {event.epoch:.0f}: {event.score:.1%} of the masked words of unseen documentation are right")
    with replacing(folder) as path:
        save(model, tokenizer, path)


def _tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    pieces.normalizer = normalizers.BertNormalizer(lowercase=True)
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    # The trainer numbers the letters inside words as it meets them, which is in another order every time, and what it
    # learns depends on their numbers. As special tokens they are numbered first; afterwards they are so no more.
    words = (
        word
        for text in texts
        for word, _ in pieces.pre_tokenizer.pre_tokenize_str(pieces.normalizer.normalize_str(text))
    )
    letters = sorted({f"##{letter}" for word in words for letter in word[1:]})
    trainer = trainers.WordPieceTrainer(
        vocab_size=_VOCABULARY, special_tokens=[*special, *letters], show_progress=False
    )
    pieces.train_from_iterator(texts, trainer)
    learned = Tokenizer(models.WordPiece(pieces.get_vocab(), unk_token="[UNK]"))
    learned.normalizer, learned.pre_tokenizer = pieces.normalizer, pieces.pre_tokenizer
    learned.decoder = decoders.WordPiece()
    learned.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=learned,
        model_max_length=128,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def build_examples(folder: Path, *, config: RunConfig | None = None, tell: Tell = print) -> None:
    """Carry out the default run with its twins, with all labels and with few, and write what the pages need of them.

    Args:
        folder: Replaced as a whole; one folder for each model, by its method, and within ``few-labels`` the same again.
        config: Another run than the default.
        tell: Told how it goes.
    """
    whole = config or RunConfig()
    few = replace(whole, corpus=replace(whole.corpus, labeled=FEW))
    with replacing(folder) as path:
        _build_family(path, whole, tell)
        _build_family(path / FEW_LABELS, few, tell)


def _build_family(path: Path, config: RunConfig, tell: Tell) -> None:
    path.mkdir(exist_ok=True)
    store = RunStore(path / "store")
    result = run_all(config, store, on_event=lambda run, event: None)
    for run in store.list():
        assert run.record is not None
        target = RunFolder(path=path / str(run.config.method))
        shutil.copytree(store.folder(run.id).path, target.path)
        if run.config.method is not Method.DISTILLED:
            shutil.rmtree(target.student, ignore_errors=True)
            target.test_texts.unlink()
        record = replace(run.record, config=portable(run.record.config))
        target.record.write_text(json.dumps(to_json(record), indent=1) + "\n", encoding="utf-8")
        lines = (json.dumps(event_to_json(event)) for _, event in store.events(run.id))
        target.events.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    shutil.rmtree(path / "store")
    tell(f"with {config.corpus.labeled:.0%} of the labels, the student is right on {result.record.score.value:.1%}")
