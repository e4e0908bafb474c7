"""Sensitive words, found in one pass however many there are and however they are dressed up."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import ahocorasick

_NOISE = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """`text` as it is compared: compatibility forms unified, lower case, spaces, punctuation and invisibles gone."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).lower())


class WordList:
    """A set of words built once and searched often; words that are nothing but punctuation are left out."""

    def __init__(self, words: Iterable[str]) -> None:
        self._automaton = ahocorasick.Automaton()
        for word in words:
            key = plain(word)
            # The first spelling of words that compare alike is the one shown.
            if key and key not in self._automaton:
                self._automaton.add_word(key, word.strip())
        if self._automaton:
            self._automaton.make_automaton()

    def __len__(self) -> int:
        return len(self._automaton)

    def find(self, text: str) -> list[str]:
        """The listed words that occur in `text`, as they stand in the list, each once, in the order they end."""
        if not self._automaton:
            return []
        return list(dict.fromkeys(word for _, word in self._automaton.iter(plain(text))))
