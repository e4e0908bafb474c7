"""What is thrown away by itself when its time is over (sending.md, "Indexes and retention")."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from app.models.inbox import RawReceipt, RawState
from app.models.types import utc_now
from app.services.work import unit_of_work

RAW_RECEIPTS_KEPT = timedelta(days=35)
_SLICE = 1000  # rows deleted in one unit


def forget_raw_receipts(*, now: datetime | None = None) -> int:
    """Delete deliveries of more than 35 days ago that have been applied or cannot be read; returns how many."""
    before = (now or utc_now()) - RAW_RECEIPTS_KEPT
    gone = 0
    while True:
        with unit_of_work() as session:
            ids = list(session.scalars(
                select(RawReceipt.id)
                .where(RawReceipt.received_at < before, RawReceipt.state != RawState.NEW)
                .order_by(RawReceipt.id).limit(_SLICE)
            ))
            result: Any = session.execute(
                delete(RawReceipt).where(RawReceipt.id.in_(ids)).execution_options(synchronize_session=False)
            )
        gone += result.rowcount if ids else 0
        if len(ids) < _SLICE:
            return gone
