"""Plain data becomes figures, tables and sentences.

In: what analysis found. Out: figures of plotly, rows of tables, CSV, markdown.
"""

__all__ = [
    "ablation_tables",
    "command_lines",
    "example_tables",
    "figures",
    "formatting",
    "glossary",
    "lessons",
    "narrative",
    "side_by_side",
    "sweep_presets",
    "sweep_tables",
    "tables",
    "tradeoff_tables",
]
