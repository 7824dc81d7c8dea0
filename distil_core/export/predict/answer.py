"""The answer to a question: ``python predict.py QUESTION CONTEXT``; needs onnxruntime and tokenizers, no torch."""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

MAY_BE_EMPTY = True  # whether there may be no answer in a context

folder = Path(__file__).parent
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
model = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])

question, context = sys.argv[1:3]
text = tokenizer.encode(question, context)
best, nothing = (-np.inf, 0, 0), np.inf
for window in (text, *text.overflowing):  # parts of a long context, which overlap
    inputs = {"input_ids": window.ids, "attention_mask": window.attention_mask, "token_type_ids": window.type_ids}
    feed = {item.name: np.array([inputs[item.name]]) for item in model.get_inputs()}
    (starts,), (ends,) = model.run(["start_logits", "end_logits"], feed)
    nothing = min(nothing, starts[0] + ends[0])
    tokens = [i for i, sequence in enumerate(window.sequence_ids) if sequence == 1]
    for number, first in enumerate(tokens):
        for last in tokens[number : number + 30]:
            best = max(best, (starts[first] + ends[last], window.offsets[first][0], window.offsets[last][1]))
score, start, end = best
print("no answer" if MAY_BE_EMPTY and nothing > score else context[start:end])
