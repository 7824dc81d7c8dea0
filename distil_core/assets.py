"""Build what ships with the package from our own corpora: the teacher, and runs to look at before the first one."""

import json
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch import nn
from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification, BertConfig, PreTrainedTokenizerFast

from distil_core.data import everyday, reviews
from distil_core.data.corpus import Split
from distil_core.errors import MissingExtraError
from distil_core.evaluation.records import ModelRecord
from distil_core.models.checkpoints import locate
from distil_core.models.forward import predict
from distil_core.models.loading import load_tokenizer, save
from distil_core.models.word_vectors import ProjectedEmbedding, vectors_of
from distil_core.reporting.lessons import missing_class_config
from distil_core.runs.folder import RunFolder
from distil_core.runs.foreground import run_all
from distil_core.runs.sources import FEW_LABELS, MISSING_CLASS
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import portable
from distil_core.settings.config import CorpusConfig, LossConfig, Method, RunConfig, TrainingConfig
from distil_core.settings.serialization import to_json
from distil_core.tasks.catalog import task_named
from distil_core.tasks.classification.everyday_list import EVERYDAY_SIDES, read_everyday
from distil_core.tasks.corpora import load_corpus
from distil_core.training.cache import replacing
from distil_core.training.events import Step, Validation, event_to_json
from distil_core.training.lessons import TrainingData
from distil_core.training.masked import masked_lesson, start_as_unigram
from distil_core.training.teacher_outputs import TeacherOutputs
from distil_core.training.trainer import train
from distil_core.types import Model

N_TEXTS = 100_000
"""Reviews that the shipped teacher has read."""
SEED = 20_191_003
"""Seed of those reviews: no run draws its texts from it."""
MAX_LENGTH = 96
FEW = 0.05
"""Share of the labels that the example with few of them is told."""
_DEPTH, _WIDTH, _HEAD, _VOCABULARY = 6, 128, 32, 5_000
_TRAINING = TrainingConfig(epochs=4, batch_size=64, learning_rate=8e-4, dropout=0.1, warmup=0.1)

N_SENTENCES = 40_000
"""Everyday sentences that it then reads."""
N_AGAIN = 36_000
"""Reviews that it reads again beside them."""
N_COMMON = 4_500
"""Commonest words of MiniLM's vocabulary, which it gets to know as well."""
_CLEAR_RATING, _HIGHEST_RATING = 0.9, 4.0
_LEAST = 1e-4
_OF_BEFORE = 0.15
"""Share that the weights of before keep."""
_READING_ON = TrainingConfig(epochs=1, batch_size=64, learning_rate=5e-4, dropout=0.1, warmup=0.1, averaging=0.2)
_WORD = re.compile(r"[a-z]{2,}")
_RUN = re.compile(r"[a-z']+")

N_WORD_TEXTS = 8_000
"""Reviews that the shipped teacher of masked words has read in each epoch."""
_WORD_DEPTH, _DOCUMENT_PASSES = 4, 3
_WORD_TRAINING = TrainingConfig(epochs=4, batch_size=64, learning_rate=1.5e-3, warmup=0.1)

Tell = Callable[[str], None]


def build_teacher(folder: Path, *, n_texts: int = N_TEXTS, tell: Tell = print) -> None:
    """Train the shipped teacher and write it to ``folder``; the same every time on the same machine.

    Its tokenizer has read both built-in corpora, its weights first reviews alone, of another seed than any run's; then
    it reads on, see :func:`_read_on`.

    Args:
        folder: Replaced as a whole.
        n_texts: Reviews to read.
        tell: Told how it goes.
    """
    texts, validation, _ = reviews.generate(n_train=n_texts, n_validation=2_000, n_test=0, seed=SEED)
    tokenizer = _first_tokenizer(texts.texts)
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
    tokenizer = _read_on(model, tokenizer, texts, validation, tell=tell)
    with replacing(folder) as path:
        save(model, tokenizer, path, dtype=torch.float16)


def _read_on(
    model: Model, tokenizer: PreTrainedTokenizerFast, texts: Split, validation: Split, *, tell: Tell
) -> PreTrainedTokenizerFast:
    """Let a teacher of the reviews learn what other words mean, and return its larger tokenizer.

    The words come from MiniLM: what a word is to the teacher is a linear map of what it is to MiniLM, which is learned
    on everyday sentences. So words that no sentence shows have a meaning, too. Beside them the teacher reads some of
    the reviews again and answers as it did before, and in the end keeps a part of the weights that it had, which costs
    less of what it knew of them (Wortsman et al., 2022, arXiv:2109.01903).
    """
    folder, ratings = locate("minilm").folder, _ratings()
    known = load_tokenizer(folder).get_vocab()
    # Its vocabulary has the commonest words first.
    common = [word for word in sorted(known, key=known.__getitem__) if _WORD.fullmatch(word)][:N_COMMON]
    rated = {word: value for word, value in ratings.items() if word in known}
    vocabulary = tokenizer.get_vocab()
    words = sorted(vocabulary, key=vocabulary.__getitem__)
    new = dict.fromkeys((*(word for word in everyday.everyday_words() if word in known), *rated, *common))
    words += [word for word in new if word not in vocabulary]
    larger = _fast({word: i for i, word in enumerate(words)})
    sentences = without_overlap(
        everyday.everyday_sentences(
            N_SENTENCES,
            seed=SEED,
            rated=[everyday.Rated(word, value) for word, value in rated.items()],
            neutral=[word for word in common if word not in ratings],
        ),
        read_everyday(),
    )
    task = task_named(RunConfig().task)
    again = Split(texts=texts.texts[:N_AGAIN], labels=texts.labels[:N_AGAIN])
    answers = predict(
        model, task.encode(tokenizer, again, max_length=MAX_LENGTH).tokens, padding=tokenizer.pad_token_id
    )
    told = torch.tensor([reviews.label_probabilities(sentence.value) for sentence in sentences])
    together = Split(
        texts=(*(sentence.text for sentence in sentences), *again.texts),
        labels=(*told.argmax(dim=1).tolist(), *again.labels),
    )
    rows = model.get_input_embeddings().weight.detach()
    rows = torch.cat([rows, rows.new_zeros(len(words) - len(rows), rows.shape[1])])
    embedding = ProjectedEmbedding(rows, vectors_of(words, folder))
    model.set_input_embeddings(nn.Embedding.from_pretrained(rows, freeze=False))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.set_input_embeddings(embedding)
    lesson, measured = (task.encode(larger, split, max_length=MAX_LENGTH) for split in (together, validation))
    logits = torch.cat([told.clamp_min(_LEAST).log(), answers])
    shown = 0
    signal = TeacherOutputs(logits=logits, width=_WIDTH, tokens=lesson.tokens, sites=lesson.sites)
    for event in train(
        model,
        TrainingData(tokens=lesson.tokens, sites=lesson.sites, teacher=signal),
        TrainingData(tokens=measured.tokens, sites=measured.sites),
        task=task,
        loss=LossConfig(alpha=1.0, temperature=1.0),
        training=_READING_ON,
        seed=0,
        padding=larger.pad_token_id,
    ):
        if isinstance(event, Step) and event.step * 20 // event.n_steps > shown:
            shown = event.step * 20 // event.n_steps
            tell(f"with {len(words):,} words, step {event.step} of {event.n_steps}, {event.seconds_left:.0f} s left")
        elif isinstance(event, Validation):
            tell(f"with {len(words):,} words, epoch {event.epoch:.0f}: validation accuracy {event.score:.4f}")
    model.set_input_embeddings(embedding.plain())
    model.config.vocab_size = len(words)
    model.load_state_dict({name: value.lerp(before[name], _OF_BEFORE) for name, value in model.state_dict().items()})
    right = predict(model, measured.tokens, padding=larger.pad_token_id).argmax(dim=1) == measured.sites.targets
    tell(f"{float(right.float().mean()):.1%} of unseen reviews are right with {1 - _OF_BEFORE:.0%} of what it learned")
    for half in ("development", "report"):
        tell(f"{_everyday_accuracy(model, larger, half):.1%} of the {half} half of the everyday list are right")
    return larger


def _ratings() -> dict[str, float]:
    """Return the words of the VADER lexicon (Hutto & Gilbert, 2014) that are clearly good or bad, from -1 to 1."""
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError as exc:
        raise MissingExtraError("Building the shipped teacher", "assets") from exc
    lexicon: dict[str, float] = SentimentIntensityAnalyzer().lexicon
    return {
        word: value / _HIGHEST_RATING
        for word, value in lexicon.items()
        if _WORD.fullmatch(word) and abs(value) >= _CLEAR_RATING
    }


def without_overlap(sentences: Iterable[everyday.Clause], measured: Iterable[str]) -> tuple[everyday.Clause, ...]:
    """Leave out sentences that have five words in a row in common with any text that models are measured on."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = _RUN.findall(text.lower())
        return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}

    seen = {run for text in measured for run in runs(text)}
    return tuple(sentence for sentence in sentences if not runs(sentence.text) & seen)


def _everyday_accuracy(model: Model, tokenizer: PreTrainedTokenizerFast, half: str) -> float:
    rows, names = read_everyday(half), reviews.LABEL_NAMES
    encoded = task_named(RunConfig().task).encode(tokenizer, Split.unlabeled(list(rows)), max_length=MAX_LENGTH)
    answers = predict(model, encoded.tokens, padding=tokenizer.pad_token_id).argmax(dim=1).tolist()
    return sum(
        names[answer] in EVERYDAY_SIDES[side] for answer, side in zip(answers, rows.values(), strict=True)
    ) / len(rows)


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


def build_words(
    folder: Path, *, n_texts: int = N_WORD_TEXTS, n_tokenizer_texts: int = N_TEXTS, tell: Tell = print
) -> None:
    """Train the shipped teacher of masked words on both built-in corpora as plain text, and write it to ``folder``.

    It reads reviews of the seed of the shipped teacher, and of the Python documentation what a run trains on, more
    often, as there is less of it.

    Args:
        folder: Replaced as a whole.
        n_texts: Reviews to read.
        n_tokenizer_texts: Reviews that its tokenizer has read, with which the shipped teacher begins, too.
        tell: Told how it goes.
    """
    task, documents = task_named("fill-mask"), load_corpus(CorpusConfig(source="python-docs"), task="fill-mask")
    read, _, _ = reviews.generate(n_train=n_tokenizer_texts, n_validation=0, n_test=0, seed=SEED)
    tokenizer = _first_tokenizer(read.texts)
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
        save(model, tokenizer, path, dtype=torch.float16)


def _first_tokenizer(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """Return the tokenizer that has read some reviews and all documentation that a run trains on."""
    documents = load_corpus(CorpusConfig(source="python-docs")).train.texts
    return _tokenizer([*texts, *documents])


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
    return _fast(pieces.get_vocab())


def _fast(vocabulary: dict[str, int]) -> PreTrainedTokenizerFast:
    learned = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    learned.normalizer = normalizers.BertNormalizer(lowercase=True)
    learned.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
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
    """Carry out the default run with its twins, with all labels, with few and without a class.

    What the pages need of them is written; of the last one that is no student.

    Args:
        folder: Replaced as a whole; one folder for each model, by its method, and within ``few-labels`` and
            ``missing-class`` the same again.
        config: Another run than the default.
        tell: Told how it goes.
    """
    whole = config or RunConfig()
    few = replace(whole, corpus=replace(whole.corpus, labeled=FEW))
    with replacing(folder) as path:
        names = _build_family(path, whole, tell)
        _build_family(path / FEW_LABELS, few, tell)
        _build_family(path / MISSING_CLASS, missing_class_config(whole, names), tell, with_student=False)


def _build_family(path: Path, config: RunConfig, tell: Tell, *, with_student: bool = True) -> tuple[str, ...]:
    """Carry out a run with its twins, and return the names of its classes."""
    path.mkdir(exist_ok=True)
    store = RunStore(path / "store")
    result = run_all(config, store, on_event=lambda run, event: None)
    for run in store.list():
        assert run.record is not None
        target = RunFolder(path=path / str(run.config.method))
        shutil.copytree(store.folder(run.id).path, target.path)
        if not with_student or run.config.method is not Method.DISTILLED:
            shutil.rmtree(target.student, ignore_errors=True)
            target.test_texts.unlink()
        record = replace(run.record, config=portable(run.record.config))
        if not with_student:
            record = replace(record, model=_untimed(record.model), teacher=record.teacher and _untimed(record.teacher))
        target.record.write_text(json.dumps(to_json(record), indent=1) + "\n", encoding="utf-8")
        lines = (json.dumps(event_to_json(event)) for _, event in store.events(run.id))
        target.events.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    shutil.rmtree(path / "store")
    without = f" but those of {config.corpus.left_out}" if config.corpus.left_out else ""
    tell(
        f"with {config.corpus.labeled:.0%} of the labels{without}, the student is right on "
        f"{result.record.score.value:.1%}"
    )
    return result.record.class_names


def _untimed(measured: ModelRecord) -> ModelRecord:
    """Return what was measured without times, as of a model that nobody can ask."""
    cost = measured.cost and replace(measured.cost, latency_ms=None, texts_per_second=None)
    return replace(measured, cost=cost)
