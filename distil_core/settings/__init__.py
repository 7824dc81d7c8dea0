"""What a run is asked to be.

In: values from a page, a shell, Python or JSON, and what this machine is quick at. Out: frozen settings, declared once
and checked once, in the one form that all that ask for the same have, and the name that this form gives to a run.
"""

__all__ = [
    "canonical",
    "config",
    "declaration",
    "hardware",
    "identity",
    "layer_maps",
    "options",
    "recipes",
    "serialization",
]
