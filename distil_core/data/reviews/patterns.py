"""How an adjective is said of something, how two clauses meet, and what each way of saying it is worth.

Values run from -1 (as bad as can be said) to 1. An adjective of the second or fourth grade is worth half a point, one
of the outer grades a whole one; a pattern gives the value of what it makes of them. Slots: ``np`` "the soup", ``be``
"was", ``no`` "was not", ``a`` an adjective, ``b`` another of its grade, ``o`` one of the opposite grade, ``top`` a
stronger one, ``more`` its comparative; the others name adverbs.
"""

from dataclasses import dataclass, field
from string import Formatter

BORDERS = (-0.65, -0.2, 0.2, 0.65)
"""Where one class ends and the next begins, on the scale of the values."""


def grade_of(value: float) -> int:
    """Return the class of a value, from 0 (very negative) to 4."""
    return sum(value > border for border in BORDERS)


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A template, the grade (0 to 4) of the adjective that fills it, what it is then worth, how often it is used."""

    template: str
    grade: int
    value: float
    weight: int
    slots: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        slots = frozenset(name for _, name, _, _ in Formatter().parse(self.template) if name)
        object.__setattr__(self, "slots", slots)

    @property
    def asserts(self) -> bool:
        """Whether its adjective is true of the aspect whatever the sentence goes on to say of the whole."""
        return "the {a} {bare}" in self.template or "the only {g}" in self.template


def _both(template: str, good: float | None, bad: float | None, weight: int) -> tuple[Pattern, ...]:
    """Return the pattern with a good and with a bad adjective of medium strength."""
    pairs = ((3, good), (1, bad))
    return tuple(Pattern(template, grade, value, weight) for grade, value in pairs if value is not None)


def _extreme(template: str, good: float | None, bad: float | None, weight: int) -> tuple[Pattern, ...]:
    pairs = ((4, good), (0, bad))
    return tuple(Pattern(template, grade, value, weight) for grade, value in pairs if value is not None)


CLAUSES: tuple[Pattern, ...] = (
    *_both("{np} {be} {a}", 0.5, -0.5, 34),
    *_both("{np} {be} {very} {a}", 0.8, -0.8, 14),
    *_both("{np} {be} {fairly} {a}", 0.35, -0.35, 3),
    *_both("{np} {be} {slightly} {a}", None, -0.3, 5),
    *_both("{np} {be} {a} and {b}", 0.55, -0.55, 5),
    *_both("{np} {be} both {a} and {b}", 0.55, -0.55, 1),
    *_both("{np} {be} too {a}", None, -0.5, 2),
    *_both("{np} {be} surprisingly {a}", 0.5, -0.5, 2),
    *_both("{np} {be} {more} than I had expected", 0.5, -0.5, 2),
    *_both("{np} {be} every bit as {a} as I had {hoped}", 0.8, -0.8, 2),
    *_both("I found {np} {very} {a}", 0.8, -0.8, 1),
    *_both("I found {np} {a}", 0.5, -0.5, 2),
    *_both("{np} could not have been {more}", 1.0, -1.0, 5),
    *_both("{np} could have been {more}", -0.35, None, 3),
    *_both("{np} {no} {a}", -0.5, 0.3, 5),
    *_both("{np} {no} {very} {a}", -0.35, None, 2),
    *_both("{np} {no} {a} at all", -0.8, 0.5, 4),
    *_both("{np} {no} {even_slightly} {a}", -0.8, 0.5, 4),
    *_both("{np} {no} exactly {a}", -0.35, None, 3),
    *_both("{np} {no} too {a}", -0.3, 0.3, 2),
    *_both("{np} {no} as {a} as I had {hoped}", -0.4, 0.3, 3),
    *_both("{np} {no} nearly as {a} as I had {hoped}", -0.55, 0.45, 3),
    *_both("{np} {be} less {a} than I had {hoped}", -0.4, 0.3, 2),
    *_both("{np} {be} nowhere near as {a} as people say", -0.8, 0.5, 3),
    *_both("{np} {be} hardly {a}", -0.5, 0.35, 3),
    *_both("{np} {be} by no means {a}", -0.55, 0.4, 2),
    *_both("{np} {be} anything but {a}", -0.8, 0.8, 5),
    *_both("{np} {be} far from {a}", -0.55, 0.5, 3),
    *_both("{np} {be} neither {a} nor {b}", -0.55, 0.35, 3),
    *_both("I never found {np} {a}", -0.5, 0.35, 2),
    *_both("I never once found {np} {a}", -0.55, 0.5, 2),
    *_both("{np} {be} no longer {a}", -0.5, 0.35, 2),
    *_both("nobody could call {np} {a}", -0.5, 0.4, 3),
    *_both("I would not call {np} {a}", -0.45, 0.3, 3),
    *_both("I did not find {np} {a}", -0.5, 0.3, 2),
    *_both("I cannot say that {np} {be} {a}", -0.5, 0.3, 3),
    *_both("nobody can say that {np} {no} {a}", 0.4, -0.4, 2),
    *_both("it would be a lie to call {np} {a}", -0.55, 0.45, 2),
    *_both("it would be unfair to call {np} {a}", None, 0.35, 3),
    *_both("I have no idea why people call {np} {a}", -0.5, 0.45, 2),
    *_both("{np} {no} just {a} but {absolutely} {top}", 1.0, -1.0, 3),
    *_both("{np} {no} {top} but {be} certainly {a}", 0.4, -0.45, 2),
    *_both("{np} {be} neither {a} nor {o}", 0.0, None, 4),
    *_both("{np} {be} {g} at best", 0.0, None, 3),
    *_both("{np} {be} more {a} than {o}", 0.3, -0.3, 3),
    *_extreme("{np} {be} {a}", 1.0, -1.0, 18),
    *_extreme("{np} {be} {absolutely} {a}", 1.0, -1.0, 5),
    *_extreme("{np} {be} nothing short of {a}", 1.0, -1.0, 4),
    *_extreme("{np} {be} never less than {a}", 1.0, None, 2),
    *_extreme("{np} {be} little short of {a}", 0.9, -0.9, 2),
    *_extreme("{np} {no} exactly {a}", -0.3, None, 5),
    *_extreme("{np} {be} far from {a}", -0.4, 0.3, 4),
    *_extreme("{np} {be} anything but {a}", -0.8, 0.5, 4),
    *_extreme("{np} {no} {a}, but {no} bad", 0.0, None, 2),
    *_extreme("I would not go so far as to call {np} {a}", 0.0, 0.0, 2),
    Pattern("{np} {be} {a}", 2, 0.0, 8),
    Pattern("{np} {be} just {a}", 2, 0.0, 3),
    Pattern("{np} {be} {a}, no more and no less", 2, 0.0, 3),
    Pattern("{np} {be} all right", 2, 0.0, 2),
    Pattern("{np} {be} fine, I suppose", 2, 0.0, 2),
    Pattern("{np} {be} no better and no worse than elsewhere", 2, 0.0, 2),
    Pattern("{np} {be} nothing special", 2, 0.0, 2),
    Pattern("I have no strong feelings about {np}", 2, 0.0, 2),
    *_both("I cannot decide whether {np} {be} {a} or {o}", 0.0, 0.0, 2),
    *_both("{np} {be} {a} one moment and {o} the next", 0.0, 0.0, 2),
    *_both("{np} {be} {a} but also {o}", 0.0, 0.0, 2),
)

VERDICTS_ON_THE_WHOLE: tuple[Pattern, ...] = (
    *_both("this {be} {art_a} {noun}", 0.5, -0.5, 9),
    *_both("this {be} {art_a}, {b} {noun}", 0.55, -0.55, 3),
    *_both("this {be} {art_very} {a} {noun}", 0.8, -0.8, 4),
    *_both("this {no} {art_a} {noun}", -0.5, 0.3, 5),
    *_both("this {be} hardly {art_a} {noun}", -0.5, 0.35, 3),
    *_both("this {be} anything but {art_a} {noun}", -0.8, 0.8, 4),
    *_both("I have never known {art_more} {noun}", 1.0, -1.0, 5),
    *_both("I have known {more} ones", -0.3, 0.0, 4),
    *_both("nobody could call this {art_a} {noun}", -0.5, 0.4, 3),
    *_both("it is not what I would call {art_a} {noun}", -0.5, 0.35, 3),
    *_both("to call this {art_a} {noun} would be an understatement", 1.0, -1.0, 3),
    *_both("to call this {art_a} {noun} would be a lie", -0.55, 0.45, 3),
    *_both("this {be} not just {art_a} {noun} but {art_top} one", 1.0, -1.0, 3),
    *_both("this {be} neither {art_a} {noun} nor {art_o} one", 0.0, None, 4),
    *_extreme("this {be} {art_a} {noun}", 1.0, -1.0, 6),
    *_extreme("what {art_a} {noun}", 1.0, -1.0, 4),
    *_extreme("this {be} far from being {art_a} {noun}", -0.4, 0.3, 3),
    Pattern("this {be} {art_a} {noun}", 2, 0.0, 6),
    Pattern("this {be} just {art_a} {noun}", 2, 0.0, 3),
)

EXCEPTIONS: tuple[Pattern, ...] = (
    *_both("apart from {np}, everything {was} {g}", 0.5, -0.5, 3),
    *_both("apart from {np}, there is nothing {g} about it", -0.55, 0.45, 3),
    *_both("the only {g} thing about it {was} {np}", -0.45, 0.4, 3),
    *_extreme("apart from {np}, everything {was} {g}", 0.9, -0.9, 3),
    *_extreme("apart from {np}, there is nothing {g} about it", -0.35, 0.3, 2),
    *_both("not everything {was} {g}, but {np} certainly {be}", 0.3, -0.35, 2),
    *_both("it {was} not {np} that I found {g} but everything else", 0.45, -0.5, 2),
)

COUNTERFACTUALS: tuple[Pattern, ...] = (
    *_both("if {np} had been {a}, I would have given more stars", -0.5, None, 3),
    *_both("had {np} been {a}, I might {again}", -0.5, None, 3),
    *_both("it would be a different story if {np} had been {a}", -0.5, 0.4, 2),
    *_both("I only wish {np} had been {a}", -0.45, None, 3),
    *_both("without the {a} {bare} I might have liked it", None, -0.5, 3),
    *_both("but for the {a} {bare} I would have asked for my money back", -0.4, None, 3),
    *_both("if you like your {bare} {a}, you have come to the wrong place", -0.5, 0.4, 3),
    *_both("if you like your {bare} {a}, this is for you", 0.5, -0.5, 3),
    *_both("even if {np} had been {a}, I would still {again}", None, 0.5, 4),
    *_both("even if {np} had been {a}, I would not {again}", -0.55, None, 4),
    *_both("not even the {a} {bare} could spoil it for me", None, 0.5, 4),
    *_both("not even the {a} {bare} could save it for me", -0.55, None, 4),
    *_both("I would {again} for the {a} {bare} alone", 0.8, None, 3),
    *_extreme("I would {again} for the {a} {bare} alone", 0.9, None, 3),
    *_extreme("not even the {a} {bare} could spoil it for me", None, 0.45, 2),
    *_extreme("not even the {a} {bare} could save it for me", -0.5, None, 2),
)

Ways = tuple[str, ...]
"""Ways of saying the same."""

OPINIONS: tuple[tuple[str, float], ...] = (
    ("{person} hated it, and so did I", -0.9),
    ("{person} could not stand it, and neither could I", -0.9),
    ("{person} loved it; I hated every bit of it", -0.8),
    ("{person} hated it; I loved every bit of it", 0.8),
    ("{person} loved it, and so did I", 0.9),
    ("{person} could not praise it enough, and neither can I", 1.0),
    ("{person} loved it; I did not", -0.5),
    ("{person} liked it far more than I did", -0.3),
    ("{person} did not like it, and I can see why", -0.5),
    ("{person} was more impressed than I was", -0.3),
    ("{person} raved about it; I cannot think why", -0.5),
    ("{person} disliked it; I did not", 0.4),
    ("{person} liked it, and I can see why", 0.5),
    ("{person} hated it; I cannot think why", 0.45),
    ("{person} liked it far less than I did", 0.35),
    ("{person} was less impressed than I was", 0.35),
)

DIVIDED: Ways = (
    "{person} loved it; I am not so sure",
    "{person} hated it; I would not go that far",
    "{person} liked it and I half agree",
    "{person} asked me whether it was good; I had no answer",
)

REPORTS: Ways = (
    "{person} had told me that {np} would be {a}",
    "{person} swore that {np} would be {a}",
    "according to {person}, {np} would be {a}",
    "{person} says that {np} {be} {a}",
    "I had read that {np} {be} {a}",
    "some people here say that {np} {be} {a}",
)
AGREEMENTS: Ways = ("I can only agree", "that is no lie", "true enough", "I second that", "no argument from me")
DENIALS: Ways = ("I disagree", "not so", "I beg to differ", "that is not true", "nothing of the kind", "nonsense")
QUESTIONS: Ways = (
    "{be} {np} {a}?",
    "{be} {np} {a}?",
    "{person} wanted to know whether {np} {be} {a}",
    "so, {be} {np} {a}?",
)
YES: Ways = ("yes", "absolutely", "{it} certainly {be}", "oh yes", "you bet", "no doubt about it")
NO: Ways = ("no", "not really", "not in the least", "hardly", "not at all", "I did not think so", "far from it")
EXPECTATIONS: Ways = (
    "I expected {expected} {noun} and got {got} one",
    "I was {promised} {expected} {noun} and found {got} one",
    "instead of {expected} {noun} I got {got} one",
    "people had told me that this was {expected} {noun}; for me it was {got} one",
    "my last one was {expected} {noun}; this is {got} one",
)
CHANGES: Ways = (
    "at first sight {np} seemed {before}, but {it} {be} {after}",
    "in the pictures {np} looked {before}; {it} {be} {after}",
    "I had thought that {np} would be {before}, but {it} {be} {after}",
    "{np} might seem {before} to some; {it} {be} {after}",
)
OPENINGS: Ways = (
    "I {did} {when}",
    "we {did} {when}",
    "{did} {when}",
    "my sister and I {did} {when}",
    "my partner and I {did} {when}",
    "{when}, I {did}",
    "{when}, we {did}",
    "{person} recommended this {noun}",
    "{person} had warned me about this {noun}",
    "{person} talked me into this {noun}",
    "a few words about this {noun}",
    "I {did} although {person} was against it",
    "I {did} because {person} would not stop talking about it",
)

CONTRASTS: tuple[tuple[str, float], ...] = (
    ("{x}, but {y}", 0.1),
    ("{x}, but {y}", 0.1),
    ("{x}, yet {y}", 0.1),
    ("{x}; {y}, though", 0.1),
    ("{x}. Still, {y}", 0.1),
    ("{x}. However, {y}", 0.1),
    ("granted, {x}, but {y}", 0.1),
    ("although {x}, {y}", 0.1),
    ("even though {x}, {y}", 0.1),
    ("while {x}, {y}", 0.1),
    ("{x}, which hardly matters because {y}", 0.1),
    ("{x}, although {y}", 0.9),
    ("{x}, even though {y}", 0.9),
    ("{x}, even if {y}", 0.9),
    ("{x}. Never mind that {y}", 0.9),
)
"""Ways in which two clauses of different mind meet, and the weight of the first; the other one has the rest."""

ADDITIONS: tuple[str, ...] = ("{x} and {y}", "{x}, and {y}", "{x}; {y}", "{x}. Also, {y}", "{x}. What is more, {y}")

VERDICTS: tuple[tuple[str, ...], ...] = (
    (
        "never again",
        "I would not {again} if you paid me",
        "save your money",
        "avoid it at all costs",
        "I would not wish it on my worst enemy",
        "would I {again}? Over my dead body",
        "I regret every cent",
        "one star is one too many",
        "I cannot warn you enough",
        "run while you can",
        "I have never been so angry about money",
        "it does not get any worse",
    ),
    (
        "I doubt that I will {again}",
        "I will not {again}",
        "I cannot recommend it",
        "I would not {again} in a hurry",
        "it is not worth the money",
        "I had hoped for more",
        "would I {again}? Probably not",
        "there are better ones for less",
        "I can see no reason to {again}",
        "it did not live up to its reputation",
        "I wanted to like it and could not",
        "I fail to see what the fuss is about",
    ),
    (
        "I might {again}, or I might not",
        "I am in two minds about it",
        "it does the job, no more than that",
        "you could do better and you could do worse",
        "take it or leave it",
        "I neither loved it nor hated it",
        "would I {again}? Ask me tomorrow",
        "it is what it is",
        "nothing to rave about and nothing to moan about",
        "I would give it half marks",
        "some will love it and some will not",
        "I am still not sure what to make of it",
    ),
    (
        "I would {again}",
        "I am glad that I gave it a chance",
        "I have no complaints",
        "I have no regrets",
        "there is little that I would change",
        "you will not be disappointed",
        "I would recommend it",
        "would I {again}? I think so",
        "it does what it promises",
        "you could do a lot worse",
        "it is worth the money",
        "I wanted to hate it and could not",
    ),
    (
        "I cannot wait to {again}",
        "I cannot recommend it enough",
        "I would not change a thing",
        "it does not get any better",
        "I cannot praise it enough",
        "nothing I have known comes close",
        "I would {again} in a heartbeat",
        "would I {again}? Any day of the week",
        "you will not find a better one",
        "I have run out of praise",
        "ten stars would not be too many",
        "I have never been so happy to spend money",
    ),
)
"""What reviewers end with, by class."""

SUMMARIES: Ways = ("all in all", "overall", "in the end", "in short", "to sum up", "when all is said and done")
