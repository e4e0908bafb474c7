"""Throwing away the rows of a batch that was never submitted: nothing was held for it and nobody was sent to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, literal, select, update

from app.models.batches import Batch, Chunk, RejectedRow
from app.models.messages import Message
from app.models.states import BatchState
from app.models.types import utc_now
from app.services.work import unit_of_work

_SLICE = 20  # chunks deleted in one unit
ORPHANED_AFTER = timedelta(hours=24)
FORGOTTEN_AFTER = timedelta(days=7)  # checked, and neither sent nor kept as a draft


def discard_rows(batch_id: int) -> None:
    """Delete messages, chunks and rejected rows slice by slice; called again it finds nothing."""
    while _discard_slice(batch_id):
        pass


def _discard_slice(batch_id: int) -> bool:
    with unit_of_work() as session:
        thrown_away = (
            select(Batch.id)
            .where(
                Batch.id == batch_id,
                Batch.state.in_([BatchState.CANCELLED, BatchState.REFUSED]),
                Batch.submitted_at.is_(None),
            )
            .with_for_update()
        )
        if session.scalar(thrown_away) is None:
            return False
        ids = list(session.scalars(select(Chunk.id).where(Chunk.batch_id == batch_id).order_by(Chunk.id).limit(_SLICE)))
        if not ids:
            session.execute(delete(RejectedRow).where(RejectedRow.batch_id == batch_id))
            return False
        gone: Any = session.execute(
            delete(Message).where(Message.chunk_id.in_(ids)).execution_options(synchronize_session=False)
        )
        session.execute(delete(Chunk).where(Chunk.id.in_(ids)).execution_options(synchronize_session=False))
        session.execute(
            update(Batch)
            .where(Batch.id == batch_id)
            .values(queued=Batch.queued - gone.rowcount)
            .execution_options(synchronize_session=False)
        )
    return True


def sweep_orphans(*, now: datetime | None = None) -> int:
    """Throw away what a dead process left half read 24 hours ago, and finish what another began to throw away."""
    now = now or utc_now()
    with unit_of_work() as session:
        stale: Any = session.execute(
            update(Batch)
            .where(
                ((Batch.state == BatchState.PREPARING) & (Batch.created_at < now - ORPHANED_AFTER))
                | ((Batch.state == BatchState.CHECKED) & (Batch.created_at < now - FORGOTTEN_AFTER))
            )
            .values(state=BatchState.CANCELLED, ended_at=now, idempotency_key=None)
            .execution_options(synchronize_session=False)
        )
        rejected = exists(select(literal(1)).where(RejectedRow.batch_id == Batch.id))
        left = session.scalars(
            select(Batch.id)
            .where(
                Batch.state.in_([BatchState.CANCELLED, BatchState.REFUSED]),
                Batch.submitted_at.is_(None),
                (Batch.queued > 0) | rejected,
            )
            .limit(20)
        ).all()
    for batch_id in left:
        discard_rows(batch_id)
    return int(stale.rowcount)
