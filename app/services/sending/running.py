"""Pausing, going on and cancelling.

The batch turns first, its queued chunks follow in units of their own: whatever a process leaves undone between the
two is put right by `tidy_lines`, and a claim looks at the batch's state in any case.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import exists, literal, select, update
from sqlalchemy.orm import Session

from app.domain.clock import shanghai_day
from app.domain.errors import N_, Refused
from app.models.batches import Batch, Chunk
from app.models.states import BATCH_MOVES, BatchState, ChunkState
from app.models.types import utc_now
from app.services import audit
from app.services.ledger import hold_again, holds_are_over
from app.services.sending.chunks import cancel, lock_chunks
from app.services.sending.discard import discard_rows
from app.services.sending.figures import Changes
from app.services.sending.rings import ring_line
from app.services.work import again_if_lost, each_alone, unit_of_work

B = BatchState
C = ChunkState
_SLICE = 200  # chunks moved in one unit, so that no lock is held long


def pause_batch(batch_id: int, *, by: str, reason: str = "", code: str = "person", now: datetime | None = None) -> None:
    """Hold a batch back; its holds stay. Again: nothing changes. Raises `Refused` where nothing can be held back."""
    now = now or utc_now()
    with unit_of_work() as session:
        batch = locked_batch(session, batch_id)
        if batch.state is B.PAUSED:
            if batch.resume_at is not None:  # it would go on by itself in the morning: now it waits for a person
                batch.resume_at, batch.paused_at = None, now
                batch.pause_code, batch.pause_reason, batch.paused_by = code, reason, by
                audit.record("pause", batch, by=by, reason=reason)
            return
        if batch.state not in BATCH_MOVES.into(B.PAUSED):
            raise Refused("state", N_("Nothing is left to pause: all has been handed over or the batch has ended."))
        pause_in_unit(session, batch_id, code=code, reason=reason, by=by, resume_at=None, now=now)
        audit.record("pause", batch, by=by, reason=reason)
    park_chunks(batch_id)


def pause_in_unit(
    session: Session, batch_id: int, *, code: str, reason: str, by: str, resume_at: datetime | None, now: datetime
) -> bool:
    done: Any = session.execute(
        update(Batch)
        .where(Batch.id == batch_id, Batch.state.in_(BATCH_MOVES.into(B.PAUSED)))
        .values(
            state=B.PAUSED,
            paused_from=Batch.state,
            pause_code=code,
            pause_reason=reason,
            paused_by=by,
            paused_at=now,
            resume_at=resume_at,
        )
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)


def resume_batch(batch_id: int, *, by: str, now: datetime | None = None) -> None:
    """Go on exactly where it stopped. Again: nothing changes."""
    now = now or utc_now()
    with unit_of_work() as session:
        lock_queued(session, batch_id)
        batch = locked_batch(session, batch_id)
        if batch.state in (B.QUEUED, B.SENDING, B.SCHEDULED):
            return
        if batch.state is not B.PAUSED:
            raise Refused("state", N_("This batch is not paused."))
        if not batch.started_at and holds_are_over(session, batch_id, shanghai_day(now)):
            hold_again(session, batch, day=shanghai_day(now), by=by, now=now)
        early = batch.scheduled_at is not None and batch.scheduled_at > now and not batch.started_at
        batch.state = B.SCHEDULED if early else B.SENDING if batch.started_at else B.QUEUED
        batch.paused_from, batch.resume_at, batch.pause_code, batch.pause_reason = None, None, "", ""
        session.flush()
        audit.record("resume", batch, by=by)
        if not early:
            _make_due(session, batch_id, now)
            ring_line(batch.lane)


def cancel_batch(batch_id: int, *, by: str, reason: str = "", now: datetime | None = None) -> None:
    """Send no more of it: what is queued is cancelled and its segments come back, what was handed over runs out.

    A batch that was never submitted is thrown away. Again: nothing changes.
    """
    now = now or utc_now()
    with unit_of_work() as session:
        batch = locked_batch(session, batch_id)
        if batch.state in (B.CANCELLING, B.CANCELLED):
            return
        cancel_in_unit(batch, by=by, reason=reason, now=now)
    finish_cancelling(batch_id, by=by, now=now)


def cancel_in_unit(batch: Batch, *, by: str, reason: str, now: datetime) -> None:
    """Turn a locked batch; its chunks follow with `finish_cancelling`. Raises `Refused` where nothing is left."""
    target = B.CANCELLED if batch.state in (B.PREPARING, B.CHECKED, B.DRAFT) else B.CANCELLING
    if batch.state not in BATCH_MOVES.into(target):
        raise Refused("state", N_("Nothing is left to cancel: everything has been handed over."))
    before = {"state": batch.state.value}
    batch.state = target
    batch.ended_at = now if target is B.CANCELLED else None
    batch.idempotency_key = None if target is B.CANCELLED else batch.idempotency_key
    audit.record("cancel", batch, by=by, before=before, reason=reason)


def finish_cancelling(batch_id: int, *, by: str, now: datetime) -> None:
    """What follows a batch's turn, whichever way it was turned. Again: nothing changes."""
    discard_rows(batch_id)
    cancel_chunks(batch_id, by=by, now=now)


def cancel_chunks(batch_id: int, *, by: str, now: datetime) -> None:
    """Cancel every queued chunk of a cancelling batch, slice by slice; end it where nothing is under way."""
    while again_if_lost(lambda: _cancel_slice(batch_id, by=by, now=now)):
        pass


def _cancel_slice(batch_id: int, *, by: str, now: datetime) -> bool:
    with unit_of_work() as session:
        ids = session.scalars(
            select(Chunk.id).where(Chunk.batch_id == batch_id, Chunk.state == C.QUEUED).order_by(Chunk.id).limit(_SLICE)
        ).all()
        changes = Changes()
        for chunk in lock_chunks(session, list(ids)).values():
            if chunk.state is C.QUEUED:
                cancel(session, chunk, changes)
        if ids:
            changes.apply(session, by=by, now=now)
        else:
            _end_if_empty(session, batch_id, now)
    return bool(ids)


def _end_if_empty(session: Session, batch_id: int, now: datetime) -> None:
    session.execute(
        update(Batch)
        .where(Batch.id == batch_id, Batch.state == B.CANCELLING, Batch.queued + Batch.unknown + Batch.accepted == 0)
        .values(state=B.CANCELLED, ended_at=now)
        .execution_options(synchronize_session=False)
    )


def park_chunks(batch_id: int) -> None:
    """Take a paused batch's chunks off the line."""
    with unit_of_work() as session:
        lock_queued(session, batch_id)
        still_paused = exists(select(literal(1)).where(Batch.id == batch_id, Batch.state == B.PAUSED))
        session.execute(
            update(Chunk)
            .where(Chunk.batch_id == batch_id, Chunk.state == C.QUEUED, Chunk.due_at.is_not(None), still_paused)
            .values(due_at=None)
            .execution_options(synchronize_session=False)
        )


def lock_queued(session: Session, batch_id: int) -> None:
    """Chunks before their batch, in ascending order: the order in which everyone locks."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(
            select(Chunk.id)
            .where(Chunk.batch_id == batch_id, Chunk.state == C.QUEUED)
            .order_by(Chunk.id)
            .with_for_update()
        ).all()


def _make_due(session: Session, batch_id: int, now: datetime) -> None:
    session.execute(
        update(Chunk)
        .where(Chunk.batch_id == batch_id, Chunk.state == C.QUEUED, Chunk.due_at.is_(None))
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def locked_batch(session: Session, batch_id: int) -> Batch:
    batch = session.scalar(
        select(Batch).where(Batch.id == batch_id).with_for_update().execution_options(populate_existing=True)
    )
    if batch is None:
        raise Refused("batch", N_("This batch does not exist."))
    return batch


def tidy_lines(*, now: datetime | None = None) -> int:
    """Finish what a dead process left between a batch's turn and its chunks'. Returns how many batches it looked at."""
    now = now or utc_now()
    with unit_of_work() as session:
        queued = exists(select(literal(1)).where(Chunk.batch_id == Batch.id, Chunk.state == C.QUEUED))
        parked = exists(
            select(literal(1)).where(Chunk.batch_id == Batch.id, Chunk.state == C.QUEUED, Chunk.due_at.is_(None))
        )
        open_ = Batch.queued + Batch.unknown + Batch.accepted
        cancelling = session.scalars(
            select(Batch.id).where(Batch.state == B.CANCELLING, queued | (open_ == 0)).limit(50)
        ).all()
        stuck = session.scalars(select(Batch.id).where(Batch.state.in_([B.QUEUED, B.SENDING]), parked).limit(50)).all()
        for batch_id in stuck:
            _make_due(session, batch_id, now)
        on_the_line = exists(
            select(literal(1)).where(Chunk.batch_id == Batch.id, Chunk.state == C.QUEUED, Chunk.due_at.is_not(None))
        )
        paused = session.scalars(select(Batch.id).where(Batch.state == B.PAUSED, on_the_line).limit(50)).all()
    for batch_id in cancelling:
        cancel_chunks(batch_id, by="clock", now=now)
    for batch_id in paused:
        park_chunks(batch_id)
    return len(cancelling) + len(stuck) + len(paused)


def resume_due_batches(*, now: datetime | None = None) -> int:
    """Go on with the batches that said when: those paused for the hours."""
    now = now or utc_now()
    with unit_of_work() as session:
        ids = session.scalars(select(Batch.id).where(Batch.state == B.PAUSED, Batch.resume_at <= now).limit(50)).all()
    return each_alone(ids, lambda batch_id: _resume(batch_id, now))


def _resume(batch_id: int, now: datetime) -> int:
    resume_batch(batch_id, by="clock", now=now)
    return 1
