from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distil_core.analysis import comparison
from distil_core.evaluation.predictions import Predictions
from distil_core.evaluation.records import Interval
from distil_core.reporting import narrative
from distil_core.runs import families
from distil_core.runs.families import Family, FinishedRun
from distil_core.runs.folder import RunFolder
from distil_core.runs.record import RunRecord
from distil_core.settings.config import Init, Method, RunConfig, StudentConfig
from tests import seeds
from tests.factories import a_cost, a_model_record, a_prediction, a_run_record, a_teacher_record, figures


def _record(student: float = 0.9, teacher: float = 0.95, method: Method = Method.DISTILLED) -> RunRecord:
    return a_run_record(
        config=seeds.a_config(method=method),
        teacher=a_teacher_record(metrics=figures(teacher)),
        model=a_model_record(metrics=figures(student)),
    )


def _family(student: float, twin: float | None) -> Family:
    def outcome(record: RunRecord) -> FinishedRun:
        return FinishedRun(run="run", folder=RunFolder(path=Path("folder")), record=record)

    twins = () if twin is None else (outcome(_record(twin, method=Method.HARD_LABELS)),)
    return Family(distilled=outcome(_record(student)), twins=twins)


def _answers(right: list[bool]) -> Predictions:
    logits = np.asarray([[1, 0] if flag else [0, 1] for flag in right], dtype=np.float32)
    return a_prediction(logits, np.zeros(len(right)))


def test_headline_compares_with_the_teacher() -> None:
    line = comparison.headline(_record())
    assert line.kept == pytest.approx(0.9 / 0.95)
    assert line.fewer_parameters == pytest.approx(2 / 3)
    assert line.fewer_bytes == pytest.approx(1 - 8.3 / 24.3)
    assert line.speedup == pytest.approx(3.6 / 1.3)


def test_headline_leaves_out_what_was_not_measured() -> None:
    assert comparison.headline(replace(_record(), teacher=None)) == comparison.NOTHING
    without_cost = replace(_record(), model=a_model_record(cost=None))
    line = comparison.headline(without_cost)
    assert (line.fewer_parameters, line.fewer_bytes, line.speedup) == (None, None, None)
    untimed = replace(_record(), model=a_model_record(cost=a_cost(latency_ms=None)))
    line = comparison.headline(untimed)
    assert line.fewer_parameters is not None
    assert line.speedup is None
    hopeless = replace(_record(), teacher=a_teacher_record(metrics=figures(0.0), cost=a_cost(0)))
    line = comparison.headline(hopeless)
    assert (line.kept, line.fewer_parameters) == (None, None)


def test_cards_say_where_their_figure_comes_from() -> None:
    kept, smaller, faster = narrative.cards(_record())
    assert (kept.value, kept.details, kept.paper) == ("94.7 %", ("student 90.0 %", "teacher 95.0 %"), "DistilBERT 97 %")
    assert (smaller.value, smaller.details[0]) == ("66.7 %", "6.00 M → 2.00 M parameters")
    assert smaller.details[1] == "24.3 MB → 8.30 MB on disk"
    assert (faster.value, faster.details[0]) == ("2.8 ×", "3.60 → 1.30 ms")


def test_cards_wait_with_dashes() -> None:
    cards = narrative.cards(None)
    assert [card.value for card in cards] == ["–", "–", "–"]
    assert {len(card.details) for card in cards} == {len(card.details) for card in narrative.cards(_record())}


def test_paper_claims_are_those_of_the_abstract() -> None:
    assert (comparison.PAPER.kept, comparison.PAPER.fewer_parameters, comparison.PAPER.speedup) == (0.97, 0.40, 1.60)


def test_difference_is_paired() -> None:
    first, second = _answers([True, True, True, False]), _answers([True, True, False, True])
    found = comparison.score_difference(first, second)
    assert found.value == 0.0
    assert found.low < 0.0 < found.high
    assert not found.seen


@pytest.mark.parametrize(("n_first", "n_second", "seen"), [(60, 20, True), (20, 60, True), (41, 39, False)])
def test_a_difference_is_seen_when_it_is_there(n_first: int, n_second: int, seen: bool) -> None:
    both = [True] * (1000 - n_first - n_second)
    first = _answers([*both, *[True] * n_first, *[False] * n_second])
    second = _answers([*both, *[False] * n_first, *[True] * n_second])
    found = comparison.score_difference(first, second)
    assert found.value == pytest.approx((n_first - n_second) / 1000)
    assert found.low < found.value < found.high
    assert found.seen is seen
    # McNemar: only what one of the two gets right moves the difference.
    margin = 1.96 * np.sqrt((n_first + n_second) / 1000 - found.value**2) / np.sqrt(1000)
    assert found.high - found.low == pytest.approx(2 * margin, rel=0.1)
    backwards = comparison.score_difference(second, first)
    assert backwards.value == -found.value
    assert backwards.seen is seen


def test_equal_answers_leave_no_doubt() -> None:
    same = _answers([True, False, True])
    assert comparison.score_difference(same, same) == Interval(value=0.0, low=0.0, high=0.0)


def test_difference_of_one_text_is_its_gap() -> None:
    assert comparison.score_difference(_answers([True]), _answers([False])).value == 1.0


def test_difference_needs_the_same_texts() -> None:
    other = a_prediction([[1, 0], [1, 0]], [0, 1])
    with pytest.raises(ValueError, match="the same test texts"):
        comparison.score_difference(_answers([True, True]), other)


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (
            Interval(value=0.02, low=0.01, high=0.03),
            "**The teacher helped**: +2.0 points, 95 % interval +1.0 to +3.0.",
        ),
        (Interval(value=-0.02, low=-0.03, high=-0.01), "**The teacher did harm**: −2.0 points"),
        (Interval(value=0.01, low=-0.01, high=0.03), "**No difference seen** between learning with and without"),
    ],
)
def test_verdict_follows_the_paired_difference(gap: Interval, words: str) -> None:
    assert words in narrative.run_verdict(_family(0.9, 0.88), gap)


@pytest.mark.parametrize(("twin", "words"), [(0.8, "helped"), (0.99, "did harm"), (0.91, "No difference seen")])
def test_verdict_without_pairs_asks_whether_intervals_overlap(twin: float, words: str) -> None:
    assert words in narrative.run_verdict(_family(0.9, twin), None)


def test_verdict_waits_for_the_twin() -> None:
    words = narrative.run_verdict(_family(0.9, None), None)
    assert words.startswith("The student answers 90.0 % of the test texts right, its teacher 95.0 %.")
    assert "when its hard-label twin" in words


def test_verdict_of_a_twin_claims_nothing() -> None:
    twin = FinishedRun(run="twin", folder=RunFolder(path=Path("folder")), record=_record(method=Method.HARD_LABELS))
    assert narrative.run_verdict(Family(distilled=twin, twins=()), None).endswith("its teacher 95.0 %.")


def test_models_are_shown_teacher_first(tmp_path: Path) -> None:
    family = seeds.shipped_family(tmp_path)
    shown = comparison.models(family)
    assert [model.name for model in shown] == ["Teacher", "Student", "Hard-label twin", "Layer-cut twin", "TF-IDF"]
    assert [model.method for model in shown] == [None, Method.DISTILLED, *families.TWINS]
    orphan = replace(family, distilled=replace(family.distilled, record=replace(_record(), teacher=None)))
    assert comparison.models(orphan)[0].name == "Student"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (seeds.a_config(), "2 layers · T 2 · α 0.9"),
        (seeds.a_config(student=StudentConfig(depth=1), seed=3), "1 layer · T 2 · α 0.9 · seed 3"),
        (seeds.a_config(student=StudentConfig(layers=(0, 2, 4))), "3 layers · T 2 · α 0.9"),
        (
            seeds.a_config(student=StudentConfig(width=64, init=Init.RANDOM)),
            "2 layers · width 64 · random initialization · T 2 · α 0.9",
        ),
        (seeds.a_config(method=Method.HARD_LABELS), "Hard-label twin · 2 layers"),
        (seeds.a_config(method=Method.TFIDF), "TF-IDF"),
    ],
)
def test_settings_name_what_tells_runs_apart(config: RunConfig, words: str) -> None:
    assert comparison.settings_title(config) == words


class _Comparison:
    teacher_logits = (2.0, 0.0)
    student_logits = (0.0, 0.0)


def test_answers_are_at_temperature_one() -> None:
    teacher, student = narrative.sentence_answers(_Comparison())
    assert (teacher.name, teacher.label, teacher.confidence) == ("Teacher", 0, "88.1 %")
    assert (student.name, student.confidence) == ("Student", "50.0 %")


def test_what_was_kept_is_a_paired_ratio() -> None:
    # Of 1000 texts both get 700 right, the teacher alone 100, the student alone 60.
    flags = np.repeat([[0, 0], [1, 0], [0, 1], [1, 1]], [700, 100, 60, 140], axis=0)
    student, teacher = np.eye(2)[flags[:, 0]], np.eye(2)[flags[:, 1]]
    share = comparison.score_kept(a_prediction(student, np.zeros(1000), teacher=teacher))
    assert share is not None
    assert share.value == pytest.approx(0.95)
    # The same texts decide both, so that the standard error is about sqrt(0.1 + 0.06 * ...) / sqrt(1000) / 0.8.
    assert share.ends == pytest.approx((0.921, 0.980), abs=0.004)


def test_an_equal_student_keeps_exactly_everything() -> None:
    assert comparison.score_kept(_answers([True, True, False])) == Interval(value=1.0, low=1.0, high=1.0)


def test_nothing_is_kept_of_nothing() -> None:
    assert comparison.score_kept(_answers([False])) is None
    alone = _answers([True])
    assert comparison.score_kept(replace(alone, test=alone.test.teacher)) is None


def test_a_verdict_speaks_of_the_primary_metric() -> None:
    def judged(family: Family) -> Family:
        def by_kl(run: FinishedRun) -> FinishedRun:
            return replace(run, record=replace(run.record, primary="nll"))

        return Family(distilled=by_kl(family.distilled), twins=tuple(map(by_kl, family.twins)))

    words = narrative.run_verdict(judged(_family(0.9, 0.88)), Interval(value=-0.1, low=-0.2, high=-0.05))
    assert words.startswith("The student's log-loss is 0.550 nats, its teacher 0.550 nats, its hard-label twin")
    assert words.endswith("**The teacher helped**: −0.100 nats, 95 % interval −0.200 to −0.050.")
    card, *_ = narrative.cards(judged(_family(0.9, None)).distilled.record)
    assert (card.label, card.value) == ("Log-loss kept", "–")
