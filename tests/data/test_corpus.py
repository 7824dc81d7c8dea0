"""The segments of a text."""

from distil_core.data.corpus import SEGMENT, join_segments, split_segments


def test_segments_come_back() -> None:
    for segments in (("one",), ("one", "two"), ("", "two"), ("one", ""), ("a b", "c", "d")):
        assert split_segments(join_segments(segments)) == segments


def test_a_separator_within_a_segment_is_a_space() -> None:
    assert split_segments(join_segments([f"one{SEGMENT}half", "two"])) == ("one half", "two")
