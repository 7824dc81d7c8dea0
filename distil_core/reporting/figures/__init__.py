"""Plain data in, plotly figures out; the only door to plotly."""

from distil_core.reporting.figures.curves import loss, scores, validation
from distil_core.reporting.figures.theme import MARKS, STUDENT, TEACHER, Figure

__all__ = ["MARKS", "STUDENT", "TEACHER", "Figure", "loss", "scores", "validation"]
