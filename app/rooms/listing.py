"""From an address to one page of a list: what was asked for, cleaned; the rows; and how many there are.

Nothing here trusts the address. A broken page number, an unknown order or another list's filter is left out and told,
never answered with an error (fab.md, holes). Counting stops at 10,000 and pages end there; who wants the rows behind
goes on with "older", which is a condition on the key and costs the same at any depth (speed.md, limits).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from app.rooms.columns import Column
from app.rooms.searches import LARGEST, Found, Search, holds
from app.services.work import current_session

CAP = 10_000
SIZES = (25, 50, 100)
_FILTER = re.compile(r"_flt_\d+_.+")


@dataclass
class Asked:
    """What an address asks of a list, with everything that cannot be meant taken out."""

    page: int = 0
    size: int = SIZES[0]
    order: str = ""
    down: bool = True
    older: int | None = None
    found: dict[str, Found] = field(default_factory=dict)
    notes: list[Any] = field(default_factory=list)

    @property
    def filtered(self) -> bool:
        return any(found.given for found in self.found.values())


@dataclass
class Page:
    """One page of a list. `count` is at most `CAP`; `capped` says that there are more."""

    rows: Sequence[Any]
    asked: Asked
    count: int
    capped: bool
    more: int | None = None  # the key after which "older" goes on

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // self.asked.size))

    @property
    def first(self) -> int:
        return self.asked.page * self.asked.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.asked.page * self.asked.size + len(self.rows)

    def near(self) -> list[int | None]:
        """Page numbers to offer, from 0; None stands for those left out."""
        here, last = self.asked.page, self.pages - 1
        wanted = sorted({0, last, *range(max(0, here - 2), min(last, here + 2) + 1)})
        offered: list[int | None] = []
        for number in wanted:
            if offered and offered[-1] is not None and number - offered[-1] > 1:
                offered.append(None)
            offered.append(number)
        return offered


def read_address(
    name: str, args: Mapping[str, str], columns: Sequence[Column], searches: Sequence[Search]
) -> Asked:
    """What the address asks of the list called `name`."""
    asked = Asked()
    asked.page = _number(args.get(f"page_{name}"), asked, most=10**9) or 0
    size = args.get(f"psize_{name}")
    if size is not None:
        if size.isascii() and size.isdigit() and int(size[:9]) in SIZES:
            asked.size = int(size)
        else:
            asked.notes.append(_l("The address asks for a page length that there is not. It was left out."))
    asked.older = _number(args.get(f"older_{name}"), asked, most=LARGEST)
    _read_order(name, args, columns, asked)
    asked.found = {search.name: search.read(args) for search in searches}
    known = {search.address(slot) for search in searches for slot in search.slots}
    if any(_FILTER.fullmatch(key) and key not in known for key in args):
        asked.notes.append(_l("The address holds a filter that this list does not have. It was left out."))
    return asked


def _read_order(name: str, args: Mapping[str, str], columns: Sequence[Column], asked: Asked) -> None:
    wanted = args.get(f"_oc_{name}", "")
    if not wanted:
        return
    if wanted in {column.name for column in columns if column.order is not None}:
        asked.order, asked.down = wanted, args.get(f"_od_{name}") != "asc"
    else:
        asked.notes.append(_l("The list cannot be put in that order. It stands in its usual one."))


def _number(text: str | None, asked: Asked, *, most: int) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= most:
        return int(text)
    asked.notes.append(_l("The address holds a page number that is none. Here is the first page."))
    return None


def read_page(
    statement: Select[Any],
    asked: Asked,
    *,
    columns: Sequence[Column],
    key: InstrumentedAttribute[Any],
    loads: Sequence[Any] = (),
    natural: Sequence[Any] = (),
) -> Page:
    """Count up to `CAP` and read one page of `statement`, which already holds what the asker may see.

    Two statements at most: a first page that is not full is its own count.
    """
    session = current_session()
    for found in asked.found.values():
        if found.where is not None:
            statement = statement.where(found.where)
        if found.order is not None and not natural:
            natural = (found.order, key)
    if asked.older is not None and not asked.order and not natural and holds(key, asked.older):
        statement = statement.where(key < asked.older)
    ordered = _ordered(statement, asked, columns, key, natural).options(*loads)
    if asked.page == 0:
        rows = session.scalars(ordered.limit(asked.size)).all()
        count = len(rows) if len(rows) < asked.size else _count(statement, key)
    else:
        count = _count(statement, key)
        asked.page = min(asked.page, max(0, -(-min(count, CAP) // asked.size) - 1))
        rows = session.scalars(ordered.offset(asked.page * asked.size).limit(asked.size)).all()
    page = Page(rows, asked, min(count, CAP), count > CAP)
    if page.capped and not asked.order and not natural and asked.page == page.pages - 1 and rows:
        page.more = getattr(rows[-1], key.key)
    return page


def _ordered(
    statement: Select[Any], asked: Asked, columns: Sequence[Column], key: Any, natural: Sequence[Any]
) -> Select[Any]:
    if asked.order:
        column = next(column.order for column in columns if column.name == asked.order)
        assert column is not None
        return statement.order_by(*((column.desc(), key.desc()) if asked.down else (column.asc(), key.asc())))
    return statement.order_by(*(natural or (key.desc(),)))


def _count(statement: Select[Any], key: Any) -> int:
    inner = statement.with_only_columns(key).order_by(None).limit(CAP + 1).subquery()
    return current_session().scalar(select(func.count()).select_from(inner)) or 0
