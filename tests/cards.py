"""What somebody gets who does what the model card of a student says."""

import contextlib
import io
import re

from distil_core.export.model_card import model_card
from distil_core.runs import families
from distil_core.runs.foreground import Distillation
from distil_core.runs.store import RunStore


def printed(distillation: Distillation) -> str:
    """Return what the Python of a model card prints, carried out on the student of a run."""
    store = RunStore(distillation.folder.path.parents[1])
    family = families.family(store.get(distillation.run), store)
    assert family is not None
    block = re.search(r"```python\n(.*?)```", model_card(family), re.DOTALL)
    assert block is not None
    code = block[1].replace("path/to/this/folder", str(distillation.folder.student))
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(code, "card", "exec"), {})
    return output.getvalue()
