"""Time a distillation beside the loop that people write today: ``python -m tests.benchmarks.train --help``.

Both sides get the same texts, teacher, student, batch size, epochs and schedule, each in a process of its own, in
turn; the time is that of the whole process. Theirs is ``transformers.Trainer`` with a ``compute_loss``: the teacher in
the loop, dynamic padding, fp32. Its learning rate may differ, since its loss and dropout do. Needs ``pip install
accelerate``.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="CSV with the columns text and label")
    parser.add_argument("--test", type=Path, required=True, help="CSV with the same columns")
    parser.add_argument("--teacher", type=Path, required=True, help="folder of a classifier for these labels")
    parser.add_argument("--layers", default="0,2,5")
    parser.add_argument("--max-examples", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--temperature", type=float, default=4.0)
    parser.add_argument("--alpha", type=float, default=0.9)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--peer-learning-rate", type=float, default=3e-4)
    parser.add_argument("--repeats", type=int, default=1, help="pairs of runs, each with another seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--side", choices=("ours", "peer"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        accuracy = {"ours": ours, "peer": peer}[options.side](options)
        print(json.dumps({"accuracy": accuracy}))
    else:
        compare(options)


def compare(options: argparse.Namespace) -> None:
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "peer": []}
    for repeat in range(options.repeats):
        for side in ("ours", "peer") if repeat % 2 == 0 else ("peer", "ours"):
            command = [sys.executable, "-m", "tests.benchmarks.train", *sys.argv[1:]]
            started = time.perf_counter()
            done = subprocess.run(
                [*command, "--side", side, "--seed", str(options.seed + repeat)],
                check=True,
                capture_output=True,
                text=True,
                env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"},
            )
            seconds = time.perf_counter() - started
            accuracy = json.loads(done.stdout.splitlines()[-1])["accuracy"]
            found[side].append((seconds, accuracy))
            print(f"{side:5} seed {options.seed + repeat}: {seconds:6.1f} s, accuracy {accuracy:.4f}", flush=True)
    ratios = [theirs[0] / own[0] for own, theirs in zip(found["ours"], found["peer"], strict=True)]
    result = {
        "ratio": statistics.median(ratios),
        "ratio_range": [min(ratios), max(ratios)],
        "seconds": statistics.median(seconds for seconds, _ in found["ours"]),
        "peer_seconds": statistics.median(seconds for seconds, _ in found["peer"]),
        "accuracy": statistics.mean(accuracy for _, accuracy in found["ours"]),
        "peer_accuracy": statistics.mean(accuracy for _, accuracy in found["peer"]),
    }
    print(f"{result['ratio']:.1f} times as fast (from {min(ratios):.1f} to {max(ratios):.1f})")
    print(json.dumps(result))


def read(path: Path) -> tuple[list[str], list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def ours(options: argparse.Namespace) -> float:
    """Do what the peer does and no more: no teacher on the test texts, no intervals."""
    import torch

    from distil_core import LayerMap, LossConfig, StudentConfig, TrainingConfig, models, teachers
    from distil_core.execution import drain
    from distil_core.tokens import encode
    from distil_core.training import Lesson, resolve_precision, train

    tokenizer, model = models.load_tokenizer(options.teacher), models.load_model(options.teacher)
    names = list(model.config.id2label.values())
    tokens, labels = {}, {}
    for split, path, limit in (("train", options.train, options.max_examples), ("test", options.test, None)):
        texts, found = read(path)
        tokens[split] = encode(tokenizer, texts[:limit], max_length=128)
        labels[split] = torch.tensor([names.index(label) for label in found[:limit]])
    loss = LossConfig(temperature=options.temperature, alpha=options.alpha)
    training = TrainingConfig(epochs=options.epochs, batch_size=options.batch_size, learning_rate=options.learning_rate)
    shape = StudentConfig(layer_map=LayerMap.EXPLICIT, layers=tuple(map(int, options.layers.split(","))))
    student, layers = models.cut(model, shape, seed=options.seed)
    answers = drain(
        teachers.outputs(
            teachers.Teacher(name="teacher", digest="", model=model, folder=options.teacher),
            {"train": tokens["train"]},
            corpus_digest="",
            padding=tokenizer.pad_token_id,
            precision=resolve_precision(training.precision, model.device),
            loss=loss,
            layers=layers,
            cache=None,
        ),
        lambda event: None,
    )
    trimmed = models.trim_embedding(student, [part.ids for part in tokens.values()], padding=tokenizer.pad_token_id)
    padding = int(trimmed.lookup[tokenizer.pad_token_id])
    texts = {split: part.with_ids(trimmed.lookup) for split, part in tokens.items()}
    lesson = Lesson(tokens=texts["train"], labels=labels["train"], teacher=answers["train"])
    few = Lesson(
        tokens=encode(tokenizer, ["few"], max_length=8).with_ids(trimmed.lookup * 0), labels=labels["train"][:1]
    )
    work = train(student, lesson, few, loss=loss, training=training, seed=options.seed, padding=padding, layers=layers)
    drain(work, lambda event: None)
    guess = models.predict(student, texts["test"], padding=padding).argmax(dim=1)
    return float((guess == labels["test"]).float().mean())


def peer(options: argparse.Namespace) -> float:
    import torch
    from torch.nn import functional
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    set_seed(options.seed)
    layers = list(map(int, options.layers.split(",")))
    tokenizer = AutoTokenizer.from_pretrained(options.teacher)
    teacher = AutoModelForSequenceClassification.from_pretrained(options.teacher, dtype=torch.float32).eval()
    teacher.config.num_hidden_layers = len(layers)
    student = AutoModelForSequenceClassification.from_config(teacher.config)
    weights = teacher.state_dict()
    for name in student.state_dict():
        before, found, after = name.partition(".layer.")
        number, _, rest = after.partition(".")
        origin = f"{before}.layer.{layers[int(number)]}.{rest}" if found else name
        student.state_dict()[name].copy_(weights[origin])
    names = list(teacher.config.id2label.values())

    def examples(path: Path, limit: int | None = None) -> list[dict[str, object]]:
        texts, labels = read(path)
        encoded = tokenizer(texts[:limit], truncation=True, max_length=128)
        return [
            {"input_ids": ids, "attention_mask": mask, "labels": names.index(label)}
            for ids, mask, label in zip(encoded["input_ids"], encoded["attention_mask"], labels, strict=False)
        ]

    class Distiller(Trainer):
        def compute_loss(self, model, inputs, return_outputs=False, **_):  # type: ignore[no-untyped-def]
            output = model(**inputs)
            with torch.no_grad():
                wanted = teacher(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
            soft = functional.kl_div(
                functional.log_softmax(output.logits / options.temperature, dim=-1),
                functional.softmax(wanted / options.temperature, dim=-1),
                reduction="batchmean",
            )
            loss = options.alpha * options.temperature**2 * soft + (1 - options.alpha) * output.loss
            return (loss, output) if return_outputs else loss

    with tempfile.TemporaryDirectory() as folder:
        trainer = Distiller(
            model=student,
            args=TrainingArguments(
                output_dir=folder,
                num_train_epochs=options.epochs,
                per_device_train_batch_size=options.batch_size,
                per_device_eval_batch_size=64,
                learning_rate=options.peer_learning_rate,
                weight_decay=0.01,
                warmup_steps=0.1,
                lr_scheduler_type="linear",
                save_strategy="no",
                report_to=[],
                disable_tqdm=True,
                seed=options.seed,
                use_cpu=True,
            ),
            train_dataset=examples(options.train, options.max_examples),
            data_collator=DataCollatorWithPadding(tokenizer),
        )
        trainer.train()
        test = examples(options.test)
        logits = torch.as_tensor(trainer.predict(test).predictions)
    labels = torch.tensor([example["labels"] for example in test])
    return float((logits.argmax(dim=1) == labels).float().mean())


if __name__ == "__main__":
    main()
