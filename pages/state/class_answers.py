"""What the class predicts that follows a lecturer's link.

Reads: the query parameters of the class. Reads and writes: the predictions, in the run store.
"""

from pathlib import Path

import streamlit as st

from distil_core.runs.class_predictions import ClassPredictions
from distil_core.runs.ownership import default_folder
from pages.state import address, class_mode, resources


@st.cache_resource(max_entries=4, show_spinner=False)
def _open(folder: Path) -> ClassPredictions:
    return ClassPredictions(folder)


def predictions() -> ClassPredictions:
    """Return the predictions of all classes."""
    resources.store()  # which makes the folder
    return _open(default_folder())


def note(question: str, answer: float) -> None:
    """Count a prediction of this visitor, where the visit follows a link for a class."""
    if code := address.carried(address.CLASS):
        predictions().note(code, question, class_mode.visitor(), answer)


def lecturing() -> str:
    """Return the code of the class that this visit lectures to, empty for everybody else."""
    code = address.carried(address.LECTURE)
    return code if code and class_mode.free() and not address.follows_class() else ""


def unknown_class() -> bool:
    """Tell whether the visit follows a link for a class that is not there any more."""
    code = address.carried(address.CLASS)
    return bool(code) and not predictions().known(code)
