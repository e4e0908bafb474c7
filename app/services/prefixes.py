"""Search by the beginning of a text in the form that an index serves on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Function, String, func, literal
from sqlalchemy.orm import InstrumentedAttribute

from app.services.work import current_session

_LAST = "\U0010ffff"  # sorts after every character there is


def starts_with(column: InstrumentedAttribute[Any], beginning: str, *, exact: bool = False) -> ColumnElement[bool]:
    """Rows whose `column` begins with `beginning`; letters of either case unless `exact`.

    SQLite compares bytes, so a range is a prefix there; it uses no index for LIKE with an escape. PostgreSQL compares
    by its locale, so only LIKE on an index of text_pattern_ops is (PostgreSQL's manual, "Operator Classes").
    """
    subject: Any = column if exact else func.lower(column)
    wanted = beginning if exact else beginning.lower()
    if current_session().get_bind().dialect.name == "sqlite":
        # The parameter is folded by the database as the column is: its lower() knows ASCII only.
        low: Function[str] | ColumnElement[str] = literal(beginning) if exact else func.lower(literal(beginning))
        within: ColumnElement[bool] = (subject >= low) & (subject < low.concat(_LAST))
        return within
    escaped = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found: ColumnElement[bool] = subject.like(literal(escaped + "%", String()))
    return found
