"""The libraries that live as long as the process; `create_app` binds them to an application."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from flask_appbuilder import Model
from flask_babel import Babel
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

db = SQLAlchemy(model_class=Model, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase

    class Base(DeclarativeBase):
        """What every model is: FAB's Model at run time, SQLAlchemy's typed base to whoever reads the types."""
else:
    Base = db.Model

migrate = Migrate()
csrf = CSRFProtect()
babel = Babel()


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """SQLite as a server's database: readers beside one writer, and foreign keys that hold.

    synchronous=FULL: an Attempt that was committed before a call must still be there after a power cut,
    or the call would be made twice.
    """
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # BEGIN is ours (below), not the driver's
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """A unit of work takes SQLite's write lock at its start: a reader that turns writer half-way would fail."""
    if connection.dialect.name == "sqlite":
        immediate = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
