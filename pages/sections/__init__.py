"""Parts of pages: what several pages show alike, and what would make one page too long.

In: finished runs and plain data from :mod:`pages.state` and the core, and what is chosen in widgets. Out: what is
drawn, and for a form the settings that were asked for. Parts may use the components and the state, and never a page.
"""

__all__ = [
    "ablation_view",
    "answer_times",
    "attention_details",
    "bulk_scoring",
    "charts",
    "decision_card",
    "entity_view",
    "example_browser",
    "explained",
    "header",
    "in_browser",
    "introduction",
    "label_view",
    "lesson_steps",
    "messages",
    "number_views",
    "pickers",
    "run_summary",
    "saved_slices",
    "sentence_edits",
    "settings_form",
    "sharing",
    "side_by_side",
    "sweep_form",
    "take_home",
    "task_views",
    "text_fields",
    "vector_views",
    "word_views",
]
