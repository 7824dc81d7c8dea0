"""The tag of each word of a text: ``python predict.py "A text"``; needs onnxruntime and tokenizers, no torch."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

folder = Path(__file__).parent
config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
model = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])

text = tokenizer.encode(sys.argv[1])
inputs = {"input_ids": text.ids, "attention_mask": text.attention_mask, "token_type_ids": text.type_ids}
(logits,) = model.run(["logits"], {item.name: np.array([inputs[item.name]]) for item in model.get_inputs()})[0]
read = 0  # up to this character
for (start, end), tag in zip(text.offsets, logits.argmax(axis=1), strict=True):
    while start < end and sys.argv[1][start].isspace():
        start += 1
    if start < end and (start == 0 or sys.argv[1][start - 1].isspace()) and start >= read:
        word = sys.argv[1][start:].split()[0]  # tagged at its first piece
        read = start + len(word)
        print(f"{word}\t{config['id2label'][str(tag)]}")
