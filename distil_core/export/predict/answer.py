"""The answer to a question: ``python predict.py QUESTION CONTEXT``; needs onnxruntime and tokenizers, no torch."""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

folder = Path(__file__).parent
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
model = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])

question, context = sys.argv[1:3]
text = tokenizer.encode(question, context)
best = (-np.inf, "no answer")
for window in (text, *text.overflowing):  # parts of a long context, which overlap
    inputs = {"input_ids": window.ids, "attention_mask": window.attention_mask, "token_type_ids": window.type_ids}
    feed = {item.name: np.array([inputs[item.name]]) for item in model.get_inputs()}
    (starts,), (ends,) = model.run(["start_logits", "end_logits"], feed)
    tokens = [i for i, sequence in enumerate(window.sequence_ids) if sequence == 1]
    for first in tokens:
        for last in tokens[tokens.index(first) : tokens.index(first) + 30]:
            score = starts[first] + ends[last] - starts[0] - ends[0]  # against there being none
            if score > max(best[0], 0.0):
                best = (score, context[window.offsets[first][0] : window.offsets[last][1]])
print(best[1])
