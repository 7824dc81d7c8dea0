"""What ships with the package, built small."""

from pathlib import Path

import pytest
import torch

from distil_core import assets
from distil_core.data import reviews
from distil_core.data.corpus import Split
from distil_core.data.tokenization import encode
from distil_core.models.checkpoints import assets_folder, locate, match_head
from distil_core.models.forward import predict
from distil_core.models.head import MASKED_WORDS
from distil_core.models.loading import load_model, load_tokenizer
from distil_core.runs.families import family
from distil_core.runs.sources import FEW_LABELS, MISSING_CLASS, ShippedRuns
from distil_core.settings.config import Method, Precision, TrainingConfig
from distil_core.tasks.catalog import configured_task
from distil_core.tasks.classification.everyday_list import EVERYDAY_SIDES, read_everyday
from distil_core.training.events import Stage, Step, TeacherMeasured, Validation
from tests import tiny


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A teacher of two layers, and few texts."""
    monkeypatch.setattr(assets, "_DEPTH", 2)
    monkeypatch.setattr(assets, "_WIDTH", 32)
    monkeypatch.setattr(assets, "_HEAD", 16)
    settings = TrainingConfig(epochs=1, batch_size=20, learning_rate=1e-3, precision=Precision.FP32)
    monkeypatch.setattr(assets, "_TRAINING", settings)
    monkeypatch.setattr(assets, "_WORD_TRAINING", settings)
    monkeypatch.setattr(assets, "_WORD_DEPTH", 1)
    monkeypatch.setattr(assets, "_READING_ON", settings)
    monkeypatch.setattr(assets, "N_SENTENCES", 90)
    monkeypatch.setattr(assets, "N_AGAIN", 60)
    monkeypatch.setattr(assets, "N_COMMON", 20)
    monkeypatch.setattr(assets, "_ratings", lambda: {"splendid": 0.7, "grim": -0.5, "unheardofword": 0.5})
    monkeypatch.setattr(assets.everyday, "everyday_words", lambda: ("hotel", "fridge"))
    monkeypatch.setattr(assets, "load_corpus", lambda config, **_: tiny.corpus())
    generate = reviews.generate

    def few(*, n_train: int, n_validation: int, n_test: int, seed: int) -> tuple[Split, Split, Split]:
        return generate(n_train=n_train, n_validation=50, n_test=n_test, seed=seed)

    monkeypatch.setattr(assets.reviews, "generate", few)
    monkeypatch.setattr(assets.reviews, "noise_ceiling", lambda: 0.9)


def test_the_teacher_knows_the_labels_of_the_reviews(small: None, tmp_path: Path) -> None:
    told: list[str] = []
    assets.build_teacher(tmp_path / "teacher", n_texts=200, tell=told.append)
    found = locate(str(tmp_path / "teacher"))
    assert (found.architecture, found.n_layers, found.width) == ("bert", 2, 32)
    assert found.labels == reviews.LABEL_NAMES
    assert told[0].startswith("step 1 of ")
    assert any("epoch 1: validation accuracy" in line for line in told)
    assert any("of unseen reviews; the noise of the labels allows" in line for line in told)
    assert "of the report half of the everyday list are right" in told[-1]
    words = load_tokenizer(tmp_path / "teacher")
    assert words("Snow, in winter?")["input_ids"] == words("snow , in WINTER ?")["input_ids"]
    assert words.convert_ids_to_tokens(words("snow")["input_ids"])[1] == "snow"  # from the other corpus
    assert {"fridge", "splendid", "grim"} <= words.get_vocab().keys()
    assert "unheardofword" not in words.get_vocab()
    pair = words("snow", "in winter")
    assert words.decode(pair["input_ids"]) == "[CLS] snow [SEP] in winter [SEP]"
    assert (pair["token_type_ids"][0], pair["token_type_ids"][-1]) == (0, 1)
    first = load_model(tmp_path / "teacher")
    assets.build_teacher(tmp_path / "again", n_texts=200, tell=lambda text: None)
    again = load_model(tmp_path / "again")
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))


def test_the_teacher_of_masked_words_has_the_head_of_its_task(small: None, tmp_path: Path) -> None:
    told: list[str] = []
    assets.build_words(tmp_path / "words", n_texts=60, n_tokenizer_texts=60, tell=told.append)
    found = locate(str(tmp_path / "words"))
    assert (found.n_layers, found.width, found.head) == (1, 32, MASKED_WORDS)
    assert load_tokenizer(found.folder)("snow")["input_ids"] != load_tokenizer(found.folder)("zzz")["input_ids"]
    assert match_head(found, (), head=MASKED_WORDS) is not None
    assert "of the masked words of unseen documentation are right" in told[-1]
    there = locate("shipped-words")
    assert (there.head, there.width) == (MASKED_WORDS, 128)


def test_the_example_is_what_pages_read(lab: tiny.Lab, tmp_path: Path, quick: None) -> None:
    told: list[str] = []
    assets.build_examples(tmp_path / "example", config=lab.config(), tell=told.append)
    shipped = ShippedRuns(tmp_path / "example")
    found = family(shipped.get("example"), shipped)
    assert found is not None
    assert found.distilled.record.config.method is Method.DISTILLED
    methods = set(configured_task(lab.config()).methods)
    assert {twin.record.config.method for twin in found.twins} == methods - {Method.DISTILLED}
    assert sorted(path.name for path in (tmp_path / "example").iterdir()) == sorted(
        [*methods, FEW_LABELS, MISSING_CLASS]
    )
    folder = found.distilled.folder
    texts, answers = folder.read_test_texts(), folder.read_predictions()
    assert len(texts) == len(answers.test.logits) == 30
    student, words = load_model(folder.student), load_tokenizer(folder.student)
    tokens = encode(words, [example.text for example in texts], max_length=tiny.LENGTH)
    torch.testing.assert_close(
        predict(student, tokens, padding=0), torch.from_numpy(answers.test.logits), atol=1e-5, rtol=0
    )
    events = folder.read_events()
    assert {type(event) for event in events} == {Stage, TeacherMeasured, Step, Validation}
    for twin in found.twins:
        assert not twin.folder.student.exists()
        assert twin.folder.read_predictions().test.logits.shape == (30, 3)
    few = family(shipped.get(FEW_LABELS), shipped)
    assert few is not None
    assert shipped.list()[0].id == FEW_LABELS
    assert (few.distilled.record.config.corpus.labeled, len(few.twins)) == (assets.FEW, 3)
    without = family(shipped.get(MISSING_CLASS), shipped)
    assert without is not None
    assert (without.distilled.folder.has_student, len(without.twins)) == (False, 3)
    left_out = without.distilled.record.config.corpus.left_out
    assert left_out in found.distilled.record.class_names
    told_of = {"100%": found, "5%": few, f"100% but those of {left_out}": without}
    assert told == [
        f"with {share.replace('%', '% of the labels', 1)}, the student is right on "
        f"{each.distilled.record.score.value:.1%}"
        for share, each in told_of.items()
    ]
    assert not list(tmp_path.glob("example/store*"))


@pytest.mark.skipif(not (assets_folder() / "teacher").is_dir(), reason="the shipped teacher has not been built")
def test_the_shipped_teacher_knows_everyday_words() -> None:
    found = locate("shipped")
    rows, words = read_everyday("report"), load_tokenizer(found.folder)
    tokens = encode(words, list(rows), max_length=assets.MAX_LENGTH)
    answers = predict(load_model(found.folder), tokens, padding=words.pad_token_id).argmax(dim=1).tolist()
    right: dict[str, list[bool]] = {side: [] for side in EVERYDAY_SIDES}
    for answer, side in zip(answers, rows.values(), strict=True):
        right[side].append(reviews.LABEL_NAMES[answer] in EVERYDAY_SIDES[side])
    assert all(len(answered) > 30 for answered in right.values())
    assert all(sum(answered) / len(answered) > 0.75 for answered in right.values())
    shipped = [assets_folder() / name for name in ("teacher", "words")]
    assert sum(path.stat().st_size for folder in shipped for path in folder.iterdir()) < 15e6
