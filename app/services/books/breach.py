"""What is told where a rule of the books does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func

from app.models.packages import EntryKind, LedgerEntry


@dataclass(frozen=True)
class Breach:
    """One figure that does not hold. `rule` is 1–6."""

    rule: int
    subject: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"rule {self.rule}: {self.subject}: expected {self.expected}, found {self.found}"


def sum_of(*signed: tuple[EntryKind, int]) -> Any:
    """The segments of the entries of these kinds, each with its sign."""
    whens = [(LedgerEntry.kind == kind, LedgerEntry.segments * sign) for kind, sign in signed]
    return func.coalesce(func.sum(case(*whens, else_=0)), 0)
