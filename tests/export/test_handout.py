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


def test_a_qr_code_has_the_margin_that_readers_need() -> None:
    image = ElementTree.fromstring(qr_code("http://192.0.2.7:8501/lessons?class=abc234", scale=1))
    width = int(image.attrib["width"])
    assert (width - 8 - 17) % 4 == 0  # 17 modules and 4 more for each version, 4 of margin on each side
    assert image.attrib["height"] == str(width)
    longer = ElementTree.fromstring(qr_code("http://192.0.2.7:8501/lessons?class=abc234&hide=" + "x" * 200, scale=1))
    assert int(longer.attrib["width"]) > width
