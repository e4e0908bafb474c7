"""The ledger and the log can only be written to; only a purge's pass opens them."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.extensions import db
from tests.samples import Samples

TABLES = ("ledger_entries", "audit_entries")
CHANGES = ("UPDATE {table} SET reason = 'x'", "DELETE FROM {table}")


def execute(*statements: str) -> None:
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def count(table: str) -> int:
    with db.engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_changed_or_deleted(any_app: Flask, samples: Samples, table: str) -> None:
    samples.customer(segments=10)
    before = count(table)
    assert before
    statements = list(CHANGES)
    if db.engine.dialect.name == "postgresql":
        statements += ["TRUNCATE {table} CASCADE", "DELETE FROM {table} WHERE id = 1"]
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"):
            execute(statement.format(table=table))
    assert count(table) == before


@pytest.mark.parametrize("table", TABLES)
def test_a_purge_passes_while_its_pass_stands(any_app: Flask, samples: Samples, table: str) -> None:
    samples.customer(segments=10)
    execute("INSERT INTO purge_passes (id) VALUES (1)", f"DELETE FROM {table}", "DELETE FROM purge_passes")
    assert count(table) == 0
    samples.customer(segments=10)
    with pytest.raises(DBAPIError, match="append-only"):
        execute(f"DELETE FROM {table}")
    assert count(table) > 0
