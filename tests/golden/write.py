"""Write the golden values anew: ``python -m tests.golden.write``. Nothing else ever does."""

import json
import re
from pathlib import Path

from tests.golden.reference import inputs, values

FILE = Path(__file__).parent / "values.json"
CASES = {
    "five classes": inputs(seed=1, n_examples=4, n_classes=5),
    "two classes": inputs(seed=2, n_examples=3, n_classes=2),
    "one example": inputs(seed=3, n_examples=1, n_classes=3),
}

if __name__ == "__main__":
    content = {name: {"inputs": case, "values": values(case)} for name, case in CASES.items()}
    # One line for each name, not one for each number.
    text = re.sub(r"\n +([-\d\[\]tf])", r" \1", json.dumps(content, indent=1))
    FILE.write_text(text + "\n", encoding="utf-8")
    print(f"{len(content)} cases written to {FILE}")
