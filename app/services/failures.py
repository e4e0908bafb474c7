"""Failures by code over all batches there ever were, without reading them all each time."""

from __future__ import annotations

import threading
from collections import Counter

from flask import current_app
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from app.gateways.aliyun import explain, explain_delivery
from app.models.batches import Batch
from app.models.statistics import FailureCount

# An id may be given out and its row be committed after that of a later one.
_STILL_IN_FLIGHT = 100
_MOST_OPEN = 5_000  # more would not fit into a statement

_UNFINISHED = text("state NOT IN ('done', 'cancelled', 'refused')")  # written out for the partial index
id_ = FailureCount.batch_id


class SettledFailures:
    """What ended batches count never changes, so this process adds it up once; the rest is read each time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._totals: Counter[str] = Counter()  # of batches up to `_read_to` that have ended
        self._read_to = 0
        self._open: set[int] = set()  # batches up to `_read_to` that had not ended

    def totals(self, session: Session) -> dict[str, int]:
        """Messages by code, all in all."""
        found = set(session.scalars(select(Batch.id).where(_UNFINISHED)))
        if len(found) > _MOST_OPEN:
            return _sums(session)
        with self._lock:
            newest = session.scalar(select(func.max(Batch.id))) or 0
            to = max(newest - _STILL_IN_FLIGHT, self._read_to)
            # One statement each, so that a batch that ends meanwhile is counted on one side only.
            self._totals += _sums(session, id_.in_(self._open - found))
            self._totals += _sums(session, id_ > self._read_to, id_ <= to, id_.not_in(found))
            self._open, self._read_to = {batch for batch in found if batch <= to}, to
            return self._totals + _sums(session, id_.in_(self._open)) + _sums(session, id_ > to)


def failures_by_code(session: Session) -> dict[str, int]:
    settled: SettledFailures = current_app.extensions.setdefault("settled_failures", SettledFailures())
    return settled.totals(session)


def _sums(session: Session, *where: ColumnElement[bool]) -> Counter[str]:
    query = select(FailureCount.code, func.sum(FailureCount.messages)).where(*where).group_by(FailureCount.code)
    return Counter({code: int(messages) for code, messages in session.execute(query)})


def meaning_of(code: str) -> str:
    """What a code of the provider or of a carrier means, as a msgid."""
    # isv.…, isp.…: a call that was refused; the others are the carriers'
    return explain(code).meaning if "." in code else explain_delivery(code).meaning
