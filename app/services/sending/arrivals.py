"""What comes back is stored as it came, before anything is made of it (point 5). A push waits for nothing more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.gateways.aliyun import Unreadable, sort_body, what_is_odd
from app.models.inbox import RawKind, RawReceipt, RawState
from app.models.types import storable, utc_now
from app.services.notices import raise_notice
from app.services.sending.rings import ring_receipts
from app.services.work import unit_of_work

_MOST_IN_A_ROW = 1000


def store_arrivals(
    kind: RawKind, bodies: Sequence[str], *, source: str, access_key_id: int | None = None, now: datetime | None = None
) -> int:
    """Store bodies as received, each a JSON object or list; returns how many objects they hold.

    What cannot be read, a body or only some elements of one, is stored too, marked, and the reseller is told.
    Committed when this returns, so the queue may forget them.
    """
    now = now or utc_now()
    readable: list[str] = []
    odd: list[tuple[str, str]] = []
    for body in bodies:
        objects, unread = _sorted(body)
        readable += objects
        odd += unread
    rows = [_row(kind, source, access_key_id, f"[{', '.join(part)}]", len(part), now) for part in _parts(readable)]
    rows += [
        _row(kind, source, access_key_id, storable(body), 0, now, state=RawState.UNREADABLE, note=why)
        for body, why in odd
    ]
    if rows:
        _store(rows, odd, now)
    return len(readable)


def _sorted(body: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The objects of a body, each as JSON; and what is none, with the reason."""
    try:
        objects, odd = sort_body(body)
    except Unreadable as error:
        return [], [(body, str(error))]
    texts = [json.dumps(each) for each in objects]
    if not odd:
        return texts, []
    try:
        return texts, [(json.dumps(odd) if objects else body, what_is_odd(odd))]
    except RecursionError:  # what is nested deeply may be read and yet not be written again
        return texts, [(body, what_is_odd(odd))]


def _store(rows: list[dict[str, Any]], odd: list[tuple[str, str]], now: datetime) -> None:
    with unit_of_work() as session:
        session.execute(insert(RawReceipt), rows)
        if odd:
            _alarm(session, odd, now)
        ring_receipts()


def _parts(objects: list[str]) -> list[list[str]]:
    return [objects[start : start + _MOST_IN_A_ROW] for start in range(0, len(objects), _MOST_IN_A_ROW)]


def _row(
    kind: RawKind,
    source: str,
    access_key_id: int | None,
    body: str,
    size: int,
    now: datetime,
    *,
    state: RawState = RawState.NEW,
    note: str = "",
) -> dict[str, Any]:
    return {
        "kind": kind,
        "source": source,
        "access_key_id": access_key_id,
        "size": size,
        "body": body,
        "state": state,
        "note": note,
        "received_at": now,
    }


def _alarm(session: Session, odd: list[tuple[str, str]], now: datetime) -> None:
    raise_notice(session, "unreadable-report", "unreadable-report", odd[0][1][:500], now=now)
