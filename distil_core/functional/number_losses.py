"""What a student that predicts numbers is asked to imitate; with the promises of :mod:`losses`."""

from jaxtyping import Float
from torch import Tensor

from distil_core.types import PerSite, Scalar

Numbers = Float[Tensor, "sites one"]


def squared_error(
    predicted: Numbers,
    wanted: PerSite,
    *,
    unit: float = 1.0,
    weights: PerSite | None = None,
    normalizer: float | None = None,
) -> Scalar:
    r"""Ask for a number, ``((z - y) / u)²``; averaged over examples.

    Args:
        predicted: What the student predicts, in the units of the numbers.
        wanted: The numbers, which stay as they are; NaN asks for nothing.
        unit: What the error is counted in, above zero.
        weights: How much each number counts, 0 where it is not told; None: 1.
        normalizer: Divisor of the sum over the batch; None: the number of examples.
    """
    numbers = predicted[:, 0] if predicted.dtype.itemsize > 2 else predicted[:, 0].float()
    errors = ((numbers - wanted.detach().to(numbers)) / unit).square().where(~wanted.isnan(), 0.0)
    losses = errors if weights is None else errors * weights
    return losses.sum() / (len(losses) if normalizer is None else normalizer)
