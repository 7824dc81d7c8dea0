"""The loops that people write today, each as its own documentation has it and with its best honest settings.

All have the teacher in the loop, dynamic padding, texts grouped by length, fused AdamW and a linear schedule with
warm-up, and the same student, texts, batch size and epochs. Nothing of ours computes here.
"""

import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from distil_core.bench.workload import Workload
from distil_core.settings.serialization import from_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A task of a child, with what it must be able to import, and how it does the task."""

    task: str
    needs: tuple[str, ...]
    settings: Mapping[str, str | bool] = field(default_factory=dict)


_TRAINER = ("accelerate", "transformers.trainer")
PEERS = {
    "trainer-fp32": Peer(task="trainer", needs=_TRAINER),
    "trainer-bf16": Peer(task="trainer", needs=_TRAINER, settings={"precision": "bf16"}),
    "trainer-shuffled": Peer(task="trainer", needs=_TRAINER, settings={"sampling": "random"}),
    "trainer-frozen": Peer(task="trainer", needs=_TRAINER, settings={"freezes": True}),
    "textbrewer": Peer(task="textbrewer", needs=("textbrewer",)),
    "torchdistill": Peer(task="torchdistill", needs=("torchdistill.core.distillation",)),
}
"""The first is the one that the headline ratio is taken against; ``shuffled`` does not group texts by length, as most
loops do not, and ``frozen`` freezes what our side freezes."""


def importable(modules: list[str]) -> dict[str, Any]:
    """Say why one of some modules cannot be imported; empty when all can."""
    for name in modules:
        try:
            import_module(name)
        except Exception as exc:
            first = (str(exc).strip().splitlines() or [""])[0]
            return {"reason": f"{name} cannot be imported: {type(exc).__name__}: {first}"}
    return {"reason": ""}


@dataclass
class Room:
    """What every loop starts from."""

    task: Workload
    tokenizer: Any
    teacher: Any
    student: Any
    collate: Callable[[Any], Any]
    device: Any

    def examples(self, split: str) -> list[dict[str, Any]]:
        """Return the texts of a split as tokens, with their labels."""
        texts, labels = self.task.read(split)
        names = list(self.teacher.config.id2label.values())
        encoded = self.tokenizer(texts, truncation=True, max_length=self.task.max_length)
        return [
            {"input_ids": ids, "attention_mask": mask, "labels": names.index(label)}
            for ids, mask, label in zip(encoded["input_ids"], encoded["attention_mask"], labels, strict=True)
        ]

    def batch(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """Return some examples under each other."""
        return {name: part.to(self.device) for name, part in self.collate(examples).items()}


def assemble(workload: Mapping[str, Any], *, label_names: Sequence[str] = ()) -> Room:
    """Load a workload's teacher, and cut a student out of it.

    With ``label_names`` the teacher gets a head for them, and there is no student yet.
    """
    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        set_seed,
    )

    task = from_json(Workload, workload)
    set_seed(task.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = AutoTokenizer.from_pretrained(task.teacher)
    names = {"id2label": dict(enumerate(label_names)), "label2id": {name: i for i, name in enumerate(label_names)}}
    teacher = AutoModelForSequenceClassification.from_pretrained(
        task.teacher, dtype=torch.float32, **(names if label_names else {})
    ).eval()
    return Room(
        task=task,
        tokenizer=tokenizer,
        teacher=teacher.to(device),
        student=None if label_names else cut(teacher, task.layers).to(device),
        collate=DataCollatorWithPadding(tokenizer),
        device=device,
    )


def cut(teacher: Any, layers: tuple[int, ...]) -> Any:
    """Copy some layers of a teacher, as one does by hand."""
    from transformers import AutoModelForSequenceClassification

    config = type(teacher.config).from_dict({**teacher.config.to_dict(), "num_hidden_layers": len(layers)})
    config.num_hidden_layers = len(layers)
    student = AutoModelForSequenceClassification.from_config(config)
    weights = teacher.state_dict()
    for name, target in student.state_dict().items():
        target.copy_(weights[re.sub(r"(\.layers?\.)(\d+)", lambda m: f"{m[1]}{layers[int(m[2])]}", name, count=1)])
    return student


def accuracy_of(room: Room, model: Any, examples: list[dict[str, Any]]) -> float:
    """Return the share of some examples that a model gets right."""
    return float(sum(right_of(room, model, examples))) / len(examples)


def right_of(room: Room, model: Any, examples: list[dict[str, Any]]) -> list[bool]:
    """Return whether a model gets each of some examples right."""
    import torch

    model.eval()
    order, right = sorted(range(len(examples)), key=lambda i: len(examples[i]["input_ids"])), [False] * len(examples)
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            chosen = order[start : start + 64]
            batch = room.batch([examples[i] for i in chosen])
            labels = batch.pop("labels")
            for i, is_right in zip(chosen, (model(**batch).logits.argmax(dim=1) == labels).tolist(), strict=True):
                right[i] = is_right
    return right


def _grouped(room: Room, examples: list[dict[str, Any]]) -> Any:
    """Return the sampler that ``Trainer`` has for texts of like length, for those that have none."""
    import torch
    from transformers.trainer_pt_utils import LengthGroupedSampler

    generator = torch.Generator().manual_seed(room.task.seed)
    lengths = [len(example["input_ids"]) for example in examples]
    return LengthGroupedSampler(room.task.batch_size, lengths=lengths, generator=generator)


def _n_steps(room: Room, n_examples: int) -> int:
    return -(-n_examples // room.task.batch_size) * room.task.epochs


def distiller(room: Room) -> Any:
    """Return the class that people write: ``Trainer`` with a ``compute_loss`` that asks the teacher in each step."""
    import torch
    from torch.nn import functional
    from transformers import Trainer

    task = room.task

    class Distiller(Trainer):
        def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, *_: Any, **__: Any) -> Any:
            output = model(**inputs)
            with torch.no_grad():
                wanted = room.teacher(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
            soft = functional.kl_div(
                functional.log_softmax(output.logits / task.temperature, dim=-1),
                functional.softmax(wanted / task.temperature, dim=-1),
                reduction="batchmean",
            )
            loss = task.alpha * task.temperature**2 * soft + (1 - task.alpha) * output.loss
            return (loss, output) if return_outputs else loss

    return Distiller


def usual_arguments(
    room: Room, folder: str, *, learning_rate: float, precision: str = "fp32", sampling: str = "group_by_length"
) -> Any:
    """Return how such a loop is run: AdamW, a tenth of warm-up, then linear decay; nothing logged or saved."""
    from transformers import TrainingArguments

    return TrainingArguments(
        output_dir=folder,
        num_train_epochs=room.task.epochs,
        per_device_train_batch_size=room.task.batch_size,
        learning_rate=learning_rate,
        weight_decay=0.01,
        warmup_steps=0.1,
        lr_scheduler_type="linear",
        optim="adamw_torch_fused",
        train_sampling_strategy=sampling,
        bf16=precision == "bf16",
        use_cpu=room.device.type == "cpu",
        dataloader_pin_memory=room.device.type != "cpu",
        logging_strategy="no",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        seed=room.task.seed,
    )


def trainer(
    workload: Mapping[str, Any],
    *,
    precision: str = "fp32",
    sampling: str = "group_by_length",
    freezes: bool = False,
    target: float = 0.0,
    every: int = 10,
) -> dict[str, Any]:
    """Distil with ``transformers.Trainer`` and a ``compute_loss``; arguments and answer as :func:`ours.distil`'s."""
    from transformers import TrainerCallback

    room = assemble(workload)
    task, texts, test = room.task, room.examples("train"), room.examples("test")

    if freezes:
        base = room.student.base_model
        for part in [base.embeddings, *base.encoder.layer[: task.frozen - 1]][: task.frozen]:
            part.requires_grad_(False)

    looks = {"seconds": 0.0, "reached": 0.0}

    class Looks(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            if target and state.global_step % every == 0:
                begun = time.perf_counter()
                if accuracy_of(room, room.student, test) >= target:
                    looks["reached"], control.should_training_stop = 1.0, True
                room.student.train()
                looks["seconds"] += time.perf_counter() - begun
            return control

    with tempfile.TemporaryDirectory() as folder:
        loop = distiller(room)(
            model=room.student,
            args=usual_arguments(
                room, folder, learning_rate=task.peer_learning_rate, precision=precision, sampling=sampling
            ),
            train_dataset=texts,
            data_collator=room.collate,
            callbacks=[Looks()],
        )
        started = time.perf_counter()
        loop.train()
        seconds = time.perf_counter() - started - looks["seconds"]
    accuracy = accuracy_of(room, room.student, test)
    return {"accuracy": accuracy, "seconds": seconds, "reached": seconds if looks["reached"] else None}


def textbrewer(workload: Mapping[str, Any], *, precision: str = "fp32") -> dict[str, Any]:
    """Distil with TextBrewer's ``GeneralDistiller``, which has no bf16."""
    import torch
    from textbrewer import DistillationConfig, GeneralDistiller, TrainingConfig
    from torch.utils.data import DataLoader
    from transformers import get_linear_schedule_with_warmup

    assert precision == "fp32"
    room = assemble(workload)
    task, texts, test = room.task, room.examples("train"), room.examples("test")
    n_steps = _n_steps(room, len(texts))

    def adaptor(batch: Any, output: Any) -> dict[str, Any]:
        return {"logits": (output.logits,), "losses": (output.loss,)}

    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingConfig(output_dir=folder, device=room.device, ckpt_epoch_frequency=task.epochs)
        # Its loss is the cross-entropy, whose gradient is that of KL, without the squared temperature.
        losses = DistillationConfig(
            temperature=task.temperature,
            kd_loss_type="ce",
            kd_loss_weight=task.alpha * task.temperature**2,
            hard_label_weight=1 - task.alpha,
        )
        loader: DataLoader[Any] = DataLoader(
            texts,  # type: ignore[arg-type]
            batch_size=task.batch_size,
            sampler=_grouped(room, texts),
            collate_fn=lambda examples: dict(room.collate(examples)),
        )
        optimizer = torch.optim.AdamW(
            room.student.parameters(), lr=task.peer_learning_rate, weight_decay=0.01, fused=True
        )
        schedule = {"num_warmup_steps": int(0.1 * n_steps), "num_training_steps": n_steps}
        started = time.perf_counter()
        distiller = GeneralDistiller(settings, losses, room.teacher, room.student, adaptor, adaptor)
        with distiller:
            distiller.train(
                optimizer,
                loader,
                num_epochs=task.epochs,
                scheduler_class=get_linear_schedule_with_warmup,
                scheduler_args=schedule,
                max_grad_norm=1.0,
            )
        seconds = time.perf_counter() - started
    return {"accuracy": accuracy_of(room, room.student, test), "seconds": seconds}


def torchdistill(workload: Mapping[str, Any], *, precision: str = "fp32") -> dict[str, Any]:
    """Distil with torchdistill's ``DistillationBox``, whose own configuration this is as a dict."""
    import torch
    from torchdistill.core.distillation import get_distillation_box
    from torchdistill.datasets.registry import register_collate_func
    from torchdistill.optim.registry import register_scheduler
    from transformers import get_linear_schedule_with_warmup

    assert precision == "fp32"
    room = assemble(workload)
    task, texts, test = room.task, room.examples("train"), room.examples("test")
    n_steps = _n_steps(room, len(texts))

    def collate(examples: list[dict[str, Any]]) -> tuple[dict[str, Any], Any, dict[str, Any]]:
        batch = room.batch(examples)
        return batch, batch.pop("labels"), {}

    register_collate_func(collate, key="bench")
    register_scheduler(get_linear_schedule_with_warmup, key="bench")
    head = [name for name, part in room.student.named_modules() if isinstance(part, torch.nn.Linear)][-1]
    model = {"forward_proc": "forward_batch_only_as_kwargs", "forward_hook": {"input": [], "output": [head]}}
    places = {f"{who}_module_{what}": head if what == "path" else "output" for who in ("student", "teacher")
              for what in ("path", "io")}  # fmt: skip
    loss = {"key": "KDLoss", "kwargs": {**places, "temperature": task.temperature, "alpha": 1 - task.alpha}}
    box = get_distillation_box(
        room.teacher,
        room.student,
        {"train": texts},
        {
            "num_epochs": task.epochs,
            "train_data_loader": {
                "dataset_id": "train",
                "requires_supp": False,
                "collate_fn": "bench",
                "sampler": {"class_or_func": lambda dataset: _grouped(room, dataset)},
                "kwargs": {"batch_size": task.batch_size},
            },
            "teacher": {**model, "requires_grad": False},
            "student": model,
            "optimizer": {
                "key": "AdamW",
                "kwargs": {"lr": task.peer_learning_rate, "weight_decay": 0.01, "fused": True},
                "max_grad_norm": 1.0,
            },
            "scheduler": {
                "key": "bench",
                "kwargs": {"num_warmup_steps": int(0.1 * n_steps), "num_training_steps": n_steps},
                "scheduling_step": 1,
            },
            "criterion": {
                "key": "WeightedSumLoss",
                "kwargs": {"sub_terms": {"distillation": {"criterion": loss, "weight": 1.0}}},
            },
        },
        room.device,
        None,
        False,
        1.0,
    )
    started = time.perf_counter()
    room.teacher.eval()
    for epoch in range(task.epochs):
        box.pre_epoch_process(epoch=epoch)
        for batch, labels, more in box.train_data_loader:
            box.pre_forward_process()
            box.post_forward_process(loss=box.forward_process(batch, labels, more))
        box.post_epoch_process()
    seconds = time.perf_counter() - started
    return {"accuracy": accuracy_of(room, room.student, test), "seconds": seconds}
