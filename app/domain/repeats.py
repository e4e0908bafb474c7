"""Which numbers have been seen, in a few words of memory each, so that a million fit beside everything else."""

from __future__ import annotations

import secrets
from array import array

_LOWEST = 13_000_000_000  # the smallest mobile number; the offset above it fits in 33 bits
_MARK_BITS = 31
_MARKS = (1 << _MARK_BITS) - 1
_WORD = (1 << 64) - 1
_FIRST_BITS = 12


class Seen:
    """Counts how often a number has come by, and knows the same number with the same text.

    First sightings stand in one open-addressed table of 64-bit words: the number and 31 bits of its text's hash.
    The words, not Python objects, are what keeps a million numbers in 32 MB. Only numbers that come back reach
    the ordinary sets. A number's place is the top of its product with an odd number drawn anew for each table:
    whole ranges of numbers, as every company has them, spread evenly, and nobody can make a file that does not.
    Two different texts for one number are taken for the same once in two thousand million.
    """

    __slots__ = ("_again", "_bits", "_room", "_spread", "_table", "_times")

    def __init__(self) -> None:
        self._again: set[int] = set()
        self._times: dict[int, int] = {}
        self._spread = secrets.randbits(64) | 1
        self._resize(_FIRST_BITS)

    def note(self, phone: str, text_hash: int = 0) -> int:
        """How often `phone` came by before with other texts (0, 1, 2 …), or -1 when this very text came by already.

        `phone` is 11 plain digits; `text_hash` is any integer that stands for the text, 0 where all get the same.
        """
        key = int(phone) - _LOWEST + 1
        word = key << _MARK_BITS | text_hash & _MARKS
        table, spread, shift = self._table, self._spread, 64 - self._bits
        mask = len(table) - 1
        slot = (key * spread & _WORD) >> shift
        while found := table[slot]:
            if found >> _MARK_BITS == key:
                return -1 if found == word or word in self._again else self._note_again(key, word)
            slot = (slot + 1) & mask
        table[slot] = word
        self._room -= 1
        if not self._room:
            self._grow()
        return 0

    def _note_again(self, key: int, word: int) -> int:
        self._again.add(word)
        times = self._times.get(key, 0) + 1
        self._times[key] = times
        return times

    def _resize(self, bits: int) -> None:
        self._bits = bits
        self._table = array("Q", bytes(8 << bits))
        self._room = (1 << bits) * 5 // 8

    def _grow(self) -> None:
        old = self._table
        self._resize(self._bits + 2)
        table, spread, shift = self._table, self._spread, 64 - self._bits
        mask = len(table) - 1
        for word in old:
            if word:
                key = word >> _MARK_BITS
                slot = (key * spread & _WORD) >> shift
                while table[slot]:
                    slot = (slot + 1) & mask
                table[slot] = word
                self._room -= 1
