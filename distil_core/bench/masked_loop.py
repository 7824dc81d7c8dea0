"""The loop that people write for masked words: transformers alone, the teacher in the loop, every token decoded."""

from pathlib import Path
from typing import Any


def distil(
    *,
    folder: str,
    teacher: str,
    out: str,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    temperature: float,
    weights: tuple[float, float, float],
    max_length: int,
    seed: int,
) -> dict[str, Any]:
    """Distil a student of masked words with DistilBERT's three losses; return how many steps that took.

    Batches are drawn at random and padded to their longest text. Both models put out logits for every token, over the
    whole vocabulary; the losses of words count those at the masked ones.

    Args:
        folder: Where ``train.txt`` and the student lie.
        teacher: Folder of the teacher.
        out: Where the student goes that has learned.
        epochs: Passes over the texts.
        batch_size: Texts of a batch.
        learning_rate: Peak; it rises over a tenth of the steps and then falls to 0.
        temperature: Softens both distributions.
        weights: Of KL divergence, cross-entropy and cosine.
        max_length: Tokens of a text that are read.
        seed: Of batches and masks.
    """
    import torch
    from torch.nn import functional as F
    from torch.utils.data import DataLoader
    from transformers import (
        AutoModelForMaskedLM,
        AutoTokenizer,
        DataCollatorForLanguageModeling,
        get_linear_schedule_with_warmup,
    )

    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(teacher)
    models = [AutoModelForMaskedLM.from_pretrained(path) for path in (Path(folder) / "student", teacher)]
    student, guide = models[0].train(), models[1].eval()
    for module in student.modules():  # as our side does
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    texts = (Path(folder) / "train.txt").read_text(encoding="utf-8").splitlines()
    encoded = tokenizer(texts, truncation=True, max_length=max_length)
    examples = [{"input_ids": ids} for ids in encoded["input_ids"]]
    collator = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15)
    batches: Any = DataLoader(examples, batch_size=batch_size, shuffle=True, collate_fn=collator)  # type: ignore[arg-type]
    optimizer = torch.optim.AdamW(student.parameters(), lr=learning_rate, weight_decay=0.01)
    n_steps = epochs * len(batches)
    schedule = get_linear_schedule_with_warmup(optimizer, n_steps // 10, n_steps)
    for _ in range(epochs):
        for batch in batches:
            inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
            with torch.no_grad():
                by_teacher = guide(**inputs, output_hidden_states=True)
            by_student = student(**inputs, output_hidden_states=True)
            masked, real = batch["labels"] != -100, batch["attention_mask"].bool()
            s, t = (output.logits[masked] / temperature for output in (by_student, by_teacher))
            soft = F.kl_div(s.log_softmax(-1), t.softmax(-1), reduction="batchmean") * temperature**2
            hard = F.cross_entropy(by_student.logits.flatten(0, 1), batch["labels"].flatten())
            mine, its = (output.hidden_states[-1][real] for output in (by_student, by_teacher))
            cosine = F.cosine_embedding_loss(mine, its, torch.ones(len(mine)))
            loss = weights[0] * soft + weights[1] * hard + weights[2] * cosine
            loss.backward()
            torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    student.save_pretrained(out)
    tokenizer.save_pretrained(out)
    return {"steps": n_steps}
