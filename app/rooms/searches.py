"""What a list can be searched by. Each kind reads its part of the address and answers with a condition on the rows.

Only what an index serves: equality, a beginning, a period (fab.md, speed). The address keeps Flask-AppBuilder's form,
`_flt_<n>_<column>`, so that it can be sent to a colleague. What cannot be read is told beside its field and left out.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, ColumnElement, Date, and_
from sqlalchemy.orm import InstrumentedAttribute

from app.domain.clock import SHANGHAI
from app.domain.phones import digits_of
from app.rooms.words import word_of
from app.services.prefixes import digits_begin, starts_with

LONGEST = 100
LARGEST = 2**63 - 1


@dataclass
class Found:
    """What one search read out of an address: the texts to show again, a condition, and what was wrong with them."""

    values: dict[int, str] = field(default_factory=dict)
    where: ColumnElement[bool] | None = None
    order: InstrumentedAttribute[Any] | None = None  # the order in which an index finds them, where that matters
    wrong: Any = ""

    @property
    def given(self) -> bool:
        return any(self.values.values())


@dataclass(frozen=True)
class Search:
    """By equality with a text."""

    name: str
    label: Any
    column: InstrumentedAttribute[Any]
    hint: Any = ""
    kind: ClassVar[str] = "text"
    slots: ClassVar[tuple[int, ...]] = (0,)

    def read(self, args: Mapping[str, str]) -> Found:
        found = Found({slot: args.get(f"_flt_{slot}_{self.name}", "").strip() for slot in self.slots})
        if not found.given:
            return found
        try:
            found.where = self.condition(found.values)
            found.order = self.order(found.values)
        except (ValueError, OverflowError):
            found.wrong = self.complaint()
        if any(len(text) > LONGEST for text in found.values.values()):
            found.values = {slot: text[:LONGEST] for slot, text in found.values.items()}
        return found

    def condition(self, values: dict[int, str]) -> ColumnElement[bool]:
        return self.column == short(values[0])

    def order(self, values: dict[int, str]) -> InstrumentedAttribute[Any] | None:
        return None

    def complaint(self) -> Any:
        return _l("Nothing can be found by this. Give at most 100 ordinary characters.")

    def address(self, slot: int = 0) -> str:
        return f"_flt_{slot}_{self.name}"


class Beginning(Search):
    """By the beginning of a text, upper and lower case alike."""

    def condition(self, values: dict[int, str]) -> ColumnElement[bool]:
        return starts_with(self.column, short(values[0]))


class Phone(Search):
    """By a whole number or its first digits, however it is written: +86, spaces, full-width digits."""

    kind = "phone"

    def condition(self, values: dict[int, str]) -> ColumnElement[bool]:
        digits = digits_of(short(values[0]))
        if len(digits) < 3 or len(digits) > 15:
            raise ValueError("too few or too many digits")
        return self.column == digits if len(digits) == 11 else digits_begin(self.column, digits)

    def order(self, values: dict[int, str]) -> InstrumentedAttribute[Any] | None:
        """By number where it is only begun: half a million rows would have to be sorted otherwise."""
        return None if len(digits_of(values[0])) == 11 else self.column

    def complaint(self) -> Any:
        return _l("Give a phone number or at least its first three digits.")


class Number(Search):
    """By a whole number."""

    kind = "number"

    def condition(self, values: dict[int, str]) -> ColumnElement[bool]:
        return self.column == within(self.column, short(values[0]).replace(",", ""))

    def complaint(self) -> Any:
        return _l("Give a whole number, for example 1024.")


@dataclass(frozen=True)
class Choice(Search):
    """By one value of an enum; drawn as tabs where `tabs` says so."""

    members: type[enum.StrEnum] = enum.StrEnum
    tabs: bool = False
    only: tuple[enum.StrEnum, ...] = ()
    kind = "choice"

    def condition(self, values: dict[int, str]) -> ColumnElement[bool]:
        return self.column == self.members(values[0])

    def options(self) -> list[tuple[str, Any]]:
        return [(member.value, word_of(member)) for member in (self.only or tuple(self.members))]

    def complaint(self) -> Any:
        return _l("This is none of the choices.")


@dataclass(frozen=True)
class OneWord(Search):
    """By one of the words of a table."""

    words: Mapping[str, Any] = field(default_factory=dict)
    tabs: ClassVar[bool] = False
    kind = "choice"

    def condition(self, values: dict[int, str]) -> ColumnElement[bool]:
        if values[0] not in self.words:
            raise ValueError("no such word")
        return self.column == values[0]

    def options(self) -> list[tuple[str, Any]]:
        return list(self.words.items())

    def complaint(self) -> Any:
        return _l("This is none of the choices.")


class YesNo(Search):
    kind = "choice"
    tabs = False

    def condition(self, values: dict[int, str]) -> ColumnElement[bool]:
        return self.column.is_({"1": True, "0": False}[values[0]] if values[0] in ("0", "1") else _raise())

    def options(self) -> list[tuple[str, Any]]:
        return [("1", _l("Yes")), ("0", _l("No"))]

    def complaint(self) -> Any:
        return _l("This is none of the choices.")


class Period(Search):
    """From one Shanghai day to another, both included; on a moment or on a day."""

    kind = "period"
    slots = (1, 2)

    def condition(self, values: dict[int, str]) -> ColumnElement[bool]:
        parts = []
        if values[1]:
            parts.append(self.column >= self._edge(date.fromisoformat(values[1])))
        if values[2]:
            parts.append(self.column < self._edge(date.fromisoformat(values[2]) + timedelta(days=1)))
        return and_(*parts)

    def _edge(self, day: date) -> date | datetime:
        if not 2000 <= day.year <= 2200:
            raise ValueError("out of range")
        return day if isinstance(self.column.type, Date) else datetime.combine(day, time(), SHANGHAI)

    def complaint(self) -> Any:
        return _l("Give days as 2026-11-20.")


@dataclass(frozen=True)
class Related(Search):
    """By a row of another table, chosen while typing. `choices` finds them, `under` names the search it hangs on."""

    choices: Callable[..., Any] | None = None
    under: str = ""
    kind = "related"

    def condition(self, values: dict[int, str]) -> ColumnElement[bool]:
        return self.column == within(self.column, short(values[0]))

    def complaint(self) -> Any:
        return _l("This is none of the choices.")


def within(column: InstrumentedAttribute[Any], text: str) -> int:
    """`text` as a number that the column can hold; PostgreSQL has no answer but an error for any other."""
    number = int(text)
    if not holds(column, number):
        raise ValueError("out of range")
    return number


def holds(column: InstrumentedAttribute[Any], number: int) -> bool:
    """Whether `column` could hold `number` at all."""
    return 0 <= number <= (LARGEST if isinstance(column.type, BigInteger) else 2**31 - 1)


def short(text: str) -> str:
    """`text`, unless no database would take it or nobody would type it. Raises `ValueError`."""
    if len(text) > LONGEST or "\0" in text:
        raise ValueError("not a text to search for")
    text.encode("utf-8")  # half of a surrogate pair is a UnicodeEncodeError, which is a ValueError
    return text


def _raise() -> bool:
    raise ValueError("neither yes nor no")
