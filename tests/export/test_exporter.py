"""A student of every task and architecture leaves the lab in every format, and answers as it did there."""

import json
import runpy
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from distil_core.data.corpus import join_segments, split_segments
from distil_core.errors import ConfigError, MissingExtraError, RunNotFoundError
from distil_core.export.exporter import export_student
from distil_core.export.formats import Format, offered, sentences
from distil_core.export.lab_student import load_student
from distil_core.models.forward import predict
from distil_core.models.loading import auto_class, save
from distil_core.models.surgery import cut_student
from distil_core.runs.store import RunStore
from distil_core.settings.canonical import canonical
from distil_core.settings.config import Method, RunConfig, StudentConfig, TeacherConfig
from distil_core.settings.serialization import digest
from distil_core.tasks.catalog import task_named
from distil_core.tasks.qa.windows import windows_of
from tests import named_entities, questions, seeds, tiny

N = 12
TEXTS, OTHERS = tiny.split(N, seed=1).texts, tiny.split(N, seed=2).texts
PAIRS = tuple(map(join_segments, zip(TEXTS, OTHERS, strict=True)))
TAGS = ("O", "B-cold", "I-cold", "B-mild", "I-mild", "B-hot", "I-hot")
SENTENCES, QUESTIONS = named_entities.rows(N, seed=1), questions.rows(N, seed=1)


@dataclass(frozen=True)
class Case:
    """A student with random weights, its test texts, and what ``predict.py`` is asked."""

    task: str
    architecture: str
    texts: Sequence[str]
    labels: Sequence[Any]
    label_names: tuple[str, ...]
    asked: tuple[str, ...] = (TEXTS[0],)
    depth: int = 2

    def add(self, store: RunStore) -> str:
        """Put the student into a store as that of a finished run, and return its name."""
        student = StudentConfig(depth=self.depth)
        config = canonical(RunConfig(task=self.task, teacher=TeacherConfig(max_length=24), student=student))
        task = task_named(self.task).for_labels(self.label_names)
        run = store.add(digest((config, self.architecture)), config, corpus_name="weather")
        with store.owner() as owner:
            store.claim(owner, run.id)
            folder = store.folder(run.id)
            tokenizer = tiny.tokenizer_for(self.architecture)
            shape = tiny.model(self.architecture, labels=self.label_names or ("start", "end"), depth=2).config
            shape.problem_type = task.head.problem_type
            if not task.head.labeled:
                shape.sentence_embedding = {"mode": "mean", "normalize": True, "width": tiny.WIDTH}
            model = auto_class(task.head).from_config(shape, attn_implementation="eager").eval()
            for parameter in model.parameters():
                if parameter.dim() > 1:
                    torch.nn.init.normal_(parameter, std=0.15)
            model, _ = cut_student(model, student)
            save(model, tokenizer, folder.student)
            lines = [{"text": text, "label": label} for text, label in zip(self.texts, self.labels, strict=True)]
            folder.test_texts.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
            record = seeds.record_of(config, run.id, task.primary.name)
            store.finish(run.id, replace(record, corpus=replace(record.corpus, label_names=self.label_names)))
        return run.id


CASES = (
    Case("classification", "bert", TEXTS, tiny.split(N, seed=1).labels, tiny.LABELS),
    Case("multi-label", "roberta", TEXTS, [[i % 2, 1, 0] for i in range(N)], tiny.LABELS),
    Case("pairs", "electra", PAIRS, [i % 2 for i in range(N)], ("no", "yes"), (TEXTS[0], OTHERS[0])),
    Case("pairs", "albert", PAIRS, [i / 5 for i in range(N)], ("score",), (TEXTS[0], OTHERS[0])),
    Case(
        "tokens",
        "distilbert",
        [" ".join(row["tokens"]) for row in SENTENCES],
        [[TAGS.index(tag) for tag in row["ner_tags"]] for row in SENTENCES],
        TAGS,
    ),
    Case(
        "qa",
        "mpnet",
        [join_segments((row["question"], row["context"] + " then" * 20)) for row in QUESTIONS],
        [list(zip(row["answers"]["answer_start"], row["answers"]["text"], strict=True)) for row in QUESTIONS],
        (),
        (QUESTIONS[0]["question"], QUESTIONS[0]["context"]),
    ),
    Case("embeddings", "modernbert", PAIRS, [i / 5 for i in range(N)], (), (TEXTS[0], OTHERS[0])),
    Case("classification", "roberta", TEXTS, tiny.split(N, seed=1).labels, tiny.LABELS, depth=0),
    Case("pairs", "bert", PAIRS, [i % 2 for i in range(N)], ("no", "yes"), (TEXTS[0], OTHERS[0]), depth=0),
    Case("embeddings", "bert", PAIRS, [i / 5 for i in range(N)], (), (TEXTS[0], OTHERS[0]), depth=0),
    Case("fill-mask", "squeezebert", TEXTS, [None] * N, (), ("we saw the [MASK] near my house",)),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.task}-{case.architecture}-{case.depth}")
def test_a_student_of_every_task_and_architecture_answers_outside_as_in_the_lab(
    case: Case, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = RunStore(home)
    run, out = case.add(store), tmp_path / "out"
    possible = offered(case.depth, task_named(case.task))
    assert (Format.STATIC in possible) is (case.depth == 0)
    for wanted in {*possible} - {Format.BROWSER, Format.REPORT}:
        proof = export_student(store, run, wanted, out / wanted, seconds=0.01)
        compared, exact = proof.comparison, wanted is not Format.ONNX_INT8
        assert compared.largest_difference < (2e-5 if exact else 2.0)
        assert compared.fidelity_value > (0.9999 if exact else 0.5)
        assert (compared.n_texts, compared.n_rows_alike) == (N, compared.n_rows)
        if exact and compared.score is not None:
            assert compared.score == compared.lab_score
        assert {"README.md", "predict.py", "record.json", "proof.json"} <= {
            path.name for path in (out / wanted).iterdir()
        }
        assert all(sentences(proof, task_named(case.task).for_labels(case.label_names)))
    script = out / "hf" / "predict.py"
    if script.exists() and (case.task != "embeddings" or find_spec("sentence_transformers")):
        monkeypatch.setattr(sys, "argv", [str(script), *case.asked])
        runpy.run_path(str(script))
        assert capsys.readouterr().out
    for small in (out / "onnx", out / "static"):
        if small.exists():
            absent = ["torch", *["onnxruntime"] * (small.name == "static")]
            alone = (
                f"import sys, runpy; sys.modules.update(dict.fromkeys({absent})); sys.argv = sys.argv[1:]; "
                "sys.path.insert(0, sys.argv[-1]); runpy.run_path(sys.argv[0])"
            )
            command = [sys.executable, "-c", alone, str(small / "predict.py"), *case.asked, str(small)]
            ran = subprocess.run(command, capture_output=True, text=True)
            assert (ran.returncode, ran.stderr) == (0, "")
            assert ran.stdout.strip()


@pytest.mark.parametrize("unanswerable", [False, True])
@pytest.mark.parametrize("wanted", [Format.HF, Format.ONNX])
def test_an_exported_student_of_questions_gives_the_labs_answers_to_long_contexts(
    wanted: Format,
    unanswerable: bool,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = questions.rows(N, seed=1, unanswerable=unanswerable)
    texts = [join_segments((row["question"], f"{row['context']} then " + " ".join(TEXTS[i : i + 6]))) for i, row in
             enumerate(rows)]  # fmt: skip
    labels = [list(zip(row["answers"]["answer_start"], row["answers"]["text"], strict=True)) for row in rows]
    store = RunStore(home)
    run = Case("qa", "bert", texts, labels, ()).add(store)
    export_student(store, run, wanted, tmp_path / "out", seconds=0.01)
    student = load_student(store.folder(run), record=store.get(run).record)
    windows = windows_of(student.test.sites)
    assert len(windows) > 2 * N
    assert windows.may_be_empty is unanswerable
    logits = predict(student.model, student.test.tokens, padding=0, sites=student.test.sites)
    found = []
    for text in texts:
        monkeypatch.setattr(sys, "argv", ["predict.py", *split_segments(text)])
        runpy.run_path(str(tmp_path / "out" / "predict.py"))
        found.append(capsys.readouterr().out.rstrip("\n"))
    contexts = [split_segments(text)[1] for text in texts]
    assert found == [
        "no answer" if answer.is_empty else context[answer.start : answer.end]
        for answer, context in zip(windows.answers(logits.numpy()), contexts, strict=True)
    ]
    assert unanswerable or "no answer" not in found


def test_a_student_with_layers_is_no_table(home: Path, tmp_path: Path) -> None:
    store = RunStore(home)
    run = CASES[0].add(store)
    with pytest.raises(ConfigError, match=r"--format must be of hf, .* for this student \(2 layers\), got static"):
        export_student(store, run, Format.STATIC, tmp_path / "out")


def test_what_cannot_be_written_is_said_before_anything_is_loaded(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore(home)
    run, baseline = (
        seeds.finished(store, config)
        for config in seeds.family_of(seeds.a_config())
        if config.method in (Method.DISTILLED, Method.BASELINE)
    )
    with pytest.raises(RunNotFoundError, match="TF-IDF has none"):
        export_student(store, baseline.id, Format.HF, tmp_path / "out")
    (tmp_path / "note.txt").touch()
    with pytest.raises(ConfigError, match="--out must be a folder that is empty or not there yet"):
        export_student(store, run.id, Format.HF, tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'distil-lab\[onnx\]'"):
        export_student(store, run.id, Format.ONNX, tmp_path / "out")
