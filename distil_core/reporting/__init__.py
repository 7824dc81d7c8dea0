"""Plain data becomes figures, tables and sentences.

In: what analysis found. Out: figures of plotly, rows of tables, CSV, markdown.
"""

__all__ = [
    "advice",
    "edit_narrative",
    "example_tables",
    "figures",
    "formatting",
    "lessons",
    "literature",
    "narrative",
    "sweep_narrative",
    "tables",
    "temperature_narrative",
    "tradeoff_tables",
]
