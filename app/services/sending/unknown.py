"""What is done about a chunk whose call nobody answered: it is asked after, and never sent again blindly (point 4)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.clock import shanghai_day
from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.gateways.sms import Credentials, SmsError
from app.models.access_keys import AccessKey
from app.models.batches import Attempt, Chunk
from app.models.messages import Message
from app.models.states import AttemptState, ChunkState, MessageState
from app.models.types import utc_now
from app.services.access_keys import credentials_of
from app.services.providers import provider_for
from app.services.sending import chunks
from app.services.sending.figures import Changes
from app.services.sending.rings import ring_line
from app.services.work import again_if_lost, current_session, stand_outside, unit_of_work

C = ChunkState
LOST = "lost"  # the code of an attempt whose process was not heard of again
_NUMBERS_ASKED = 3
_log = logging.getLogger(__name__)


def sweep_leases(*, now: datetime | None = None, most: int = 200) -> int:
    """Chunks whose worker died between claim and record: perhaps handed over, so UNKNOWN. Returns how many."""
    now = now or utc_now()
    with unit_of_work() as session:
        ids = session.scalars(
            select(Chunk.id).where(Chunk.state == C.SENDING, Chunk.lease_until < now).order_by(Chunk.id).limit(most)
        ).all()
        changes = Changes()
        swept = 0
        for chunk in chunks.lock_chunks(session, list(ids)).values():
            swept += _lost(session, chunk, changes, now)
        changes.apply(session, by="clock", now=now)
    return swept


def _lost(session: Session, chunk: chunks.ChunkFacts, changes: Changes, now: datetime) -> int:
    lease_until = session.scalar(select(Chunk.lease_until).where(Chunk.id == chunk.id))
    if chunk.state is not C.SENDING or lease_until is None or lease_until >= now:
        return 0
    attempt = newest_attempt(session, chunk.id)
    session.execute(
        update(Attempt)
        .where(Attempt.id == attempt.id, Attempt.state == AttemptState.OPEN)
        .values(state=AttemptState.UNKNOWN, code=LOST, ended_at=now)
    )
    ask_at = attempt.started_at + timedelta(seconds=current_app.config["ASK_AFTER_SECONDS"][0])
    chunks.mark_unknown(session, chunk, changes, code=LOST, message="", ask_at=ask_at)
    return 1


def newest_attempt(session: Session, chunk_id: int) -> Attempt:
    query = select(Attempt).where(Attempt.chunk_id == chunk_id).order_by(Attempt.id.desc())
    return session.scalars(query.limit(1)).one()


@dataclass(frozen=True)
class Enquiry:
    """A question to the provider: does it know any of these numbers under one of these out_ids?"""

    chunk_id: int
    round: int
    attempts: Sequence[tuple[int, str, datetime, Credentials]]
    phones: Sequence[str]


def ask_due(*, now: datetime | None = None, most: int = 50) -> int:
    """Ask the provider about the chunks whose time has come. Returns how many were asked about.

    A question that cannot be put is put again after the first waiting time; it holds up none of the others.
    """
    now = now or utc_now()
    due = select(Chunk.id).where(Chunk.state == C.UNKNOWN, Chunk.ask_at <= now).order_by(Chunk.ask_at).limit(most)
    ids = list(current_session().scalars(due))
    stand_outside()
    for chunk_id in ids:
        try:
            _ask_about(chunk_id, now)
        except (SmsError, Refused, ValueError) as error:
            _log.warning("chunk %s could not be asked about: %s", chunk_id, error)
            again_if_lost(lambda chunk_id=chunk_id: _ask_later(chunk_id, now))  # type: ignore[misc]
    return len(ids)


def _ask_about(chunk_id: int, now: datetime) -> None:
    with unit_of_work() as session:
        enquiry = _enquiry(session, chunk_id)
    stand_outside()
    found = _ask(enquiry, now)
    again_if_lost(lambda: record_enquiry(enquiry, found, now=now))


def _ask_later(chunk_id: int, now: datetime) -> None:
    with unit_of_work() as session:
        session.execute(
            update(Chunk)
            .where(Chunk.id == chunk_id, Chunk.state == C.UNKNOWN, Chunk.ask_at <= now)
            .values(ask_at=now + timedelta(seconds=current_app.config["ASK_AFTER_SECONDS"][0]))
            .execution_options(synchronize_session=False)
        )


def _enquiry(session: Session, chunk_id: int) -> Enquiry:
    asked = session.scalars(select(Chunk.asked).where(Chunk.id == chunk_id)).one()
    attempts = session.execute(
        select(Attempt, AccessKey)
        .join(AccessKey, AccessKey.id == Attempt.access_key_id)
        .where(Attempt.chunk_id == chunk_id, Attempt.state != AttemptState.NOT_TAKEN)
        .order_by(Attempt.id.desc())
    ).all()
    phones = session.scalars(
        select(Message.phone)
        .where(Message.chunk_id == chunk_id, Message.state == MessageState.UNKNOWN)
        .order_by(Message.id)
        .limit(_NUMBERS_ASKED)
    ).all()
    return Enquiry(
        chunk_id,
        asked,
        [(attempt.id, attempt.out_id, attempt.started_at, credentials_of(key)) for attempt, key in attempts],
        phones,
    )


def _ask(enquiry: Enquiry, now: datetime) -> int | None:
    """The id of the attempt that the provider knows, or None. The day of the call and the next, in Shanghai."""
    for attempt_id, out_id, started_at, credentials in enquiry.attempts:
        provider = provider_for(credentials)
        day = shanghai_day(started_at)
        for phone in enquiry.phones:
            for asked_day in (day, day + timedelta(days=1)):
                if asked_day <= shanghai_day(now) and provider.find(phone=phone, day=asked_day, out_id=out_id):
                    return attempt_id
    return None


def record_enquiry(enquiry: Enquiry, found: int | None, *, now: datetime) -> None:
    """A hit: it was handed over. None at the last asking: one new attempt, or the end of a verification code."""
    with unit_of_work() as session:
        chunk = chunks.lock_chunk(session, enquiry.chunk_id)
        if chunk.state is not C.UNKNOWN or chunk.asked != enquiry.round:
            return
        changes = Changes()
        if found is not None:
            _known(session, chunk, changes, found, now)
        else:
            _not_known(session, chunk, changes, now)
        changes.apply(session, by="clock", now=now)


def _known(session: Session, chunk: chunks.ChunkFacts, changes: Changes, attempt_id: int, now: datetime) -> None:
    started_at = session.scalars(select(Attempt.started_at).where(Attempt.id == attempt_id)).one()
    session.execute(
        update(Attempt).where(Attempt.id == attempt_id).values(state=AttemptState.ACCEPTED, code="asked", ended_at=now)
    )
    chunks.accept(session, chunk, changes, called_at=started_at)


def _not_known(session: Session, chunk: chunks.ChunkFacts, changes: Changes, now: datetime) -> None:
    waits = current_app.config["ASK_AFTER_SECONDS"]
    asked = chunk.asked + 1
    if asked < len(waits):
        started_at = newest_attempt(session, chunk.id).started_at
        _set_next(session, chunk.id, asked, max(started_at + timedelta(seconds=waits[asked]), now))
    elif chunk.kind is MessageType.VERIFICATION:
        chunks.expire(session, chunk, changes, code="unknown")  # a code that old is of no use to anybody
    elif _had_its_second_call(session, chunk):
        _set_next(session, chunk.id, asked, None)  # resolved by a receipt, or EXPIRED after 72 h
    else:
        chunks.put_back(session, chunk, changes, due_at=now, sent_again=True)
        ring_line(chunk.lane)


def _had_its_second_call(session: Session, chunk: chunks.ChunkFacts) -> bool:
    """Whether the one new attempt is spent. One that was lost with its process does not count: it takes another death
    to lose another, while a provider that never tells could make us send the same again and again."""
    if chunk.tries >= current_app.config["MAX_TRIES"]:
        return True
    return chunk.sent_again and newest_attempt(session, chunk.id).code != LOST


def _set_next(session: Session, chunk_id: int, asked: int, ask_at: datetime | None) -> None:
    session.execute(
        update(Chunk)
        .where(Chunk.id == chunk_id, Chunk.state == C.UNKNOWN)
        .values(asked=asked, ask_at=ask_at)
        .execution_options(synchronize_session=False)
    )
