"""What is kept of a model's answer where a masked word is asked for; needs neither torch nor a model."""

from enum import IntEnum


class WordColumn(IntEnum):
    """Columns of figures about one distribution over a vocabulary, a row a site.

    The surprise at the right word in nats; how many words are likelier than the right one; the likeliest word; the
    divergence from the teacher's distribution, ``KL(p_t || p_s)`` in nats, 0 where there is no teacher.
    """

    SURPRISE = 0
    RANK = 1
    LIKELIEST = 2
    DIVERGENCE = 3
