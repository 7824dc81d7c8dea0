"""A lesson on paper: questions first, answers on later sheets, nothing but itself; and the QR code of an address."""

import re
from pathlib import Path
from xml.etree import ElementTree

from distil_core.export.handout import handout_page
from distil_core.export.qr_code import qr_code
from distil_core.reporting import lessons
from distil_core.runs.sources import ShippedRuns
from tests import seeds


def test_questions_come_first_and_what_was_measured_behind_them(tmp_path: Path) -> None:
    material = lessons.material_of(ShippedRuns(seeds.lesson_runs(tmp_path)), cache=tmp_path / "cache")
    lesson = lessons.lesson_named("labels", material)
    findings = {step.name: step.find() for step in lesson.steps[:2]}
    page = handout_page(lesson, findings)
    asked_for, _, measured = page.partition('class="measured"')
    assert measured
    assert not re.search(r"Measured|<svg", asked_for)
    assert "Measured: <strong>10 points</strong>" in measured
    assert asked_for.count("I think so because") == 3
    assert "To be measured in the lab" in measured  # the third step
    assert measured.count("<rect") == 4 + 2
    assert "break-before: page" in page
    assert "**" not in page.partition("</style>")[2]
    assert "&lt;strong" not in page
    assert not re.findall(r"(?:src|href)=|url\(|@import", page)


def test_a_qr_code_says_the_address_within_the_margin_that_readers_need() -> None:
    address = "http://192.0.2.7:8501/lessons?class=abc234"
    image = ElementTree.fromstring(qr_code(address, scale=1))
    assert (image.attrib["width"], image.attrib["height"]) == ("37", "37")  # 29 modules, 4 of margin on each side
    dark = modules(image)
    assert all(4 <= place < 33 for module in dark for place in module)
    assert decoded({(y - 4, x - 4) for y, x in dark}) == address
    longer = ElementTree.fromstring(qr_code(f"{address}&hide={'x' * 200}", scale=1))
    assert int(longer.attrib["width"]) > 37


def modules(image: ElementTree.Element) -> set[tuple[int, int]]:
    """Return the dark modules of a code that is drawn as strokes from left to right, a module thick."""
    (stroke,) = (each for each in image.iter() if each.attrib.get("stroke"))
    dark, x, y = set(), 0.0, 0.0
    for verb, numbers in re.findall(r"([Mmh])([-\d. ]+)", stroke.attrib["d"]):
        first, *second = map(float, numbers.split())
        if verb == "h":
            dark |= {(int(y), int(x) + i) for i in range(int(first))}
            x += first
        else:
            x, y = (first, second[0]) if verb == "M" else (x + first, y + second[0])
    return dark


def decoded(dark: set[tuple[int, int]]) -> str:
    """Read a code of 29 modules as ISO/IEC 18004 says, without its error correction: one block of bytes."""
    size = 29
    masks = (
        *(lambda y, x: (y + x) % 2, lambda y, x: y % 2, lambda y, x: x % 3, lambda y, x: (y + x) % 3),
        *(lambda y, x: (y // 2 + x // 3) % 2, lambda y, x: y * x % 2 + y * x % 3),
        *(lambda y, x: (y * x % 2 + y * x % 3) % 2, lambda y, x: ((y + x) % 2 + y * x % 3) % 2),
    )
    number = sum(((8, x) in dark) << (4 - x) for x in (2, 3, 4)) ^ 0b101  # the format is masked, too
    mask = masks[number]

    def holds_data(y: int, x: int) -> bool:
        corners = (y < 9 and (x < 9 or x >= size - 8)) or (y >= size - 8 and x < 9)
        return not (corners or y == 6 or x == 6 or (20 <= y < 25 and 20 <= x < 25))

    bits = []
    for turn, right in enumerate((28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 5, 3, 1)):
        for y in range(size) if turn % 2 else reversed(range(size)):
            bits += [((y, x) in dark) ^ (mask(y, x) == 0) for x in (right, right - 1) if holds_data(y, x)]

    def value(start: int, length: int) -> int:
        return int("".join("01"[bit] for bit in bits[start : start + length]), 2)

    assert value(0, 4) == 0b0100  # bytes
    return bytes(value(12 + 8 * i, 8) for i in range(value(4, 8))).decode()
