"""The one place that commits.

`unit_of_work()` is a transaction with a meaning: it ends in a commit or in nothing; one inside another joins it.
What must happen outside (a ring, a call) is left with `after_commit`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from app.extensions import db

T = TypeVar("T")
Item = TypeVar("Item")
_log = logging.getLogger(__name__)

# SQLite has one writer; threads that queue here wait fairly, those that poll the file's lock do not.
_sqlite_gate = threading.Lock()


def current_session() -> Session:
    """The session of this application context."""
    session: Session = db.session()
    return session


def connection_of(session: Session) -> Connection:
    """The unit's own connection, with what was pending written first: for statements that are built once and executed
    thousands of times. Building and hashing a statement costs more than most of ours take."""
    session.flush()
    return session.connection()


def in_unit() -> bool:
    return "unit" in current_session().info


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """Commit what the block did, or nothing of it.

    What was read before is forgotten first: a decision is made on rows read inside the unit.
    """
    session = current_session()
    if "unit" in session.info:
        yield session
        return
    if session.in_transaction():
        session.rollback()
    session.expire_all()
    rings: list[Callable[[], None]] = []
    with _gate(session):
        session.info["unit"] = rings
        try:
            session.connection(execution_options={"writes": True})
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            del session.info["unit"]
    for ring in rings:
        ring()


def after_commit(ring: Callable[[], None]) -> None:
    """Do something once the outermost unit has committed; at once where there is none."""
    rings = current_session().info.get("unit")
    if rings is None:
        ring()
    else:
        rings.append(ring)


def stand_outside() -> None:
    """Close what was read and make sure that no transaction is open: the next step is a call to the outside."""
    session = current_session()
    if "unit" in session.info:
        raise RuntimeError("a call to the outside inside a unit of work")
    session.rollback()


def again_if_lost(work: Callable[[], T], *, for_seconds: float = 30.0) -> T:
    """Run a whole unit, and run it again where the database chose it as a deadlock's victim or went away.

    Only for work that is conditional all through: a commit whose answer was lost may have happened.
    """
    until = time.monotonic() + for_seconds
    pause = 0.05
    while True:
        try:
            return work()
        except OperationalError:
            if time.monotonic() + pause > until:
                raise
        except DBAPIError as error:
            if not error.connection_invalidated or time.monotonic() + pause > until:
                raise
        time.sleep(pause)
        pause = min(pause * 2, 2.0)


def each_alone(items: Iterable[Item], work: Callable[[Item], int]) -> int:
    """Do a piece of work for each item, in a unit of its own, and add up. One that fails is logged and left for the
    next time; it holds up none of the others."""
    done = 0
    for item in items:
        try:
            done += work(item)
        except Exception:
            _log.exception("%r was left for the next time", item)
    return done


def insert_into(session: Session, table: Any) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT on both databases."""
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)


def _gate(session: Session) -> AbstractContextManager[Any]:
    return _sqlite_gate if session.get_bind().dialect.name == "sqlite" else nullcontext()
