"""Submitting a checked batch: one short unit verifies again, holds and turns the state; then the ring (point 3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.errors import N_, Refused
from app.models.batches import Batch, Chunk
from app.models.states import BatchState, ChunkState
from app.models.types import utc_now
from app.services.frequency import count_sends, refuse_over_limit
from app.services.ledger import hold_again, hold_for
from app.services.sending.check import day_of_sending, find_words, reasons_against
from app.services.sending.rings import ring_line
from app.services.sending.running import cancel_in_unit, finish_cancelling, lock_queued, locked_batch, pause_in_unit
from app.services.work import each_alone, unit_of_work

B = BatchState
_FORGOTTEN = timedelta(days=7)
_PAID = ("balance", "cap")  # what is held already is not asked for twice
_OPEN = (B.CHECKED, B.DRAFT)
_DONE_ALREADY = (B.SCHEDULED, B.QUEUED, B.SENDING, B.SENT, B.DONE, B.PAUSED, B.CANCELLING, B.CANCELLED)


def submit_batch(batch_id: int, *, by: str, at: datetime | None = None, now: datetime | None = None) -> Batch:
    """Send a checked batch now, or at a moment. Again: nothing changes, whatever has become of it since.

    Raises `Refused` with every reason found; the batch stays as it was then.
    """
    now = now or utc_now()
    find_words(batch_id)
    with unit_of_work() as session:
        lock_queued(session, batch_id)
        batch = locked_batch(session, batch_id)
        if batch.state in _DONE_ALREADY and batch.submitted_at is not None:
            return batch
        if batch.state not in _OPEN:
            raise Refused("state", N_("This batch is not ready to be sent."))
        reasons = reasons_against(session, batch_id, at=at, now=now)
        if reasons:
            raise Refused.all_of(reasons)
        day = day_of_sending(session, batch.kind, at or now)
        hold_for(session, batch, batch.segments, day=day, by=by, now=now)
        batch.submitted_at, batch.scheduled_at = now, at
        batch.state = B.SCHEDULED if at else B.QUEUED
        session.flush()
        if at is None:
            count_sends(session, batch, now=now)
            refuse_over_limit(session, batch, now=now)
        _line_up(session, batch, None if at else now)
        if at is None:
            ring_line(batch.lane)
    return batch


def _line_up(session: Session, batch: Batch, due_at: datetime | None) -> None:
    session.execute(
        update(Chunk)
        .where(Chunk.batch_id == batch.id, Chunk.state == ChunkState.QUEUED)
        .values(due_at=due_at, lane=batch.lane)
        .execution_options(synchronize_session=False)
    )


def keep_as_draft(batch_id: int, *, now: datetime | None = None) -> None:
    """Put a checked batch by for later. Again: nothing changes."""
    with unit_of_work() as session:
        batch = locked_batch(session, batch_id)
        if batch.state is B.CHECKED:
            batch.state = B.DRAFT
        elif batch.state is not B.DRAFT:
            raise Refused("state", N_("Only a batch that was not sent yet can be kept as a draft."))


def reschedule_batch(batch_id: int, *, at: datetime, by: str, now: datetime | None = None) -> None:
    """Move a scheduled batch; its segments are held again for the new day. To the same moment: nothing changes."""
    now = now or utc_now()
    with unit_of_work() as session:
        batch = locked_batch(session, batch_id)
        if batch.state is not B.SCHEDULED:
            raise Refused("state", N_("Only a scheduled batch can be moved to another time."))
        if batch.scheduled_at == at:
            return
        hold_again(session, batch, day=day_of_sending(session, batch.kind, at), by=by, now=now)
        reasons = [reason for reason in reasons_against(session, batch_id, at=at, now=now) if reason.code not in _PAID]
        if reasons:
            raise Refused.all_of(reasons)
        batch.scheduled_at = at


def start_due_batches(*, now: datetime | None = None) -> int:
    """Put the scheduled batches whose time has come on the line. Returns how many.

    One that is too late, because the clock was down, is paused instead: nobody wants it in the night.
    """
    now = now or utc_now()
    late = timedelta(minutes=current_app.config["LATE_SCHEDULE_MINUTES"])
    with unit_of_work() as session:
        ids = list(
            session.scalars(
                select(Batch.id)
                .where(Batch.state == B.SCHEDULED, Batch.scheduled_at <= now)
                .order_by(Batch.scheduled_at)
                .limit(50)
            )
        )
    return each_alone(ids, lambda batch_id: _start(batch_id, late, now))


def _start(batch_id: int, late: timedelta, now: datetime) -> int:
    with unit_of_work() as session:
        lock_queued(session, batch_id)
        batch = locked_batch(session, batch_id)
        if batch.state is not B.SCHEDULED or batch.scheduled_at is None:
            return 0
        if now - batch.scheduled_at > late:
            pause_in_unit(
                session, batch_id, code="late", reason=str(batch.scheduled_at), by="clock", resume_at=None, now=now
            )
            return 1
        started: Any = session.execute(
            update(Batch)
            .where(Batch.id == batch_id, Batch.state == B.SCHEDULED)
            .values(state=B.QUEUED)
            .execution_options(synchronize_session=False)
        )
        if started.rowcount == 1:
            count_sends(session, batch, now=now)
            _line_up(session, batch, now)
            ring_line(batch.lane)
    return int(started.rowcount)


def cancel_forgotten(*, now: datetime | None = None) -> int:
    """Cancel the paused batches that nobody has gone on with for seven days. Returns how many there were."""
    now = now or utc_now()
    with unit_of_work() as session:
        rows = session.execute(
            select(Batch.id, Batch.paused_at)
            .where(Batch.state == B.PAUSED, Batch.paused_at < now - _FORGOTTEN)
            .limit(50)
        ).all()
    return each_alone(rows, lambda row: _cancel_if_still(row.id, row.paused_at, now))


def _cancel_if_still(batch_id: int, paused_at: datetime, now: datetime) -> int:
    """Somebody may have gone on with it, or paused it anew, since it was listed."""
    with unit_of_work() as session:
        batch = locked_batch(session, batch_id)
        if batch.state is not B.PAUSED or batch.paused_at != paused_at:
            return 0
        cancel_in_unit(batch, by="clock", reason="paused for seven days", now=now)
    finish_cancelling(batch_id, by="clock", now=now)
    return 1
