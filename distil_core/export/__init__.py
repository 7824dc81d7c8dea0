"""A student leaves for elsewhere.

In: a finished run. Out: its student as a folder that works without the lab, with a model card and its record, and the
proof that it answers as it did in the lab; the same folder as an archive; a report of the run for whoever decides.
"""

__all__ = [
    "archive",
    "browser_page",
    "exporter",
    "folders",
    "formats",
    "handout",
    "jobs",
    "lab_student",
    "line_chart",
    "lookup",
    "model_card",
    "qr_code",
    "report",
    "static",
    "web_runtime",
]
