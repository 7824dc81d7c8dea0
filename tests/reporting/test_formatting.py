import pytest

from distil_core.analysis.learning_curves import Progress
from distil_core.evaluation.metrics import ACCURACY, KL
from distil_core.evaluation.records import Interval, Latency
from distil_core.reporting import formatting, tables


def test_shares() -> None:
    assert formatting.percent(0.9343) == "93.4 %"
    assert formatting.percent(-0.02) == "−2.0 %"
    assert formatting.points(0.0123) == "+1.2 points"
    assert formatting.points(-0.0123, unit=False) == "−1.2"
    assert formatting.points(-0.0001, unit=False) == "+0.0"
    assert formatting.interval(Interval(value=0.9, low=0.88, high=0.921)) == ("90.0 %", "88.0 to 92.1")


@pytest.mark.parametrize(
    ("value", "text"), [(0.4213, "0.421"), (-0.05, "−0.050"), (57.85, "57.85"), (353.586, "353.6"), (3911.03, "3,911")]
)
def test_a_figure_that_is_no_share_has_the_digits_that_count(value: float, text: str) -> None:
    assert formatting.measured(KL, value) == text


def test_segments_are_visibly_apart() -> None:
    assert formatting.readable("one text") == "one text"
    assert formatting.readable("one\x1fanother") == "one ‖ another"


def test_sweeps() -> None:
    assert formatting.sweep_estimate(36, n_done=0, seconds=180.0) == "none known yet · about 3 min"
    assert (
        formatting.sweep_estimate(36, n_done=24, seconds=None)
        == "24 known already · how long shows after the first run"
    )
    assert formatting.sweep_estimate(36, n_done=36, seconds=0.0) == "All known already."


@pytest.mark.parametrize(
    ("value", "text"), [(2, "2.00"), (12.345, "12.3"), (100, "100"), (1234.5, "1,234"), (0.24, "0.240")]
)
def test_digits(value: float, text: str) -> None:
    assert formatting.digits(value) == text


@pytest.mark.parametrize(("value", "text"), [(12, "12"), (94_000, "94.0 k"), (4_386_178, "4.39 M"), (1.1e9, "1.10 G")])
def test_count(value: float, text: str) -> None:
    assert formatting.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 bytes"), (1500, "1.50 kB"), (17_550_000, "17.6 MB"), (2.5e9, "2.50 GB")]
)
def test_size(value: float, text: str) -> None:
    assert formatting.size(value) == text


def test_speed() -> None:
    assert formatting.latency(Latency(p5=1.38, p50=1.42, p95=1.6)) == ("1.42 ms", "1.38 to 1.60")
    assert formatting.latency(None) == ("–", "")
    assert formatting.speed(1240.4) == "1,240 texts/s"
    assert formatting.speed(None) == "–"
    assert formatting.factor(2.88) == "2.9 ×"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (4.4, "4 s"), (21, "20 s"), (88, "90 s"), (200, "3 min"), (7200, "2.0 h")],
)
def test_duration_is_rough(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == f"about {text}"


def test_estimate() -> None:
    assert formatting.run_estimate(None) == "How long it takes shows after the first seconds."
    assert formatting.run_estimate(0.0) == "Already done: the answer comes at once."
    assert formatting.run_estimate(21.0) == "Takes about 20 s with its twins."


def test_progress() -> None:
    state = Progress(stage="Training", detail="1,500 texts/s", fraction=0.5, seconds_left=12.0)
    assert formatting.progress_text(state, ACCURACY, stopping=False) == "Training · about 10 s left · 1,500 texts/s"
    assert formatting.progress_text(state, ACCURACY, stopping=True) == "stopping…"
    counting = Progress(
        stage="Fine-tuning", detail="steps", fraction=0.5, seconds_left=None, n_done=5, n_total=10, teacher_score=0.9
    )
    assert (
        formatting.progress_text(counting, ACCURACY, stopping=False)
        == "Fine-tuning · steps, 5 of 10 · validation accuracy 90.0 %"
    )
    bare = Progress(stage="Measuring", detail="", fraction=None, seconds_left=None)
    assert formatting.progress_text(bare, ACCURACY, stopping=False) == "Measuring"


def test_shortened_ends_with_a_whole_word() -> None:
    assert formatting.shortened("short") == "short"
    assert formatting.shortened("one two three four", length=10) == "one two…"
    assert formatting.shortened("one two three four", length=7) == "one two…"
    assert formatting.shortened("onetwothree", length=6) == "onetwo…"


def test_typed_text_is_no_markdown() -> None:
    assert formatting.escaped("a [MASK] for $5, *really*: done") == r"a \[MASK\] for \$5, \*really\*: done"


@pytest.mark.parametrize(
    "text",
    [
        "1. one",
        "2) two",
        "# h",
        "x\n===",
        "    code",
        "a -> b",
        "www.x.y",
        "http://x",
        "a@b.c",
        ":material/home:",
        "&lt;",
    ],
)
def test_nothing_comes_alive_in_markdown(text: str) -> None:
    shown = formatting.escaped(text)
    assert shown != text
    plain = shown.replace("\N{WORD JOINER}", "").replace("\N{NO-BREAK SPACE}", " ").replace("\\", "")
    assert plain == text


def test_spreadsheets_compute_nothing() -> None:
    cells = ("=1+1", "+cmd", "-x", "@SUM(A1)", " =2", "-1.5", "-1e3", "word", 3, -2.0)
    text = tables.to_csv(["=a"], [cells])
    assert text == "'=a\n'=1+1,'+cmd,'-x,'@SUM(A1),' =2,-1.5,-1e3,word,3,-2.0\n"


def test_long_names_break_behind_underscores() -> None:
    assert formatting.breakable("a_b") == "a\\_\N{ZERO WIDTH SPACE}b"
