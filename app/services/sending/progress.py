"""How far a batch has come: its counters, the codes that ended messages, and what our records say went out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app.domain.errors import N_, Refused
from app.gateways.aliyun import explain, explain_delivery
from app.models.batches import Attempt, Batch, Chunk, RejectedRow
from app.models.messages import Message
from app.models.states import BATCH_ENDED, BatchState, MessageState
from app.models.statistics import FailureCount
from app.services.work import current_session, stand_outside


@dataclass(frozen=True)
class Progress:
    """A batch's counters at one moment."""

    state: BatchState
    total: int
    counts: dict[str, int]  # messages by state
    pause_reason: str

    @property
    def final(self) -> int:
        return sum(self.counts[state] for state in ("delivered", "failed", "expired", "cancelled"))

    @property
    def ended(self) -> bool:
        return self.state in BATCH_ENDED


def progress_of(batch_id: int) -> Progress:
    """Read fresh each time. Raises `Refused` where there is no such batch."""
    columns = [getattr(Batch, state.value) for state in MessageState]
    row = current_session().execute(
        select(Batch.state, Batch.good, Batch.pause_reason, *columns).where(Batch.id == batch_id)
    ).one_or_none()
    stand_outside()
    if row is None:
        raise Refused("batch", N_("This batch does not exist."))
    counts = dict(zip((state.value for state in MessageState), row[3:], strict=True))
    return Progress(row.state, row.good, counts, row.pause_reason)


@dataclass(frozen=True)
class Failure:
    """A code that ended messages of a batch, and what it means, as a msgid."""

    code: str
    meaning: str
    messages: int


def failures_of(batch_id: int) -> list[Failure]:
    """The most frequent first."""
    rows = current_session().execute(
        select(FailureCount.code, FailureCount.messages)
        .where(FailureCount.batch_id == batch_id, FailureCount.messages > 0)
        .order_by(FailureCount.messages.desc(), FailureCount.code)
    ).all()
    stand_outside()
    return [Failure(row.code, _meaning(row.code), row.messages) for row in rows]


def _meaning(code: str) -> str:
    if "." in code:  # isv.…, isp.…: a call that was refused; the others are the carriers'
        return explain(code).meaning
    return explain_delivery(code).meaning


def rejected_rows(batch_id: int, *, most: int) -> Sequence[RejectedRow]:
    """The first rows of the input that became no message, in the order of the file."""
    rows = current_session().scalars(
        select(RejectedRow).where(RejectedRow.batch_id == batch_id).order_by(RejectedRow.line).limit(most)
    ).all()
    stand_outside()
    return rows


@dataclass(frozen=True)
class HandedOver:
    """What our records say went out for a batch: the calls by out_id, and the messages in chunks that were taken."""

    out_ids: frozenset[str]
    messages: int


def handed_over(batch_id: int) -> HandedOver:
    session = current_session()
    out_ids = session.scalars(
        select(Attempt.out_id).join(Chunk, Chunk.id == Attempt.chunk_id).where(Chunk.batch_id == batch_id)
    ).all()
    messages = session.scalar(
        select(func.count()).select_from(Message).join(Chunk, Chunk.id == Message.chunk_id)
        .where(Chunk.batch_id == batch_id, Chunk.handed_at.is_not(None))
    )
    stand_outside()
    return HandedOver(frozenset(out_ids), messages or 0)
