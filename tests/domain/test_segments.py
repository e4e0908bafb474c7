from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.segments import count_segments, message_length, text_length


@pytest.mark.parametrize(
    ("length", "segments"),
    [(1, 1), (69, 1), (70, 1), (71, 2), (134, 2), (135, 3), (160, 3), (201, 3), (202, 4), (500, 8), (506, 8)],
)
def test_up_to_70_is_one_segment_and_then_67_each(length: int, segments: int) -> None:
    signature = "云顶" if length >= 5 else ""
    text = "字" * (length - len(signature) - 2)
    if length > 2:
        assert message_length(signature, text) == length
    assert count_segments(signature, text) == segments


def test_the_signature_counts_with_its_brackets() -> None:
    assert count_segments("云顶云", "字" * 65) == 1
    assert count_segments("云顶云", "字" * 66) == 2


@pytest.mark.parametrize(
    ("text", "length"),
    [("", 0), ("abc", 3), ("【】", 2), ("中文abc", 5), ("😀", 2), ("𠮷野家", 4), ("{^}", 3), ("\n", 1), ("\ud83d", 1)],
)
def test_characters_are_counted_as_utf16_units(text: str, length: int) -> None:
    assert text_length(text) == length


@given(st.text(max_size=12), st.text(max_size=600))
def test_segments_follow_the_rule_for_any_text(signature: str, text: str) -> None:
    length = sum(2 if ord(char) > 0xFFFF else 1 for char in f"【{signature}】{text}")
    assert message_length(signature, text) == length
    assert count_segments(signature, text) == (1 if length <= 70 else math.ceil(length / 67))
