"""Replies find their customer, or nobody's (point 7). A refusal blocks the number wherever it may have been meant."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.domain.message_types import MessageType
from app.domain.phones import normalise
from app.domain.replies import is_refusal
from app.gateways.aliyun import Unreadable, parse_reply
from app.gateways.sms import Reply
from app.models.approvals import Signature
from app.models.batches import Batch, Chunk
from app.models.inbox import DifferenceKind, InboundMessage, RawKind, RawReceipt, RawState
from app.models.messages import Message
from app.models.types import utc_now
from app.services.blacklist import block_number
from app.services.sending.differences import Differences
from app.services.sending.quarantine import apply_what_can_be
from app.services.work import insert_into, unit_of_work

LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True)
class Candidate:
    """A batch that a reply may answer."""

    batch_id: int
    customer_id: int
    kind: MessageType
    sign_name: str


def apply_replies(*, now: datetime | None = None, most: int = 100) -> int:
    """Apply what has been stored and not yet applied; returns how many deliveries it looked at."""
    moment = now or utc_now()
    return apply_what_can_be(RawKind.REPLY, lambda raw_id: _apply_once(moment, most, raw_id), now=moment)


def _apply_once(now: datetime, most: int, raw_id: int | None = None) -> int:
    waiting = (
        select(RawReceipt.id, RawReceipt.body)
        .where(RawReceipt.kind == RawKind.REPLY, RawReceipt.state == RawState.NEW)
        .order_by(RawReceipt.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    with unit_of_work() as session:
        raws = session.execute(waiting if raw_id is None else waiting.where(RawReceipt.id == raw_id)).all()
        if not raws:
            return 0
        differences = Differences()
        for raw in raws:
            for item in json.loads(raw.body):
                try:
                    _apply(session, parse_reply(item), now)
                except Unreadable as error:
                    differences.add(
                        DifferenceKind.UNREADABLE, raw.id, "", str(item.get("phone_number", "")), str(error)
                    )
        differences.store(session, now=now)
        session.execute(
            update(RawReceipt)
            .where(RawReceipt.id.in_([raw.id for raw in raws]))
            .values(state=RawState.APPLIED, applied_at=now)
            .execution_options(synchronize_session=False)
        )
    return len(raws)


def fingerprint(reply: Reply) -> str:
    """What makes a reply the same one again: the provider's sequence number may arrive as a Double, so not that."""
    sent = reply.sent_at.isoformat() if reply.sent_at else ""
    return hashlib.sha256("\0".join((reply.phone, reply.dest_code, sent, reply.content)).encode()).hexdigest()


def _apply(session: Session, reply: Reply, now: datetime) -> None:
    phone = normalise(reply.phone)[0] or reply.phone
    candidates = find_candidates(session, phone, reply, now=now)
    customers = sorted({candidate.customer_id for candidate in candidates})
    clear = candidates[0] if len(customers) == 1 else None
    promoted = any(candidate.kind is MessageType.PROMOTION for candidate in candidates)
    refusal = is_refusal(reply.content, promoted)
    stored = session.scalar(
        insert_into(session, InboundMessage)
        .values(
            customer_id=clear.customer_id if clear else None,
            batch_id=clear.batch_id if clear else None,
            phone=phone[:32],
            dest_code=reply.dest_code[:32],
            sign_name=reply.sign_name[:20],
            content=reply.content,
            is_refusal=refusal,
            fingerprint=fingerprint(reply),
            sent_at=reply.sent_at,
            received_at=now,
        )
        .on_conflict_do_nothing(index_elements=["fingerprint"])
        .returning(InboundMessage.id)  # a row count is not told here on PostgreSQL
    )
    if stored is not None and refusal:
        for customer_id in customers:
            block_number(session, phone, customer_id=customer_id, reason=f"refusal: {reply.content.strip()}")


def find_candidates(session: Session, phone: str, reply: Reply, *, now: datetime) -> Sequence[Candidate]:
    """The batches this reply may answer, newest first: by the number it came to or its signature, then by phone,
    sent within 7 days before the reply. Only the newest send of each customer counts."""
    names = _signatures_of(session, reply)
    if names is not None and not names:
        return []
    moment = reply.sent_at or now
    # Grouped rather than cut off: a customer who wrote fifty times since does not hide another who wrote once.
    newest = (
        select(func.max(Message.id))
        .join(Chunk, Chunk.id == Message.chunk_id)
        .join(Batch, Batch.id == Chunk.batch_id)
        .where(Message.phone == phone, Chunk.handed_at.between(moment - LOOK_BACK, moment + timedelta(minutes=5)))
        .group_by(Batch.customer_id)
    )
    if names is not None:
        newest = newest.where(Batch.sign_name.in_(names))
    query = (
        select(Batch.id, Batch.customer_id, Batch.kind, Batch.sign_name)
        .join(Chunk, Chunk.batch_id == Batch.id)
        .join(Message, Message.chunk_id == Chunk.id)
        .where(Message.id.in_(newest))
        .order_by(Message.id.desc())
    )
    return [Candidate(*row) for row in session.execute(query)]


def _signatures_of(session: Session, reply: Reply) -> list[str] | None:
    """The signatures a reply can be meant for; None where neither its code nor its signature tells.

    Aliyun makes one constant code for each signature; a code not seen before tells nothing (upstream.md, E).
    """
    if reply.sign_name:
        return [reply.sign_name]
    if reply.dest_code:
        names = session.scalars(select(Signature.name).where(Signature.dest_code == reply.dest_code).distinct()).all()
        if names:
            return list(names)
    return None
