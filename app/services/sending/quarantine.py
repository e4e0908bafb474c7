"""A delivery that cannot be applied is set aside, so that it holds up nothing behind it (point 5).

A bulk that fails is tried again delivery by delivery. One that fails alone is broken up into its objects, and an object
that fails alone becomes UNREADABLE: kept, explained and told to the reseller.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from app.models.inbox import RawKind, RawReceipt, RawState
from app.models.types import storable
from app.services.notices import raise_notice
from app.services.work import again_if_lost, unit_of_work

log = logging.getLogger(__name__)

Apply = Callable[[int | None], int]
"""Applies a bulk, or the delivery of this id alone, in one unit; returns how much it did, 0 where nothing waits."""

_ALONE_AT_ONCE = 100
_LONGEST_NOTE = 300
# SQLite's own word for a statement it cannot carry out; every other of its operational errors is about the file.
_SQLITE_ERROR = 1
_POSTGRESQL_LIMIT = "54"  # the class of states for values that are too large for the program


class _Refuses(Exception):
    """Something in a delivery cannot be applied, whenever it is tried; `error` says what."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def apply_what_can_be(kind: RawKind, apply: Apply, *, now: datetime) -> int:
    """Apply a bulk of `kind`; where something in it fails, its deliveries one by one up to the one that does.

    Returns how much was done, 0 where nothing waits. Raises where the database is away or not as the code expects.
    """
    try:
        return _again(partial(apply, None))
    except _Refuses as refusal:
        log.warning("a bulk of %ss could not be applied; trying them one by one", kind.value, exc_info=refusal.error)
    done = 0
    for raw_id in _oldest(kind):
        try:
            done += _again(partial(apply, raw_id))
        except _Refuses as refusal:
            set_aside(raw_id, refusal.error, now=now)
            return done + 1
    return done


def set_aside(raw_id: int, error: Exception, *, now: datetime) -> None:
    """Break a delivery up into one for each of its objects, or mark it unreadable where it holds one. Again: nothing
    changes."""
    with unit_of_work() as session:
        raw = session.scalar(select(RawReceipt).where(RawReceipt.id == raw_id).with_for_update())
        if raw is None or raw.state is not RawState.NEW:
            return
        objects = _objects(raw.body)
        why = _words(error)
        if len(objects) > 1:
            session.execute(insert(RawReceipt), [_part(raw, text) for text in objects])
            _end(session, raw_id, RawState.APPLIED, f"broken up into {len(objects)}: {why}", now)
        else:
            _end(session, raw_id, RawState.UNREADABLE, why, now)
            raise_notice(session, "unreadable-report", "unreadable-report", why, now=now)


def _again(work: Callable[[], int]) -> int:
    def judged() -> int:
        try:
            return work()
        except Exception as error:
            if _is_at_fault(error):
                raise _Refuses(error) from error
            raise

    return again_if_lost(judged)


def _is_at_fault(error: Exception) -> bool:
    """Whether what was being applied made it fail, rather than a database that is away, busy, full or too old."""
    if isinstance(error, ProgrammingError):
        return False
    if isinstance(error, OperationalError):
        state = getattr(error.orig, "sqlstate", None) or ""
        if state:
            return str(state).startswith(_POSTGRESQL_LIMIT)
        return getattr(error.orig, "sqlite_errorcode", 0) == _SQLITE_ERROR and "no such" not in str(error.orig)
    return not (isinstance(error, DBAPIError) and error.connection_invalidated)


def _oldest(kind: RawKind) -> list[int]:
    query = select(RawReceipt.id).where(RawReceipt.kind == kind, RawReceipt.state == RawState.NEW)
    with unit_of_work() as session:
        return list(session.scalars(query.order_by(RawReceipt.id).limit(_ALONE_AT_ONCE)))


def _objects(body: str) -> list[str]:
    """The objects of a delivery, each as text; nothing where it cannot be taken apart."""
    try:
        found = json.loads(body)
        return [json.dumps([each]) for each in found] if isinstance(found, list) else []
    except (ValueError, RecursionError):
        return []


def _part(raw: RawReceipt, text: str) -> dict[str, Any]:
    return {
        "kind": raw.kind,
        "source": raw.source,
        "access_key_id": raw.access_key_id,
        "size": 1,
        "body": text,
        "state": RawState.NEW,
        "note": f"part of {raw.id}",
        "received_at": raw.received_at,
    }


def _end(session: Session, raw_id: int, state: RawState, note: str, now: datetime) -> None:
    session.execute(
        update(RawReceipt)
        .where(RawReceipt.id == raw_id)
        .values(state=state, note=note, applied_at=now if state is RawState.APPLIED else None)
        .execution_options(synchronize_session=False)
    )


def _words(error: Exception) -> str:
    """The exception's type and its first line; a database's further lines quote the row."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(cause).splitlines() or [""]
    return storable(f"{type(cause).__name__}: {lines[0]}")[:_LONGEST_NOTE]
