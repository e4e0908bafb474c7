"""How many billed segments a text costs, its signature included."""

from __future__ import annotations

MAX_CHARACTERS = 500
"""The longest content the provider takes, in characters as `text_length` counts them, signature not included."""

ONE_SEGMENT = 70
"""A message up to this length is one segment."""

JOINED_SEGMENT = 67
"""Past ONE_SEGMENT each segment gives three characters to the header that joins the parts again."""


def text_length(text: str) -> int:
    """Characters of `text` as carriers count them: UTF-16 code units.

    Every letter, digit and Chinese character is 1. Messages travel as UCS-2, so a character outside the Basic
    Multilingual Plane (emoji, 𠮷) takes a surrogate pair and counts 2. A lone surrogate counts 1 instead of failing.
    """
    return len(text.encode("utf-16-le", "surrogatepass")) >> 1


def message_length(signature: str, text: str) -> int:
    """Characters of 【signature】text, brackets included; `signature` is given without them."""
    return text_length(signature) + 2 + text_length(text)


def segments_of(length: int) -> int:
    """Segments of a message of `length` characters: up to 70 is one, otherwise 67 to each."""
    return 1 if length <= ONE_SEGMENT else -(-length // JOINED_SEGMENT)


def count_segments(signature: str, text: str) -> int:
    """Billed segments of 【signature】text by the domestic rule (the provider's billing page)."""
    return segments_of(message_length(signature, text))
