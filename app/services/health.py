"""Whether this process could serve: the database answers and its tables are those of this program."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.services.work import current_session

WELL = "ok"
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def readiness() -> dict[str, str]:
    """Each part and how it is: "ok", or what is wrong in a few words."""
    try:
        current_session().execute(text("SELECT 1"))
    except SQLAlchemyError:
        return {"database": "does not answer", "migrations": "unknown"}
    return {"database": WELL, "migrations": _migrations()}


def _migrations() -> str:
    session = current_session()
    try:
        found = set(session.scalars(text("SELECT version_num FROM alembic_version")))
    except SQLAlchemyError:
        session.rollback()
        return "never run"
    return WELL if found == heads() else f"at {', '.join(sorted(found)) or 'nothing'}, not at {', '.join(heads())}"


@cache
def heads() -> frozenset[str]:
    """The newest migrations of this program."""
    return frozenset(ScriptDirectory(str(MIGRATIONS)).get_heads())
