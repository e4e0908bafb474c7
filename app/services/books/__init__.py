"""The six rules of the books (sending.md, "The books"), read in one snapshot. A breach is a sentence and a bug."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from app.extensions import db
from app.services.books import grants, money, sending
from app.services.books.breach import Breach

__all__ = ["Breach", "check_books"]


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection to which the books stand still while others write."""
    with db.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def check_books() -> list[Breach]:
    """All breaches of all rules, none where the books balance."""
    with snapshot() as connection:
        tally = sending.tally_of(connection)
        return [
            *grants.grants_within_bounds(connection),
            *grants.grants_equal_entries(connection),
            *sending.holds(connection, tally),
            *sending.counters(connection, tally),
            *sending.volumes(connection, tally),
            *money.orders_and_payments(connection),
            *grants.caps(connection),
        ]
