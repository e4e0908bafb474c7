"""A "no" in a sentence that a person can read, and a mark by which a test can tell which "no" it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


def N_(sentence: str) -> str:
    """Mark a sentence for the catalogue; it is translated by the door that shows it."""
    return sentence


@dataclass(frozen=True)
class Reason:
    """One cause of a refusal. `code` is stable for programs; `sentence` % `values` is for people."""

    code: str
    sentence: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence % self.values if self.values else self.sentence


class Refused(Exception):
    """A request that breaks a rule. Carries every reason found, never only the first.

    `Refused("balance", N_("…%(needed)s…"), needed=3)` for one reason, `Refused.all_of(reasons)` for several.
    """

    def __init__(self, code: str, sentence: str, **values: Any) -> None:
        self.reasons: tuple[Reason, ...] = (Reason(code, sentence, values),)
        super().__init__(str(self.reasons[0]))

    @classmethod
    def all_of(cls, reasons: Sequence[Reason]) -> Refused:
        if not reasons:
            raise ValueError("a refusal needs a reason")
        first = reasons[0]
        refusal = cls(first.code, first.sentence, **first.values)
        refusal.reasons = tuple(reasons)
        return refusal

    @property
    def code(self) -> str:
        return self.reasons[0].code

    def __str__(self) -> str:
        return " ".join(str(reason) for reason in self.reasons)
