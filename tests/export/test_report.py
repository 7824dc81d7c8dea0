"""The report of a run: says what the pages say, shows what people wrote as it is, and how to do it again."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from distil_core.cli import _config, _parser
from distil_core.export.line_chart import Line, line_chart
from distil_core.export.report import write_report
from distil_core.reporting.command_lines import command_line
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical
from distil_core.settings.config import CorpusConfig, LayerMap, LossConfig, RunConfig, StudentConfig, TrainingConfig
from tests import seeds


def test_it_holds_claim_figures_mistakes_and_texts_as_they_were_written(home: Path, tmp_path: Path) -> None:
    store = RunStore(home)
    run = seeds.finished_family(store, seeds.a_config(seed=4))
    texts = store.folder(run.id).test_texts
    lines = [json.loads(line) for line in texts.read_text(encoding="utf-8").splitlines()]
    lines[-2]["text"] = "<script>alert('no')</script>"
    texts.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    page = write_report(store, run.id, tmp_path / "out").read_text(encoding="utf-8")
    assert "+10.0 points" in page
    assert "<strong>" in page
    assert "**" not in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#39;no&#39;)&lt;/script&gt;" in page
    assert "They differ at 1 of 20 test texts" in page
    assert page.count("<polyline") == 4  # scores and losses of the student and its hard-label twin
    assert not re.findall(r"(?:src|href)=|url\(|@import", page)  # needs nothing but itself
    assert "python -m distil_core distil" in page
    assert "--seed 4" in page


@pytest.mark.parametrize(
    "config",
    [
        RunConfig(),
        RunConfig(
            corpus=CorpusConfig(source="a file.csv", label_names=("bad, really", "good"), labeled=0.05),
            student=StudentConfig(layer_map=LayerMap.EXPLICIT, layers=(0, 2, 5)),
            loss=LossConfig(temperature=4.0, alpha=0.5),
            training=TrainingConfig(threads=1),
            seed=3,
        ),
        replace(RunConfig(task="embeddings"), student=StudentConfig(depth=1)),
    ],
    ids=["default", "all kinds of settings", "another task"],
)
def test_its_command_asks_for_the_same_run(config: RunConfig) -> None:
    import shlex

    words = shlex.split(command_line(config))
    assert words[:3] == ["python", "-m", "distil_core"]
    assert canonical(_config(_parser().parse_args(words[3:]))) == canonical(config)


def test_a_chart_goes_from_corner_to_corner() -> None:
    chart = line_chart("Loss", [Line(name="a", xs=(0, 2), ys=(0.0, 4.0), color="red")], x_title="Epoch")
    assert chart is not None
    assert chart.lines[0].points == f"{chart.left},{chart.bottom} {chart.right},{chart.top}"
    assert [tick.text for tick in chart.y_ticks] == ["0", "1", "2", "3", "4"]
    assert line_chart("Loss", [], x_title="Epoch") is None
