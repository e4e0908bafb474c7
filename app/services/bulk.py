"""Storing many rows at the speed of the database: executemany of tuples on SQLite, COPY on PostgreSQL.

The ORM's way costs ten times as much (speed.md, limits).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session


@cache
def _statement(table: Table, columns: tuple[str, ...], copy: bool) -> str:
    names = ", ".join(f'"{table.c[name].name}"' for name in columns)  # only names the table has
    if copy:
        return f'COPY "{table.name}" ({names}) FROM STDIN'
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join("?" * len(columns))})'


def store_rows(session: Session, table: Any, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert `rows` (tuples in the order of `columns`, values as the driver takes them) in the current unit."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        rows = rows if isinstance(rows, list) else list(rows)
        if rows:
            connection.exec_driver_sql(_statement(table, tuple(columns), False), rows)
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(_statement(table, tuple(columns), True)) as copy:
        for row in rows:
            copy.write_row(row)
