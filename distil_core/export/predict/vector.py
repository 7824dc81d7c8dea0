"""Vectors of texts, and how alike each is to the first: ``python predict.py "A text" "Another one"``; no torch."""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

folder = Path(__file__).parent
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
model = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])

texts = tokenizer.encode_batch(sys.argv[1:])
inputs = {
    "input_ids": [text.ids for text in texts],
    "attention_mask": [text.attention_mask for text in texts],
    "token_type_ids": [text.type_ids for text in texts],
}
vectors = model.run(["sentence_embedding"], {item.name: np.array(inputs[item.name]) for item in model.get_inputs()})[0]
lengths = np.linalg.norm(vectors, axis=1)
print(f"{vectors.shape[1]} numbers each, beginning with", *vectors[:, :4].round(4).tolist())
print("cosine to the first:", *(vectors @ vectors[0] / lengths / lengths[0]).round(4).tolist())
