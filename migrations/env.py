"""Alembic inside the application: one metadata for FAB's tables and ours."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app

from app.extensions import db
from app.models.types import EnumText, Moment, Money

# The clock's own table is APScheduler's business: a migration must never drop it.
FOREIGN_TABLES = {"apscheduler_jobs", "purge_passes"}


def include_object(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    return not (kind == "table" and name in FOREIGN_TABLES)


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """Write our column types as what they are in the database, so that an old migration never needs our code."""
    if kind == "type":
        if isinstance(item, EnumText):
            return f"sa.String(length={item.impl.length})"
        if isinstance(item, Moment):
            return "sa.DateTime(timezone=True)"
        if isinstance(item, Money):
            return "sa.BigInteger()"
    return False


def run_migrations() -> None:
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            include_object=include_object,
            render_item=render_item,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run_migrations()
