import pytest

from distil_core.tasks.tokens.tags import Scheme, label_names, scheme_of, to_iob2


@pytest.mark.parametrize(
    ("scheme", "written", "expected"),
    [
        (Scheme.IOB2, "B-PER I-PER O B-LOC B-LOC", "B-PER I-PER O B-LOC B-LOC"),
        (Scheme.IOB1, "I-PER I-PER O I-LOC B-LOC I-PER", "B-PER I-PER O B-LOC B-LOC B-PER"),
        (Scheme.BIOES, "B-PER E-PER S-LOC S-LOC O B-A I-A E-A", "B-PER I-PER B-LOC B-LOC O B-A I-A I-A"),
        (Scheme.BIOES, "B-PER L-PER U-LOC O", "B-PER I-PER B-LOC O"),
        (Scheme.IO, "PER PER O LOC PER", "B-PER I-PER O B-LOC B-PER"),
        (Scheme.PLAIN, "DET NOUN NOUN", "B-DET B-NOUN B-NOUN"),
    ],
)
def test_a_scheme_is_known_and_turned(scheme: Scheme, written: str, expected: str) -> None:
    assert scheme_of([written.split()]).scheme is scheme
    assert to_iob2(written.split(), scheme) == tuple(expected.split())


def test_what_begins_with_i_in_iob2_begins_there_and_is_counted() -> None:
    sentences = [["B-PER", "O"], ["O", "I-PER", "I-PER"], ["B-LOC", "I-PER"]]
    reading = scheme_of(sentences)
    assert (reading.scheme, reading.n_without_begin, reading.sentences) == (Scheme.IOB2, 2, (1, 2))
    assert to_iob2(sentences[1], Scheme.IOB2) == ("O", "B-PER", "I-PER")
    assert to_iob2(sentences[2], Scheme.IOB2) == ("B-LOC", "B-PER")


def test_names_begin_with_o() -> None:
    assert label_names(("A", "B")) == ("O", "B-A", "I-A", "B-B", "I-B")
