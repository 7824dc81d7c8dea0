"""Views that are drawn in the browser, by JavaScript of ours.

In: plain lists and numbers, and the key of the widget. Out: what the browser reports back, for those that report
something. Nothing here reads the run store, and no component knows of a page. Each has its own ``.py``, ``.js`` and,
where it draws something, ``.css`` and ``.html``, all of one name; :mod:`pages.components.mount` puts them together.
:mod:`pages.components.private_apis` lists what they know of Streamlit's own pages.
"""

__all__ = [
    "accessibility",
    "image_download",
    "page_links",
    "private_apis",
    "scrolling",
    "temperature_bars",
    "token_strip",
]
