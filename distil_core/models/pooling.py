"""An encoder that reads a text as one vector, a classifier of these, and the files of sentence-transformers."""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import MODEL_MAPPING
from transformers.modeling_outputs import SequenceClassifierOutput

from distil_core.errors import ModelError
from distil_core.models.packing import unpacked
from distil_core.models.private_apis import set_attention_implementation
from distil_core.models.structured_pruning import fit_heads
from distil_core.types import Hidden

_POOLINGS = ("mean", "cls")
_DENSE = "2_Dense"
_MODULES = "sentence_transformers.models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling:
    """How the hidden states of a text become its vector.

    Attributes:
        mode: ``mean`` of the real tokens, or the first token, ``cls``.
        normalize: Whether vectors have a length of 1.
        width: Size of a vector; another than the hidden size where a projection stands between.
    """

    mode: str
    normalize: bool
    width: int


def pooled_states(hidden: Hidden, mask: Tensor | None, *, mode: str) -> Float[Tensor, "batch width"]:
    """Return a vector for each text: the mean over its real tokens, which the mask tells, or its first token."""
    if mode == "cls":
        return hidden[:, 0]
    assert mask is not None
    weights = mask.to(hidden)[:, :, None]
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp_min(1e-9)


class PooledEncoder(nn.Module):
    """A model of transformers that reads a text as one vector.

    How it is made stands in its configuration as ``sentence_embedding``; see :class:`Pooling`.
    """

    encoder_class: Any
    base_model_prefix: str
    config: Any

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        options = {} if config.model_type in ("distilbert", "modernbert") else {"add_pooling_layer": False}
        if config.model_type in ("electra", "squeezebert"):
            options = {}
        setattr(self, self.base_model_prefix, self.encoder_class(config, **options))
        fit_heads(self)
        pooling = self.pooling
        self.projection = (
            None if pooling.width == config.hidden_size else nn.Linear(config.hidden_size, pooling.width, bias=False)
        )
        self.add_head()
        self.post_init()  # type: ignore[operator]
        if self.projection is not None:
            nn.init.eye_(self.projection.weight)

    def add_head(self) -> None:
        """Add what reads the vector; nothing by default."""

    def read(self, vectors: Float[Tensor, "batch width"]) -> Tensor:
        """Return what is answered to the vectors of texts; by default they are it."""
        return vectors

    @property
    def pooling(self) -> Pooling:
        """How a vector is made."""
        return Pooling(**self.config.sentence_embedding)

    @property
    def reads_every_token(self) -> bool:
        """Whether its last layer works on every token of a text; without one, all that it gets are all tokens."""
        return self.pooling.mode == "mean" or not self.config.num_hidden_layers

    @property
    def encoder(self) -> Any:
        """The encoder alone."""
        return getattr(self, self.base_model_prefix)

    def forward(
        self, input_ids: Tensor | None = None, attention_mask: Tensor | None = None, **options: Any
    ) -> SequenceClassifierOutput:
        """Return the answers to texts as ``logits``, with hidden states and attention where they are asked for."""
        output = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **options)
        hidden, packing = output.last_hidden_state, options.get("packing")
        if packing is not None and self.reads_every_token:
            hidden, attention_mask = unpacked(hidden, packing)
        pooled = pooled_states(hidden, attention_mask, mode=self.pooling.mode)
        if self.projection is not None:
            pooled = self.projection(pooled)
        if self.pooling.normalize:
            pooled = F.normalize(pooled, dim=-1)
        return SequenceClassifierOutput(
            logits=self.read(pooled), hidden_states=output.hidden_states, attentions=output.attentions
        )


class Embedder(PooledEncoder):
    """A model of transformers whose ``logits`` are the vectors of texts."""

    def save_modules(self, folder: Path) -> None:
        """Write a folder that SentenceTransformer loads; its encoder is one that AutoModel loads."""
        pooling, encoder = self.pooling, self.encoder
        described = encoder.config.sentence_embedding
        del encoder.config.sentence_embedding
        try:
            encoder.save_pretrained(folder)
        finally:
            encoder.config.sentence_embedding = described
        hidden_size, modules = encoder.config.hidden_size, [("", "Transformer"), ("1_Pooling", "Pooling")]
        _write(
            folder / "1_Pooling" / "config.json",
            {
                "word_embedding_dimension": hidden_size,
                "pooling_mode_cls_token": pooling.mode == "cls",
                "pooling_mode_mean_tokens": pooling.mode == "mean",
                "pooling_mode_max_tokens": False,
                "pooling_mode_mean_sqrt_len_tokens": False,
            },
        )
        if self.projection is not None:
            modules.append((_DENSE, "Dense"))
            _write(
                folder / _DENSE / "config.json",
                {
                    "in_features": hidden_size,
                    "out_features": pooling.width,
                    "bias": False,
                    "activation_function": "torch.nn.modules.linear.Identity",
                },
            )
            save_file({"linear.weight": self.projection.weight.detach()}, folder / _DENSE / "model.safetensors")
        if pooling.normalize:
            modules.append((f"{len(modules)}_Normalize", "Normalize"))
        _write(
            folder / "modules.json",
            [
                {"idx": i, "name": str(i), "path": path, "type": f"{_MODULES}.{kind}"}
                for i, (path, kind) in enumerate(modules)
            ],
        )


class PooledClassifier(PooledEncoder):
    """A classifier of the vectors of texts, which transformers has for few architectures: for teachers alone."""

    classifier: nn.Linear

    def add_head(self) -> None:
        """Add a linear layer with an output for each label."""
        self.classifier = nn.Linear(self.pooling.width, self.config.num_labels)

    def read(self, vectors: Float[Tensor, "batch width"]) -> Tensor:
        """Return the logits of the labels."""
        logits: Tensor = self.classifier(vectors)
        return logits


class AutoModelForEmbedding:
    """Makes an :class:`Embedder` of any architecture, as the automatic classes of transformers do."""

    model_class: Any = Embedder

    @classmethod
    def from_config(cls, config: Any, *, attn_implementation: str) -> Any:
        """Return a model with fresh weights."""
        set_attention_implementation(config, attn_implementation)
        return _class_of(cls.model_class, MODEL_MAPPING[type(config)])(config)

    @classmethod
    def from_pretrained(cls, folder: Path, *, config: Any, **options: Any) -> Any:
        """Return the encoder in a folder with the modules that sentence-transformers has beside it, and a report.

        An encoder without them gets the mean over the tokens, as sentence-transformers does it, unless its
        configuration knows better. The report is that of transformers on what was loaded.

        Raises:
            ModelError: If it has modules that are not known here.
        """
        whole = hasattr(config, "sentence_embedding")
        if not whole:
            config.sentence_embedding = asdict(read_pooling(folder, hidden_size=config.hidden_size))
        model_class = _class_of(cls.model_class, MODEL_MAPPING[type(config)])
        model, report = model_class.from_pretrained(folder, config=config, **options)
        if model.projection is not None and not whole:
            with torch.no_grad():
                model.projection.weight.copy_(load_file(folder / _DENSE / "model.safetensors")["linear.weight"])
            report["missing_keys"] = set(report["missing_keys"]) - {"projection.weight"}
        return model, report


class AutoModelForPooledClassification(AutoModelForEmbedding):
    """Makes a :class:`PooledClassifier` of any architecture."""

    model_class = PooledClassifier


def read_pooling(folder: Path, *, hidden_size: int) -> Pooling:
    """Return how the modules of a folder make a vector.

    Raises:
        ModelError: If there is one that is not known here.
    """
    if not (folder / "modules.json").is_file():
        return Pooling(mode="mean", normalize=False, width=hidden_size)
    mode, width, normalize = "mean", hidden_size, False
    for module in _read(folder / "modules.json"):
        kind, settings = str(module["type"]).rpartition(".")[2], folder / str(module["path"]) / "config.json"
        match kind:
            case "Transformer":
                pass
            case "Normalize":
                normalize = True
            case "Pooling":
                mode = _mode(_read(settings), settings)
            case "Dense" if module["path"] == _DENSE and not _read(settings).get("bias", True):
                width = int(_read(settings)["out_features"])
            case _:
                raise ModelError(
                    f"the modules in {folder} must be Transformer, Pooling (mean or cls), Dense without bias and "
                    f"Normalize, got {kind}; choose another teacher"
                )
    return Pooling(mode=mode, normalize=normalize, width=width)


def _mode(settings: dict[str, Any], path: Path) -> str:
    flags = {"cls": "pooling_mode_cls_token", "mean": "pooling_mode_mean_tokens"}
    modes = [name for name in _POOLINGS if settings.get(flags[name])]
    modes += [settings["pooling_mode"]] if "pooling_mode" in settings else []
    others = [name for name, value in settings.items() if name.startswith("pooling_mode_") and value is True]
    if len(modes) != 1 or modes[0] not in _POOLINGS or len(others) > 1:
        raise ModelError(f"the pooling in {path} must be mean or cls, and nothing beside it; choose another teacher")
    return str(modes[0])


@cache
def _class_of(model_class: Any, encoder: Any) -> Any:
    """Return a class of models for an encoder's, as transformers would name it: ``BertForEmbedding``."""
    kind = {Embedder: "Embedding", PooledClassifier: "PooledClassification"}[model_class]
    name = f"{encoder.__name__.removesuffix('Model')}For{kind}"
    return type(name, (model_class, encoder.__bases__[0]), {"encoder_class": encoder, "__module__": __name__})


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ModelError(f"{path} must be JSON, but cannot be read: {exc}") from exc


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
