"""Two small buttons that save the chart beside them as PNG or SVG; the browser makes the image.

Reads: nothing. Writes: a file on the computer of whoever presses the button.
"""

from pages.components import mount

_show = mount.component(__file__, "distil_lab.pictures")


def buttons(chart: str) -> None:
    """Offer to save a chart as PNG or SVG; ``chart`` is the key under which the page shows it."""
    _show(key=f"{chart}.picture", data={"chart": chart.replace(".", "-"), "name": chart})
