"""All that a teacher says of a corpus, computed once and kept."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from distil_core.data.sites import EncodedSplit, Sites
from distil_core.data.tokenization import Ragged
from distil_core.errors import ConfigError
from distil_core.functional.loss_inputs import ModelOutputs
from distil_core.models.forward import attention_maps, empty_answers, logits_of, states_of
from distil_core.models.loading import independent_copy
from distil_core.settings.config import LossConfig, Precision
from distil_core.settings.serialization import digest
from distil_core.training.cache import Cache
from distil_core.training.events import TEACHER_OUTPUTS, Event, Stage
from distil_core.training.teachers import Teacher
from distil_core.types import Model

DAMAGED = Stage(
    name="Repairing the cache", detail="what was kept of the teacher is damaged and computed again", fraction=None
)
_STATES_LIMIT = 8 * 2**30
"""Bytes of hidden states and attention maps that may be kept for one corpus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherOutputs:
    """What a teacher said of the texts of one split; implements what a lesson needs of its teacher.

    Hidden states and attention maps of the layers in use lie end to end like the tokens, without padding.
    """

    logits: Float[Tensor, "sites classes"]
    width: int
    tokens: Ragged
    sites: Sites
    layers: tuple[int, ...] = ()
    last_layer: int = -1
    hidden: Mapping[int, Float[Tensor, "tokens width"]] | None = None
    attention: Mapping[int, Float[Tensor, "entries"]] | None = None

    def batch(self, examples: Int[Tensor, "batch"]) -> ModelOutputs:
        """Return what the losses in use need for some texts, padded to the longest of them."""
        hidden = self.hidden or {}
        return ModelOutputs(
            logits=self.logits[self.sites.within(examples)[0]],
            last_hidden=self._states(hidden[self.last_layer], examples) if hidden else None,
            hidden=tuple(self._states(hidden[layer], examples) for layer in self.layers) if hidden else (),
            attention=tuple(self._maps(self.attention[layer], examples) for layer in self.layers)
            if self.attention
            else (),
        )

    def _states(self, flat: Tensor, examples: Tensor) -> Tensor:
        lengths = self.tokens.lengths[examples].tolist()
        padded = flat.new_zeros(len(examples), max(lengths), flat.shape[-1])
        for row, (start, length) in enumerate(zip(self.tokens.offsets[examples].tolist(), lengths, strict=True)):
            padded[row, :length] = flat[start : start + length]
        return padded.float().to(self.logits.device)

    def _maps(self, flat: Tensor, examples: Tensor) -> Tensor:
        lengths = self.tokens.lengths
        squares = lengths * lengths
        n_heads = len(flat) // int(squares.sum())
        starts = ((squares.cumsum(0) - squares)[examples] * n_heads).tolist()
        sizes = lengths[examples].tolist()
        padded = flat.new_zeros(len(examples), n_heads, max(sizes), max(sizes))
        for row, (start, size) in enumerate(zip(starts, sizes, strict=True)):
            padded[row, :, :size, :size] = flat[start : start + n_heads * size * size].view(n_heads, size, size)
        return padded.float().to(self.logits.device)


def teacher_outputs(
    teacher: Teacher,
    splits: Mapping[str, EncodedSplit],
    *,
    corpus_digest: str,
    padding: int,
    precision: Precision,
    loss: LossConfig,
    layers: Sequence[int],
    cache: Cache | None,
) -> Generator[Event, None, dict[str, TeacherOutputs]]:
    """Return what the teacher says of every text, by split; from the cache where it has said it before.

    Args:
        teacher: Who is asked.
        splits: Texts and sites by split.
        corpus_digest: Digest of the corpus, part of the cache's key.
        padding: Id to fill up with.
        precision: Resolved; of the teacher's arithmetic.
        loss: Decides whether hidden states and attention maps of the training texts are needed.
        layers: Teacher layers that the student's layers are mapped to.
        cache: Where it is kept; None: nowhere.

    Raises:
        ConfigError: If hidden states and attention maps would take too much room.
    """
    lengths = {name: part.tokens.lengths.tolist() for name, part in splits.items()}
    key = digest({"teacher": teacher.digest, "corpus": corpus_digest, "lengths": lengths, "precision": precision})
    n_outputs = {name: len(part.sites) for name, part in splits.items()}
    logits = read_kept(cache, "outputs", key, "logits.safetensors", n_outputs)
    packed: Model | None = None

    def answering() -> Model:
        nonlocal packed
        if packed is None:
            packed = independent_copy(teacher.model, precision)
        return packed

    if logits is None:
        if cache is not None and cache.find("outputs", key):
            cache.drop("outputs", key)
            yield DAMAGED
        logits = {}
        for done, (name, part) in enumerate(splits.items()):
            yield Stage(name=TEACHER_OUTPUTS, detail=f"{name} texts", fraction=done / len(splits))
            logits[name] = empty_answers(teacher.model, part.tokens, part.sites)
            n_seen, n_sites = 0, len(part.sites)
            lower = None if teacher.lower is None else teacher.lower.highest(name)
            for chosen, answers in logits_of(answering(), part.tokens, padding=padding, sites=part.sites, lower=lower):
                logits[name][chosen.cpu()] = answers.float().cpu()
                n_seen += len(chosen)
                yield Stage(
                    name=TEACHER_OUTPUTS,
                    detail=f"{name} texts",
                    fraction=(done + n_seen / n_sites) / len(splits),
                    n_done=round(n_seen / n_sites * len(part.tokens)),
                    n_total=len(part.tokens),
                )
        if cache is not None:
            with cache.writing("outputs", key, name=f"outputs of {teacher.name}") as folder:
                save_file(logits, folder / "logits.safetensors")
    device = next(teacher.model.parameters()).device
    states = yield from _states(
        answering, teacher, splits["train"].tokens, key=key, padding=padding, loss=loss, layers=layers, cache=cache
    )
    n_layers = teacher.model.config.num_hidden_layers
    return {
        name: TeacherOutputs(
            logits=logits[name].to(device),
            width=teacher.model.config.hidden_size,
            tokens=part.tokens,
            sites=part.sites,
            layers=tuple(layers),
            last_layer=n_layers - 1,
            hidden=states.get("hidden") if name == "train" else None,
            attention=states.get("attention") if name == "train" else None,
        )
        for name, part in splits.items()
    }


def read_kept(
    cache: Cache | None, kind: str, key: str, name: str, lengths: Mapping[str, int]
) -> dict[str, Tensor] | None:
    """Return the tensors of a file that is kept; None where there is none, or it is damaged."""
    folder = None if cache is None else cache.find(kind, key)
    if folder is None:
        return None
    try:
        tensors = load_file(folder / name)
    except (OSError, SafetensorError):
        return None
    return tensors if {part: len(tensor) for part, tensor in tensors.items()} == dict(lengths) else None


def _states(
    answering: Callable[[], Model],
    teacher: Teacher,
    tokens: Ragged,
    *,
    key: str,
    padding: int,
    loss: LossConfig,
    layers: Sequence[int],
    cache: Cache | None,
) -> Generator[Event, None, dict[str, dict[int, Tensor]]]:
    """Return hidden states and attention maps of the layers that the loss needs, by kind and layer, in fp16."""
    config = teacher.model.config
    wanted = {
        "hidden": sorted({*layers, config.num_hidden_layers - 1}) if loss.hidden_mse or loss.hidden_cosine else [],
        "attention": sorted(layers) if loss.attention_kl else [],
    }
    squares = tokens.lengths * tokens.lengths
    sizes = {
        "hidden": len(tokens.ids) * config.hidden_size,
        "attention": int(squares.sum()) * config.num_attention_heads,
    }
    needed = 2 * sum(sizes[kind] * len(chosen) for kind, chosen in wanted.items())
    if needed > _STATES_LIMIT:
        raise ConfigError(
            f"hidden states and attention maps of this corpus must fit into {_STATES_LIMIT / 1e9:.0f} GB, got "
            f"{needed / 1e9:.0f} GB; set their weights in the loss to 0 or use fewer or shorter texts"
        )
    states_by_kind: dict[str, dict[int, Tensor]] = {}
    for kind, chosen in wanted.items():
        if not chosen:
            continue
        name = f"{key}-{'-'.join(map(str, chosen))}"
        n_rows = sizes[kind] // (config.hidden_size if kind == "hidden" else 1)
        cached = read_kept(cache, kind, name, "states.safetensors", {str(layer): n_rows for layer in chosen})
        if cached is not None:
            states_by_kind[kind] = {layer: cached[str(layer)] for layer in chosen}
            continue
        if cache is not None and cache.find(kind, name):
            cache.drop(kind, name)
            yield DAMAGED
        states = {layer: torch.empty(sizes[kind], dtype=torch.float16) for layer in chosen}
        starts = tokens.offsets[:-1] * config.hidden_size if kind == "hidden" else (squares.cumsum(0) - squares)
        starts = (starts if kind == "hidden" else starts * config.num_attention_heads).tolist()
        lengths, n_seen = tokens.lengths.tolist(), 0
        option = {"hidden": "output_hidden_states", "attention": "output_attentions"}[kind]
        for examples, output in states_of(answering(), tokens, padding=padding, **{option: True}):
            source = output.hidden_states[1:] if kind == "hidden" else attention_maps(teacher.model, output)
            for layer in chosen:
                batch = source[layer].to(torch.float16).cpu()
                for row, example in enumerate(examples.tolist()):
                    n = lengths[example]
                    piece = (batch[row, :n] if kind == "hidden" else batch[row, :, :n, :n]).flatten()
                    states[layer][starts[example] : starts[example] + len(piece)] = piece
            n_seen += len(examples)
            yield Stage(
                name=TEACHER_OUTPUTS,
                detail=f"{kind} states of texts",
                fraction=n_seen / len(tokens),
                n_done=n_seen,
                n_total=len(tokens),
            )
        if kind == "hidden":
            states = {layer: flat.view(-1, config.hidden_size) for layer, flat in states.items()}
        if cache is not None:
            with cache.writing(kind, name, name=f"{kind} states of {teacher.name}") as folder:
                save_file({str(layer): flat for layer, flat in states.items()}, folder / "states.safetensors")
        states_by_kind[kind] = states
    return states_by_kind
