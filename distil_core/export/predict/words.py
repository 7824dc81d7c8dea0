"""The words behind the mask of a text: ``python predict.py "A [MASK] text"``; no torch, as all scripts here."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

folder = Path(__file__).parent
settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
model = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])

text = tokenizer.encode(sys.argv[1])
inputs = {"input_ids": text.ids, "attention_mask": text.attention_mask, "token_type_ids": text.type_ids}
(logits,) = model.run(["logits"], {item.name: np.array([inputs[item.name]]) for item in model.get_inputs()})[0]
for place, token in enumerate(text.tokens):
    if token == settings["mask_token"]:
        shares = np.exp(logits[place] - logits[place].max())
        likeliest = np.argsort(-shares)[:5]
        print("  ".join(f"{tokenizer.id_to_token(i)} {shares[i] / shares.sum():.1%}" for i in likeliest))
