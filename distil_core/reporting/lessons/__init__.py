"""Six lessons: questions to be answered first, and what was then measured on runs that ship or are soon ready.

In: those runs. Out: lessons of steps, each with its question, its right answer, its chart and what it means.
"""

from collections.abc import Callable, Mapping

from distil_core.reporting.lessons import (
    cutting_layers,
    few_labels,
    missing_class,
    temperature,
    what_a_teacher_knows,
    why_t_squared,
)
from distil_core.reporting.lessons.class_answers import class_chart
from distil_core.reporting.lessons.lesson import (
    BarChart,
    Bars,
    Finding,
    Lesson,
    LessonStep,
    Material,
    Question,
    material_of,
)
from distil_core.reporting.lessons.missing_class import missing_class_config

TITLES: Mapping[str, str] = {
    "knows": what_a_teacher_knows.TITLE,
    "temperature": temperature.TITLE,
    "squared": why_t_squared.TITLE,
    "layers": cutting_layers.TITLE,
    "labels": few_labels.TITLE,
    "missing": missing_class.TITLE,
}
"""What the lessons are called, in their order, by their names."""

_LESSONS: Mapping[str, Callable[[Material], Lesson]] = {
    "knows": what_a_teacher_knows.lesson,
    "temperature": temperature.lesson,
    "squared": why_t_squared.lesson,
    "layers": cutting_layers.lesson,
    "labels": few_labels.lesson,
    "missing": missing_class.lesson,
}

__all__ = [
    "TITLES",
    "BarChart",
    "Bars",
    "Finding",
    "Lesson",
    "LessonStep",
    "Material",
    "Question",
    "class_chart",
    "lesson_named",
    "material_of",
    "missing_class_config",
]


def lesson_named(name: str, material: Material) -> Lesson:
    """Return one of the lessons.

    Args:
        name: One of :data:`TITLES`.
        material: The runs that it is about.

    Raises:
        DistilError: If what the runs have stored cannot be read.
    """
    return _LESSONS[name](material)
