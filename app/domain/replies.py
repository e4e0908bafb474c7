"""Whether a reply asks to be left alone."""

from __future__ import annotations

import re
import unicodedata

_ALWAYS = frozenset({"T", "TD", "退订"})
_AFTER_PROMOTION = frozenset({"R", "N"})
_INVISIBLE = re.compile(r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff]")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def is_refusal(content: str, after_promotion: bool) -> bool:
    """True when the whole reply is T, TD or 退订, or R or N where the message before it was a promotion.

    Full-width letters, case, and spaces, quotes or punctuation around the word make no difference; a word inside a
    longer reply ("回复R") is no refusal, for an innocent sentence must not cost a customer a recipient.
    """
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", content))
    word = _EDGES.sub("", text).upper()
    return word in _ALWAYS or (after_promotion and word in _AFTER_PROMOTION)
