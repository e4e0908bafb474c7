"""Search by the beginning of a text in the form that an index serves on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Function, String, func, literal
from sqlalchemy.orm import InstrumentedAttribute

from app.services.work import current_session

_LAST = "\U0010ffff"  # sorts after every character there is


def digits_begin(column: InstrumentedAttribute[Any], digits: str) -> ColumnElement[bool]:
    """Rows whose `column`, which holds digits alone, begins with `digits`: a range, which every plain index serves.

    Digits stand in the same order in every locale, so that this needs no index of its own on PostgreSQL.
    """
    after = str(int(digits) + 1).zfill(len(digits))
    within: ColumnElement[bool] = column >= digits
    return within & (column < after) if len(after) == len(digits) else within & column.like(digits + "%")


def starts_with(column: InstrumentedAttribute[Any], beginning: str) -> ColumnElement[bool]:
    """Rows whose `column` begins with `beginning`, letters of either case.

    SQLite compares bytes, so a range is a prefix there; it uses no index for LIKE with an escape. PostgreSQL compares
    by its locale, so only LIKE on an index of text_pattern_ops is (PostgreSQL's manual, "Operator Classes").
    """
    subject: Any = func.lower(column)
    if current_session().get_bind().dialect.name == "sqlite":
        # The parameter is folded by the database as the column is: its lower() knows ASCII only.
        low: Function[str] = func.lower(literal(beginning))
        within: ColumnElement[bool] = (subject >= low) & (subject < low.concat(_LAST))
        return within
    escaped = beginning.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found: ColumnElement[bool] = subject.like(literal(escaped + "%", String()))
    return found
