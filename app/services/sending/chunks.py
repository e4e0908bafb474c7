"""The moves of a chunk and of the messages in it. Every function joins the caller's unit and gathers into `Changes`.

A chunk's open messages always stand in the state that its own state means; each move is a conditional update whose
row count is looked at, so a move made twice, or by two workers, is made once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, insert, literal, select, update
from sqlalchemy.orm import Session

from app.domain.clock import shanghai_day
from app.domain.message_types import MessageType
from app.models.batches import Attempt, Batch, Chunk
from app.models.messages import Message
from app.models.states import BATCH_ENDED, CHUNK_MOVES, BatchState, ChunkState, Lane, MessageState
from app.services.sending.figures import Changes, Terms
from app.services.work import connection_of

C = ChunkState
M = MessageState

OPEN_MESSAGES = {C.QUEUED: M.QUEUED, C.SENDING: M.QUEUED, C.UNKNOWN: M.UNKNOWN, C.ACCEPTED: M.ACCEPTED}


@dataclass(frozen=True)
class ChunkFacts:
    """A chunk and what its batch says about it, read under the chunk's lock."""

    id: int
    batch_id: int
    state: ChunkState
    lane: Lane
    size: int
    tries: int
    asked: int
    sent_again: bool
    handed_on: date | None
    kind: MessageType
    terms: Terms


_LOCK = (
    select(
        Chunk.id,
        Chunk.batch_id,
        Chunk.state,
        Chunk.lane,
        Chunk.size,
        Chunk.tries,
        Chunk.asked,
        Chunk.sent_again,
        Chunk.handed_on,
        Batch.kind,
        Batch.charge_on,
        Batch.charge_expired,
    )
    .join(Batch, Batch.id == Chunk.batch_id)
    .where(Chunk.id.in_(bindparam("ids", expanding=True)))
    .order_by(Chunk.id)
    .with_for_update(of=Chunk)
)


_chunks: Any = Chunk.__table__
_messages: Any = Message.__table__
# What these set is what they are given besides the names in their conditions.
_TURN = update(_chunks).where(_chunks.c.id == bindparam("its_id"), _chunks.c.state == bindparam("old"))
_TURN_MESSAGES = (
    update(_messages)
    .where(_messages.c.chunk_id == bindparam("its_chunk"), _messages.c.state == bindparam("old"))
    .returning(_messages.c.segments)  # what is counted is what moved, in one pass
)


def lock_chunks(session: Session, ids: list[int]) -> dict[int, ChunkFacts]:
    """Lock chunks in ascending order and tell what they are; the ones that do not exist are left out."""
    rows = connection_of(session).execute(_LOCK, {"ids": ids})
    return {row.id: ChunkFacts(*row[:10], terms=Terms(row.charge_on, row.charge_expired)) for row in rows}


def lock_chunk(session: Session, chunk_id: int) -> ChunkFacts:
    return lock_chunks(session, [chunk_id])[chunk_id]


def batch_state(session: Session, batch_id: int) -> BatchState:
    """The batch's state, which nobody changes before our unit ends."""
    return session.scalars(select(Batch.state).where(Batch.id == batch_id).with_for_update()).one()


def _turn(session: Session, chunk: ChunkFacts, new: ChunkState, **values: Any) -> bool:
    """Move the chunk itself; False where it has moved meanwhile."""
    CHUNK_MOVES.check(chunk.state, new)
    given = {"its_id": chunk.id, "old": chunk.state, "state": new, "lease_until": None, **values}
    done = connection_of(session).execute(_TURN, given)
    return bool(done.rowcount == 1)


def _turn_messages(
    session: Session, chunk: ChunkFacts, changes: Changes, new: MessageState, *, code: str = "", day: date | None = None
) -> None:
    """Move the chunk's open messages and note what that means."""
    old = OPEN_MESSAGES[chunk.state]
    given = {"its_chunk": chunk.id, "old": old, "state": new} | ({"code": code} if code else {})
    moved = connection_of(session).execute(_TURN_MESSAGES, given).scalars().all()
    changes.move(chunk.batch_id, chunk.terms, old, new, messages=len(moved), segments=sum(moved), day=day, code=code)


def accept(session: Session, chunk: ChunkFacts, changes: Changes, *, called_at: datetime) -> bool:
    """The provider has it: ACCEPTED, in the volumes of the Shanghai day of the call."""
    day = shanghai_day(called_at)
    if not _turn(session, chunk, C.ACCEPTED, handed_at=called_at, handed_on=day, due_at=None, ask_at=None):
        return False
    _turn_messages(session, chunk, changes, M.ACCEPTED, day=day)
    return True


def reject(session: Session, chunk: ChunkFacts, changes: Changes, *, code: str, message: str) -> bool:
    """No recipient in it can be sent to so: FAILED."""
    if not _turn(session, chunk, C.REJECTED, code=code, message=message, ask_at=None):
        return False
    _turn_messages(session, chunk, changes, M.FAILED, code=code)
    return True


def mark_unknown(
    session: Session, chunk: ChunkFacts, changes: Changes, *, code: str, message: str, ask_at: datetime
) -> bool:
    """Perhaps handed over, perhaps not: UNKNOWN until a receipt or the provider's answer says which."""
    if not _turn(session, chunk, C.UNKNOWN, code=code, message=message, ask_at=ask_at, asked=0):
        return False
    _turn_messages(session, chunk, changes, M.UNKNOWN)
    return True


def expire(session: Session, chunk: ChunkFacts, changes: Changes, *, code: str) -> bool:
    """Never resolved, or not worth sending again: EXPIRED."""
    if not _turn(session, chunk, C.EXPIRED, code=code, ask_at=None):
        return False
    _turn_messages(session, chunk, changes, M.EXPIRED, code=code)
    return True


def cancel(session: Session, chunk: ChunkFacts, changes: Changes) -> bool:
    if not _turn(session, chunk, C.CANCELLED, due_at=None):
        return False
    _turn_messages(session, chunk, changes, M.CANCELLED)
    return True


def put_back(session: Session, chunk: ChunkFacts, changes: Changes, *, due_at: datetime, **values: Any) -> bool:
    """Into the queue again, as its batch allows: due where that runs, parked where it is paused, or cancelled."""
    state = batch_state(session, chunk.batch_id)
    due = due_at if state in (BatchState.QUEUED, BatchState.SENDING) else None
    if chunk.state is not C.QUEUED:
        if not _turn(session, chunk, C.QUEUED, due_at=due, ask_at=None, **values):
            return False
        if chunk.state is C.UNKNOWN:
            _turn_messages(session, chunk, changes, M.QUEUED)
    if state is BatchState.CANCELLING:
        cancel(session, lock_chunk(session, chunk.id), changes)
    return True


def split(session: Session, chunk: ChunkFacts, changes: Changes, *, due_at: datetime, code: str) -> bool:
    """In halves, each to be sent by itself: one bad recipient must not fail the other 999."""
    if not _turn(session, chunk, C.SPLIT, due_at=None, ask_at=None, code=code):
        return False
    if chunk.state is C.UNKNOWN:
        _turn_messages(session, chunk, changes, M.QUEUED)
    state = batch_state(session, chunk.batch_id)
    due = due_at if state in (BatchState.QUEUED, BatchState.SENDING) else None
    ids = session.scalars(
        select(Message.id).where(Message.chunk_id == chunk.id, Message.state == M.QUEUED).order_by(Message.id)
    ).all()
    middle = len(ids) // 2
    for half in (ids[:middle], ids[middle:]):
        if half:
            child = session.execute(
                insert(Chunk)
                .values(
                    batch_id=chunk.batch_id,
                    parent_id=chunk.id,
                    state=C.QUEUED,
                    lane=chunk.lane,
                    size=len(half),
                    due_at=due,
                    sent_again=chunk.sent_again,
                )
                .returning(Chunk.id)
            ).scalar_one()
            session.execute(
                update(Message)
                .where(Message.chunk_id == chunk.id, Message.state == M.QUEUED, Message.id.between(half[0], half[-1]))
                .values(chunk_id=child)
                .execution_options(synchronize_session=False)
            )
    return True


def expire_accepted(session: Session, chunk: ChunkFacts, changes: Changes) -> None:
    """No receipt came for what is left of an accepted chunk; the chunk itself stays what it is."""
    _turn_messages(session, chunk, changes, M.EXPIRED, code="silent", day=chunk.handed_on)


def silent_since(session: Session, cutoff: datetime, most: int) -> list[int]:
    """Chunks handed over, or perhaps so, before `cutoff`, that still have messages without a last state."""
    open_batches = select(Batch.id).where(Batch.state.not_in(BATCH_ENDED), Batch.accepted + Batch.unknown > 0)
    waiting = exists(select(literal(1)).where(Message.chunk_id == Chunk.id, Message.state.in_([M.ACCEPTED, M.UNKNOWN])))
    handed = (Chunk.state == C.ACCEPTED) & (Chunk.handed_at < cutoff)
    first_call = select(func.min(Attempt.started_at)).where(Attempt.chunk_id == Chunk.id).scalar_subquery()
    unknown = (Chunk.state == C.UNKNOWN) & (first_call < cutoff)
    return list(
        session.scalars(
            select(Chunk.id)
            .where(Chunk.batch_id.in_(open_batches), handed | unknown, waiting)
            .order_by(Chunk.id)
            .limit(most)
        )
    )
