"""AdamW over flat buffers: a few calls a step instead of hundreds, with fp32 masters of bf16 weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from distil_core.models.private_apis import copy_all
from distil_core.settings.config import TrainingConfig
from distil_core.types import Model

_ALIGNMENT = 64
"""Elements that a parameter's place in the flat buffer is a multiple of: whole cache lines in bf16 and fp32."""


@dataclass
class _Weights:
    """Parameters of a model as views of flat buffers, so that a step of the optimizer is a few calls, not hundreds.

    ``master`` is in fp32; the model computes with ``working``, which is the same memory or its bf16 copy.
    """

    parameters: list[nn.Parameter]
    master: Tensor
    working: Tensor
    gradient: Tensor
    gradient_views: list[Tensor] = field(default_factory=list)

    @classmethod
    def take(cls, parameters: Sequence[nn.Parameter], dtype: torch.dtype) -> "_Weights":
        spans, total = [], 0
        for parameter in parameters:
            spans.append((total, total + parameter.numel()))
            total += -(-parameter.numel() // _ALIGNMENT) * _ALIGNMENT
        device = parameters[0].device
        master = torch.zeros(total, device=device)
        working = master if dtype == torch.float32 else torch.zeros(total, dtype=dtype, device=device)
        weights = cls(list(parameters), master, working, torch.zeros(total, device=device))
        for parameter, (start, stop) in zip(parameters, spans, strict=True):
            master[start:stop] = parameter.detach().flatten()
            parameter.data = working[start:stop].view(parameter.shape)
            weights.gradient_views.append(weights.gradient[start:stop].view(parameter.shape))
        weights.publish()
        return weights

    def collect_gradient(self) -> None:
        """Move the gradients of the last backward pass into the flat fp32 buffer."""
        pairs = zip(self.gradient_views, self.parameters, strict=True)
        have = [(view, p.grad) for view, p in pairs if p.grad is not None]
        if len(have) < len(self.parameters):
            self.gradient.zero_()
        copy_all([view for view, _ in have], [gradient for _, gradient in have])
        for parameter in self.parameters:
            parameter.grad = None

    def publish(self) -> None:
        """Bring the working copy up to date."""
        if self.working is not self.master:
            self.working.copy_(self.master)

    def release(self) -> None:
        """Give the parameters memory of their own again, in fp32."""
        for parameter, view in zip(self.parameters, self.gradient_views, strict=True):
            start = view.storage_offset()
            parameter.data = self.master[start : start + view.numel()].view(view.shape).clone()


class Optimizer:
    """AdamW over flat buffers (Loshchilov & Hutter, 2019, arXiv:1711.05101).

    Matrices decay; vectors and embeddings do not. The last of the planned steps leaves the mean of the weights after
    each of the last steps, as many as the settings say (Izmailov et al., 2018, arXiv:1803.05407).
    """

    def __init__(
        self, model: Model, projection: nn.Parameter | None, config: TrainingConfig, dtype: torch.dtype
    ) -> None:
        parameters = list({id(p): p for p in model.parameters() if p.requires_grad}.values())
        if projection is not None:
            parameters.append(projection)
        embedding = model.get_input_embeddings().weight
        decayed = [p for p in parameters if p.dim() > 1 and p is not embedding]
        others = [p for p in parameters if p.dim() <= 1 or p is embedding]
        # What does not learn only has to be computed with.
        self._frozen = [(p, p.data) for p in model.parameters() if not p.requires_grad]
        for parameter, data in self._frozen:
            parameter.data = data.to(dtype)
        self._config = config
        self._groups = [_Weights.take(group, dtype) for group in (decayed, others)]
        self._adam = torch.optim.AdamW(
            [
                {"params": [group.master], "weight_decay": decay}
                for group, decay in zip(self._groups, (config.weight_decay, 0.0), strict=True)
            ],
            fused=True,
        )
        self._means: list[Tensor] = []

    def step(self, step: int, n_steps: int) -> None:
        """Use up the gradients of the last backward pass.

        Args:
            step: Steps before this one.
            n_steps: Steps that are planned; decides the learning rate, and when to begin the mean of the weights.
        """
        for group in self._groups:
            group.collect_gradient()
        norm = float(torch.stack([torch.linalg.vector_norm(group.gradient) for group in self._groups]).norm())
        for group, settings in zip(self._groups, self._adam.param_groups, strict=True):
            if norm > self._config.clip:
                group.gradient.mul_(self._config.clip / norm)
            group.master.grad = group.gradient
            settings["lr"] = learning_rate_at(step, n_steps, self._config)
        self._adam.step()
        self._average(step, n_steps)
        for group in self._groups:
            group.publish()

    def _average(self, step: int, n_steps: int) -> None:
        before = step - round(n_steps * (1 - self._config.averaging))
        if before < 0:
            return
        if before == 0:
            self._means = self.copy()
        for mean, group in zip(self._means, self._groups, strict=True):
            mean.lerp_(group.master, 1 / (before + 1))
            if step + 1 == n_steps:
                group.master.copy_(mean)

    def copy(self) -> list[Tensor]:
        """Return a copy of the master weights."""
        return [group.master.clone() for group in self._groups]

    def restore(self, masters: Sequence[Tensor]) -> None:
        """Put back master weights that :meth:`copy` returned."""
        for group, master in zip(self._groups, masters, strict=True):
            group.master.copy_(master)
            group.publish()

    def state(self) -> dict[str, Tensor]:
        """Return all that a resumed run needs."""
        return {
            f"{name}.{i}": value
            for i, group in enumerate(self._groups)
            for name, value in {"master": group.master, **self._adam.state[group.master]}.items()
        } | {f"mean.{i}": mean for i, mean in enumerate(self._means)}

    def fits(self, tensors: Mapping[str, Tensor]) -> bool:
        """Tell whether a state is of a model of the same shapes."""
        return all(
            f"{name}.{i}" in tensors and tensors[f"{name}.{i}"].shape == group.master.shape
            for i, group in enumerate(self._groups)
            for name in ("master", "exp_avg", "exp_avg_sq")
        ) and all(f"step.{i}" in tensors for i in range(len(self._groups)))

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what :meth:`state` returned."""
        self.restore([tensors[f"master.{i}"] for i in range(len(self._groups))])
        for i, group in enumerate(self._groups):
            self._adam.state[group.master] = {
                name: tensors[f"{name}.{i}"].to(group.master.device) for name in ("step", "exp_avg", "exp_avg_sq")
            }
        self._means = [
            tensors[f"mean.{i}"].to(group.master.device)
            for i, group in enumerate(self._groups)
            if f"mean.{i}" in tensors
        ]

    def release(self) -> None:
        """Give the parameters memory of their own again, in fp32."""
        for group in self._groups:
            group.release()
        for parameter, data in self._frozen:
            parameter.data = data


def learning_rate_at(step: int, n_steps: int, config: TrainingConfig) -> float:
    """Return the learning rate of a step counted from 0: linear warm-up to the peak, then linear decay to zero."""
    warmup = config.warmup * n_steps
    if step < warmup:
        return config.learning_rate * (step + 1) / (warmup + 1)
    return config.learning_rate * (n_steps - step) / max(n_steps - warmup, 1.0)
