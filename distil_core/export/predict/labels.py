"""The labels of a text, or of two: ``python predict.py "A text"``; needs onnxruntime and tokenizers, no torch."""

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

text = tokenizer.encode(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
inputs = {"input_ids": text.ids, "attention_mask": text.attention_mask, "token_type_ids": text.type_ids}
(logits,) = model.run(["logits"], {item.name: np.array([inputs[item.name]]) for item in model.get_inputs()})[0]
match config.get("problem_type"):
    case "regression":
        print(float(logits[0]))
        sys.exit()
    case "multi_label_classification":
        shares = 1 / (1 + np.exp(-logits))
    case _:
        shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
for index in np.argsort(-shares):
    print(f"{shares[index]:7.2%}  {config['id2label'][str(index)]}")
