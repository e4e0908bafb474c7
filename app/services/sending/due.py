"""What the clock rings for: rows that are due and that nobody may have heard of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, literal, select

from app.models.batches import Chunk
from app.models.inbox import RawReceipt, RawState
from app.models.states import ChunkState, Lane
from app.models.types import utc_now
from app.services.sending.rings import ring_line, ring_receipts
from app.services.work import current_session


def ring_what_is_due(*, now: datetime | None = None) -> None:
    """Ring for every lane with something due, and for receipts and replies that wait to be applied."""
    now = now or utc_now()
    session = current_session()
    for lane in Lane:
        due = exists(
            select(literal(1)).where(
                Chunk.lane == lane, Chunk.state == ChunkState.QUEUED, Chunk.due_at.is_not(None), Chunk.due_at <= now
            )
        )
        if session.scalar(select(due)):
            ring_line(lane)
    if session.scalar(select(exists(select(literal(1)).where(RawReceipt.state == RawState.NEW)))):
        ring_receipts()
