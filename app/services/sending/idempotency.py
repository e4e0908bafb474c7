"""The same request twice is one batch: a key is unique for a customer for seven days, with a hash of what it asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.errors import N_, Refused
from app.models.batches import Batch
from app.models.states import BatchState
from app.services.customers import lock_customer

KEPT = timedelta(days=7)
BROKEN_OFF = timedelta(minutes=10)  # without another slice of rows: nobody is reading that file any more


def known_batch(session: Session, customer_id: int, key: str | None, body_hash: str, *, now: datetime) -> int | None:
    """The batch this key made, even while it is PREPARING; None for a new key. Another body raises "conflict"."""
    if not key:
        return None
    lock_customer(session, customer_id)
    batch = session.scalar(
        select(Batch).where(Batch.customer_id == customer_id, Batch.idempotency_key == key).with_for_update()
    )
    if batch is None:
        return None
    if batch.state is BatchState.PREPARING and (batch.stored_at or batch.created_at) < now - BROKEN_OFF:
        batch.state, batch.ended_at = BatchState.CANCELLED, now  # its process is dead; the sweep takes its rows
    if batch.created_at < now - KEPT or (batch.state is BatchState.CANCELLED and batch.submitted_at is None):
        batch.idempotency_key = None  # the key is free again
        session.flush()
        return None
    if batch.body_hash != body_hash:
        raise Refused("conflict", N_("This idempotency key was used for another request. Use a new key."))
    return batch.id
