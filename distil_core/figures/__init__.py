"""Plain data in, plotly figures out; the only door to plotly."""

from distil_core.figures.curves import accuracies, loss, validation
from distil_core.figures.theme import MARKS, STUDENT, TEACHER, Figure

__all__ = ["MARKS", "STUDENT", "TEACHER", "Figure", "accuracies", "loss", "validation"]
