"""Names for tensors, so that a signature says what goes in and what comes out.

The same axis name has the same size within one call:

==========  =====================================================================
axis        meaning
==========  =====================================================================
batch       examples worked on together
examples    examples of a split, in the split's order
classes     labels of the corpus
length      tokens of the longest text of a batch; shorter ones are padded
tokens      tokens of all texts laid end to end, without padding
layers      encoder layers
heads       attention heads of a layer
width       size of a hidden state
==========  =====================================================================
"""

from typing import Any, TypeAlias

from jaxtyping import Bool, Float, Int
from torch import Tensor

Logits = Float[Tensor, "batch classes"]
Probs = Float[Tensor, "batch classes"]
LogProbs = Float[Tensor, "batch classes"]
PerExample = Float[Tensor, "batch"]
Labels = Int[Tensor, "batch"]
TokenIds = Int[Tensor, "batch length"]
Mask = Bool[Tensor, "batch length"]
Hidden = Float[Tensor, "batch length width"]
Attention = Float[Tensor, "batch heads length length"]
Scalar = Float[Tensor, ""]

Model: TypeAlias = Any
"""A transformers model with a head; the library gives it no useful common type."""
Tokenizer: TypeAlias = Any
"""A fast transformers tokenizer."""
