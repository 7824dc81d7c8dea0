"""The words of the project, and names for tensors, so that a signature says what goes in and what comes out.

One word has one meaning everywhere:

===============  =============================================================================================
term             meaning
===============  =============================================================================================
corpus           labeled examples from one source, cut into three splits
example          one text (or pair of texts) with what is to be predicted of it
site             a place at which a model predicts one distribution: a text, a token, a mask
place            where in a text a site lies, and what people know it by: a word, or the text as a whole
split            the training, validation or test examples of a corpus
teacher          the larger model that is learned from; never changed by that
student          a smaller model cut out of the teacher's layers
twin             the same student made in another way, to compare it with
hard-label twin  the same student trained on hard labels alone, without the teacher
layer-cut twin   the same student as it was cut out of the teacher, before any training
baseline         a model that owes the teacher nothing, such as TF-IDF with logistic regression
method           what was done to make a model: distilled, hard labels, layer cut, baseline
role             what a model stands for in a comparison: teacher, student, twin, baseline
checkpoint       a folder with weights and a tokenizer in the layout of Hugging Face
layer mapping    which layer of the teacher each layer of the student is copied from and compared with
road             a way to a smaller model: fewer layers, heads, neurons or bits, or zeros among its weights
importance       how far a model's answers move as an attention head or a neuron is turned off
static student   a student without layers, the mean of its word vectors
frozen layer     a layer whose weights stay as they were copied while the student learns
logits           unnormalized scores of the classes at a site
temperature      what logits are divided by before the softmax; above 1 softens a distribution
soft labels      the teacher's softened distribution, as what the student is to predict
hard labels      the labels of the corpus
dark knowledge   how the teacher ranks the wrong labels
teacher outputs  what a loss needs of the teacher for every training example, computed once and kept
initialization   where the student's weights come from before training: the teacher's layers, or chance
learning rate    how far a step of the optimizer moves the weights; rises in the warm-up, then falls to 0
epoch            one pass over the training split
packing          many texts laid end to end, without padding
run              one student, twin or baseline made from one canonical configuration; named by its digest
canonical        checked, and with every setting that cannot matter at its default
family           a distilled run with its twins and baseline
sweep            many runs that differ in a few settings
record           what a finished run leaves behind: settings, figures, environment
metric           a figure of quality or fidelity, declared once with its unit and its better end
interval         95 % bootstrap interval of a figure over test examples and seeds
outcome          how a model did against another: better, worse, no difference seen, or pending
verdict          what follows from figures, as data; its sentence is written in reporting/narrative
agreement        share of sites at which student and teacher predict the same
loyalty          1 less the root of the Jensen-Shannon divergence of teacher and student, in bits
calibration      whether a model that says 80 % is right in 80 % of the cases; ECE measures it
fidelity         how far a student follows its teacher, right or wrong
slice            a filter over test examples that is kept under a name
===============  =============================================================================================

The same axis name has the same size within one call:

==========  =====================================================================
axis        meaning
==========  =====================================================================
batch       examples worked on together
sites       places at which a model predicts a distribution; in text classification the examples of the batch
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

Logits = Float[Tensor, "sites classes"]
Probs = Float[Tensor, "sites classes"]
LogProbs = Float[Tensor, "sites classes"]
PerSite = Float[Tensor, "sites"]
PerExample = Float[Tensor, "batch"]
Labels = Int[Tensor, "sites"] | Float[Tensor, "sites"]
TokenIds = Int[Tensor, "batch length"]
Mask = Bool[Tensor, "batch length"]
Hidden = Float[Tensor, "batch length width"]
Attention = Float[Tensor, "batch heads length length"]
Scalar = Float[Tensor, ""]

Model: TypeAlias = Any
"""A transformers model with a head; the library gives it no useful common type."""
Tokenizer: TypeAlias = Any
"""A fast transformers tokenizer."""
