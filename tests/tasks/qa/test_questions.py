"""Questions from their file or the grammar to a finished run, and out of the house."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from distil_core.data import files
from distil_core.data.corpus import Split, split_segments
from distil_core.errors import CorpusError
from distil_core.models.forward import predict
from distil_core.models.loading import load_model, load_tokenizer
from distil_core.runs import foreground
from distil_core.runs.families import family
from distil_core.runs.requests import examine
from distil_core.runs.store import RunStore
from distil_core.settings import recipes
from distil_core.settings.canonical import canonical
from distil_core.settings.config import CorpusConfig, Recipe, RunConfig
from distil_core.settings.recipes import USUAL
from distil_core.tasks.catalog import task_named, usual_config
from distil_core.tasks.corpora import guess_task, load_corpus
from distil_core.tasks.qa.windows import windows_of
from tests import questions, tiny
from tests.cards import printed
from tests.tasks.qa.test_scoring import official

TASK = task_named("qa")


def corpus_of(path: Path, **settings: Any) -> Any:
    return load_corpus(CorpusConfig(source=str(path), **settings), task="qa")


def test_jsonl_and_squads_own_layout_are_read_alike(tmp_path: Path) -> None:
    rows = questions.rows(60, seed=1)
    lines = questions.write(tmp_path / "a.jsonl", rows)
    squad = tmp_path / "b.json"
    squad.write_text(json.dumps(questions.as_squad(rows)), encoding="utf-8")
    assert guess_task(str(lines)) == guess_task(str(squad)) == "qa"
    assert files.read_table(squad).columns == ("title", "context", "id", "question", "is_impossible", "answers")
    one, other = corpus_of(lines), corpus_of(squad)
    assert (one.train, one.validation, one.test) == (other.train, other.validation, other.test)
    assert one.label_names == ("start", "end")
    for split in (one.train, one.validation, one.test):
        for text, label in zip(split.texts, split.labels, strict=True):
            context = split_segments(text)[1]
            assert all(context.startswith(answer, start) for start, answer in label)
    assert one.notes[0] == "15 of 60 questions of a.jsonl have no answer in the context"


def test_no_context_is_in_two_splits(tmp_path: Path) -> None:
    rows = questions.rows(40, seed=1)
    corpus = corpus_of(questions.write(tmp_path / "a.jsonl", [row | {"id": i} for row in rows for i in range(3)]))
    contexts = [{split_segments(text)[1] for text in split.texts} for split in (corpus.train, corpus.test)]
    assert not contexts[0] & contexts[1]
    assert sum(map(len, (corpus.train, corpus.validation, corpus.test))) == 120


def test_notes_of_the_built_in_questions_say_which_split_they_are_about() -> None:
    config = CorpusConfig(source="reviews", n_train=40, n_test=40)
    notes = load_corpus(config, task="qa").notes
    named = [next(split for split in ("training", "validation", "test") if f"the {split} reviews" in n) for n in notes]
    assert named == ["training", "validation", "test"]


CONTEXT = "snow was near the house and snow was near my house"
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nowhere": ({"answers": {"text": ["fire"], "answer_start": [0]}}, r"at character 0 .* stands nowhere in it"),
    "many places": ({"answers": {"text": ["near"], "answer_start": [40]}}, r"it stands at 2 other places"),
    "no context": ({"context": " "}, "got no context"),
    "no question": ({"question": ""}, "got no question"),
    "empty answer": ({"answers": {"text": [" "], "answer_start": [4]}}, "at least one character"),
    "lengths": ({"answers": {"text": ["snow"], "answer_start": []}}, "a start for each of its answers"),
    "plain": ({"answers": "snow"}, r"must have answers like"),
    "number": ({"answers": {"text": ["snow"], "answer_start": ["0"]}}, r"must have answers like"),
    "contradiction": ({"is_impossible": True}, "must have no answer where is_impossible is true"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_row_that_cannot_be_used_is_named(case: str, tmp_path: Path) -> None:
    change, sentence = BAD[case]
    row = {"id": "x7", "question": "what", "context": CONTEXT, "answers": {"text": ["snow"], "answer_start": [0]}}
    path = questions.write(tmp_path / "bad.jsonl", [*questions.rows(9, seed=0), row | change])
    with pytest.raises(CorpusError, match=sentence) as caught:
        corpus_of(path)
    assert str(caught.value).startswith("row 10 (x7) of bad.jsonl must")


def test_an_answer_beside_its_offset_is_moved_where_that_is_unambiguous(tmp_path: Path) -> None:
    row = {"id": 1, "question": "what", "context": CONTEXT, "answers": {"text": ["my house "], "answer_start": [3]}}
    row["context"] += " "
    corpus = corpus_of(questions.write(tmp_path / "a.jsonl", [*questions.rows(30, seed=0), row]))
    labels = {*corpus.train.labels, *corpus.validation.labels, *corpus.test.labels}
    assert ((CONTEXT.index("my house"), "my house"),) in labels
    assert "1 answer of a.jsonl stands near where the row says, and was moved there" in " ".join(
        note.replace("were", "was") for note in corpus.notes
    )


def test_columns_and_settings_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"question": "a", "text": "b"}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"must have the columns question, context, answers.* add context, answers"):
        corpus_of(path)
    rows = questions.write(tmp_path / "b.jsonl", questions.rows(30, seed=0))
    with pytest.raises(CorpusError, match="text_column must be empty for question answering"):
        corpus_of(rows, text_column="context")
    (tmp_path / "c.json").write_text('{"data": [{"paragraphs": [{}]}]}', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"c\.json must have SQuAD's layout"):
        corpus_of(tmp_path / "c.json")
    (tmp_path / "d.json").write_text('{"a": 1}', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"d\.json must be a list of JSON objects"):
        corpus_of(tmp_path / "d.json")


def test_the_grammar_knows_where_its_answers_stand() -> None:
    corpus = load_corpus(CorpusConfig(n_train=300, n_test=60), task="qa")
    assert [len(split) for split in (corpus.train, corpus.validation, corpus.test)] == [300, 60, 60]
    labels = corpus.train.labels
    assert 0.2 < sum(not label for label in labels) / len(labels) < 0.4
    contexts = [{split_segments(text)[1] for text in split.texts} for split in (corpus.train, corpus.test)]
    assert not contexts[0] & contexts[1]
    again = load_corpus(CorpusConfig(n_train=400, n_test=60), task="qa")
    assert again.train.texts[:300] == corpus.train.texts
    assert again.test == corpus.test


def test_the_usage_finds_an_end_behind_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.save("bert", tmp_path)
    start, end = torch.zeros(1, 32), torch.zeros(1, 32)
    start[0, 7], end[0, 2], end[0, 8] = 9.0, 9.0, 5.0  # the likeliest end is before the start
    answer = SimpleNamespace(start_logits=start, end_logits=end)
    monkeypatch.setattr(AutoModelForQuestionAnswering, "from_pretrained", lambda _: lambda **_: answer)
    usage = TASK.usage_for(max_length=32, labels=[((0, "we"),)]).replace("path/to/this/folder", str(tmp_path))
    usage = usage.replace("Put a question here.", "we saw").replace("Put its context here.", "then we saw snow near")
    exec(compile(usage, "usage", "exec"), {})
    assert capsys.readouterr().out == "snow near\n"
    assert "no answer" not in usage
    assert "no answer" in TASK.usage_for(max_length=32, labels=[((0, "we"),), ()])


def test_a_narrow_teacher_for_questions_takes_more_and_smaller_steps() -> None:
    config = canonical(RunConfig(task="qa", corpus=CorpusConfig(n_train=1600, n_test=50)))
    (examined,) = examine([config])
    assert examined.config.teacher.epochs == 4  # 400 steps of 16
    narrow, wide = (TASK.fine_tuning(width, Recipe.THOROUGH) for width in (128, 384))
    assert (wide.n_steps, wide.batch_size, wide.warmup) == (USUAL.n_steps, USUAL.batch_size, USUAL.warmup)
    assert narrow.warmup > wide.warmup
    schedule = recipes.teacher_schedule(
        examined.config.teacher, Recipe.THOROUGH, n_layers=6, n_examples=1, tuning=narrow
    )
    assert (schedule.batch_size, schedule.warmup, schedule.learning_rate) == (16, 0.5, 1e-3)


def test_students_for_questions_begin_with_smaller_steps() -> None:
    training, usual = usual_config("qa").training, RunConfig().training
    assert (training.batch_size, training.learning_rate) == (16, 2e-4)
    assert training.batch_size < usual.batch_size
    assert training.learning_rate < usual.learning_rate


def test_a_teacher_for_questions_learns_without_dropout_and_more_slowly_the_wider_it_is() -> None:
    widths = [TASK.fine_tuning(width, Recipe.THOROUGH) for width in (384, 768)]
    assert [tuning.learning_rate for tuning in widths] == pytest.approx([1e-4, 2.5e-5])
    assert {tuning.dropout for tuning in widths} == {0.0}
    assert task_named("tokens").fine_tuning(384, Recipe.THOROUGH).dropout == 0.1


def test_questions_go_from_their_file_to_a_student_that_others_can_load(tmp_path: Path, quick: None) -> None:
    store = RunStore(tmp_path / "store")
    result = foreground.run_all(questions.a_config(tmp_path), store)
    record, members = result.record, family(store.get(result.run), store)
    assert members is not None
    assert len(members.twins) == 3
    assert record.primary == "f1"
    assert record.teacher is not None
    assert record.teacher.metrics["f1"].value > members.twins[-1].record.model.metrics["f1"].value

    # What was measured is what the official script says of the answers that others get from the student's folder.
    rows = [json.loads(line) for line in result.folder.test_texts.read_text(encoding="utf-8").splitlines()]
    words = AutoTokenizer.from_pretrained(result.folder.student)
    model = AutoModelForQuestionAnswering.from_pretrained(result.folder.student).eval()
    points = []
    for row in rows:
        question, context = split_segments(row["text"])
        inputs = words(question, context, return_tensors="pt", return_offsets_mapping=True)
        spans = inputs.pop("offset_mapping")[0].tolist()
        places = [place for place, number in enumerate(inputs.sequence_ids()) if number == 1]
        with torch.inference_mode():
            output = model(**inputs)
        start, end = output.start_logits[0], output.end_logits[0]
        best, i, j = max((float(start[i] + end[j]), i, j) for i in places for j in places if i <= j < i + 30)
        answer = "" if float(start[0] + end[0]) > best else context[spans[i][0] : spans[j][1]]
        points.append(official(answer, [text for _, text in row["label"]]))
    f1, exact = np.mean(points, axis=0)
    assert record.model.metrics["f1"].value == pytest.approx(f1, abs=1e-6)
    assert record.model.metrics["exact_match"].value == pytest.approx(exact, abs=1e-6)
    stored = result.folder.read_predictions().test
    assert TASK.primary.of(stored) == pytest.approx(f1, abs=1e-6)
    assert TASK.primary.of(stored.teacher) == pytest.approx(record.teacher.metrics["f1"].value)

    assert printed(result).strip()

    # And these answers are the lab's own.
    split = Split(texts=tuple(row["text"] for row in rows), labels=tuple(row["label"] for row in rows))
    encoded = TASK.encode(load_tokenizer(result.folder.student), split, max_length=32)
    logits = predict(load_model(result.folder.student), encoded.tokens, padding=0, sites=encoded.sites)
    assert np.allclose(logits.numpy(), stored.logits, atol=1e-4)
    assert [float(row[0]) for row in windows_of(encoded.sites)(logits.numpy())] == pytest.approx([f for f, _ in points])


def test_labels_told_for_a_share_are_told_for_all_windows_of_a_question(tmp_path: Path, quick: None) -> None:
    config = questions.a_config(tmp_path)
    config = replace(
        config,
        corpus=replace(config.corpus, labeled=0.5),
        teacher=replace(config.teacher, max_length=14, epochs=1),
        training=replace(config.training, epochs=1),
    )
    record = foreground.run_all(config, RunStore(tmp_path / "store"), twins=False).record
    assert record.corpus.n_test > 0
    assert record.model.metrics["f1"].value >= 0
