"""Which column of a sheet is what: the phone number, and the variables of a template."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from app.domain.errors import N_, Refused
from app.domain.phones import normalise

_PHONE_WORDS = frozenset(
    re.split(
        r"\s+",
        """手机 手机号 手机号码 移动电话 电话 电话号 电话号码 联系电话 联系方式 联系手机 号码 接收号码 接收手机号
        phone phones phoneno phonenumber phonenumbers mobile mobiles mobileno mobilenumber mobilephone cellphone cell
        tel telno telephone telephonenumber msisdn number recipient""",
    )
)
_PHONE_PART = re.compile(r"手机|电话|号码|phone|mobile")


@dataclass(frozen=True, slots=True)
class Header:
    """The first row as names: `phone` is the index of the number's column, `names` are all columns as written."""

    phone: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """Where in a row to look: index of the phone's column, and of each wanted variable's, in the wanted order."""

    phone: int
    variables: tuple[int, ...] = ()


def split_header(first_row: Sequence[str]) -> Header | None:
    """The first row as a header, or None where it is none: it holds a valid number, or no column that means a phone.

    A first row that is neither stays a row, and so is listed with its reason instead of disappearing.
    """
    if any(normalise(cell)[0] for cell in first_row):
        return None
    words = [re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", cell)).lower() for cell in first_row]
    exact = [index for index, word in enumerate(words) if word in _PHONE_WORDS]
    close = [index for index, word in enumerate(words) if len(word) <= 16 and _PHONE_PART.search(word)]
    if not exact and not close:
        return None
    return Header((exact or close)[0], tuple(first_row))


def plan_columns(header: Header | None, first_row: Sequence[str], wanted: Sequence[str]) -> ColumnPlan:
    """Columns for the phone and for each variable in `wanted`.

    A variable takes the column whose heading is its name (case ignored); those left take, in their order, the free
    columns to the right of the phone. Without a header the phone is the first cell of `first_row` that is a valid
    number, else the first column.

    Raises Refused: "columns_missing" naming the variables without a column; "numbers_side_by_side" where several
    numbers share a row and no variables are wanted, since all but one would be passed over in silence.
    """
    valid = [index for index, cell in enumerate(first_row) if normalise(cell)[0]]
    if header is None and not wanted and len(valid) > 1:
        raise Refused("numbers_side_by_side", N_("The first row holds several numbers. Put each on a row of its own."))
    phone = header.phone if header else (valid or [0])[0]
    names = [name.strip().casefold() for name in header.names] if header else []
    found: dict[str, int] = {}
    for variable in wanted:
        at = next((i for i, name in enumerate(names) if name == variable.casefold() and i not in found.values()), None)
        # The phone's own column may serve a variable only when it is asked for by that very name.
        if at is not None:
            found[variable] = at
    free = iter([i for i in range(phone + 1, len(first_row)) if i not in found.values()])
    for variable in wanted:
        if variable not in found and (at := next(free, None)) is not None:
            found[variable] = at
    missing = [variable for variable in wanted if variable not in found]
    if missing:
        sentence = N_("The file has no column for these variables of the template: %(names)s.")
        raise Refused("columns_missing", sentence, names=", ".join(missing))
    return ColumnPlan(phone, tuple(found[variable] for variable in wanted))


def lay_out(
    rows: Iterable[tuple[int, list[str]]], wanted: Sequence[str]
) -> tuple[ColumnPlan, Header | None, Iterator[tuple[int, list[str]]]]:
    """The plan and header told from the first of `rows`, and the rows that are recipients (the header taken off).

    Raises Refused as `plan_columns` does; ValueError when there are no rows (`read_rows` always gives one).
    """
    rest = iter(rows)
    first = next(rest, None)
    if first is None:
        raise ValueError("no rows to lay out")
    header = split_header(first[1])
    plan = plan_columns(header, first[1], wanted)
    return plan, header, rest if header else chain([first], rest)
