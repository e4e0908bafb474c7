"""Column types that keep money, moments and states honest, and the small pieces every model is made of."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Dialect, Integer, String, TypeDecorator

E = TypeVar("E", bound=enum.StrEnum)

# SQLite numbers rows by itself only in a column that is INTEGER to the letter.
BigId = BigInteger().with_variant(Integer, "sqlite")


class EnumText(TypeDecorator[E], Generic[E]):
    """An enum's value as text: readable in the database, and a plain string to FAB's search forms."""

    impl = String
    cache_ok = True

    def __init__(self, members: type[E], length: int = 16) -> None:
        super().__init__(length)
        self.members = members

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.members(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> E | None:
        return None if value is None else self.members(value)


class Money(TypeDecorator[Decimal]):
    """Decimal yuan outside, integer fen inside; a fraction of a fen is refused, never rounded unseen."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        fen = Decimal(value) * 100
        if fen != fen.quantize(Decimal(1), ROUND_HALF_UP):
            raise ValueError(f"not a whole number of fen: {value}")
        return int(fen)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / 100


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment on every database; a naive one is a mistake and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


def storable(text: str) -> str:
    """`text` without what no database takes: NUL and halves of surrogate pairs, both of which JSON can carry."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def one_of(column: str, members: type[enum.StrEnum]) -> CheckConstraint:
    """The database's own refusal of a state that does not exist."""
    words = ", ".join(f"'{member.value}'" for member in members)
    return CheckConstraint(f"{column} IN ({words})", name=f"{column}_known")


class WrongMove(Exception):
    """A state was asked to become one that it may not become; a bug or a race, never a user's mistake."""


class Moves(Generic[E]):
    """The allowed moves of a state: `MOVES.check(old, new)` raises `WrongMove` for any other."""

    def __init__(self, table: dict[E, tuple[E, ...]]) -> None:
        self.table = table

    def check(self, old: E, new: E) -> None:
        if new not in self.table.get(old, ()):
            raise WrongMove(f"{type(old).__name__}: {old.value} may not become {new.value}")

    def into(self, new: E) -> list[E]:
        """The states from which `new` may be reached: the WHERE of a conditional update."""
        return [old for old, targets in self.table.items() if new in targets]

    @property
    def final(self) -> set[E]:
        return {state for state in type(next(iter(self.table))) if not self.table.get(state)}
