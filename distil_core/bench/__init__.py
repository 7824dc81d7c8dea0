"""The lab timed beside what people would otherwise run: ``python -m distil_core bench --help``."""

__all__: list[str] = []
