"""One call, from the claim to the record (point 4)."""

from __future__ import annotations

import enum
import logging
import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.gateways.aliyun import limit_window
from app.gateways.sms import Outcome, SmsError
from app.models.batches import Attempt
from app.models.states import AttemptState, ChunkState, Lane
from app.models.types import storable, utc_now
from app.services.access_keys import count_connection_failure, is_well_again, suspend
from app.services.notices import raise_notice
from app.services.providers import provider_for
from app.services.sending import chunks
from app.services.sending.claim import Claim, NotNow, claim_chunk
from app.services.sending.figures import Changes
from app.services.sending.pace import pacer
from app.services.sending.unknown import LOST, newest_attempt
from app.services.work import again_if_lost, connection_of, stand_outside, unit_of_work

C = ChunkState
_NO_ROOM = 0.02  # seconds
_SLEPT = "slept"
_log = logging.getLogger(__name__)
_WORKING = (C.SENDING, C.UNKNOWN)  # UNKNOWN: the sweep thought us dead, and our answer is the proof


class Turn(enum.Enum):
    """What a worker's turn came to."""

    CALLED = "called"
    PUT_ASIDE = "put aside"
    IDLE = "idle"


def dispatch_next(lanes: Sequence[Lane], *, worker: str) -> Turn:
    """Claim one chunk, hand it over and record what came of it. Raises only where the database is lost for long.

    Where the rate leaves no room for one of the lanes it waits a moment and says PUT_ASIDE.
    """
    pace = again_if_lost(pacer().pace)
    if pace is None:
        return Turn.IDLE
    allowed = pacer().lanes_with_room(pace, lanes)
    claim = again_if_lost(lambda: claim_chunk(allowed, worker=worker, now=utc_now())) if allowed else NotNow()
    if isinstance(claim, NotNow):
        if len(allowed) < len(lanes):
            time.sleep(_NO_ROOM)
            return Turn.PUT_ASIDE
        return Turn.PUT_ASIDE if claim.look_again else Turn.IDLE
    answer = _call(claim)
    again_if_lost(lambda: record_answer(claim, answer, now=utc_now()), for_seconds=120)
    return Turn.CALLED


def _call(claim: Claim) -> str | SmsError:
    """The biz_id, or what went wrong. No session is open while the provider thinks."""
    stand_outside()
    if time.monotonic() > claim.deadline:
        # We slept over our lease: somebody may hold this chunk for lost, and a call now could be the second.
        return SmsError(Outcome.TRANSIENT, _SLEPT, "the process was held up between the claim and the call")
    try:
        provider = provider_for(claim.credentials)
    except (Refused, ValueError) as error:
        return SmsError(Outcome.ACCOUNT, "endpoint", str(error))  # the key's settings are wrong, not the batch
    try:
        return provider.send(
            signature=claim.signature,
            template_code=claim.template_code,
            phones=claim.phones,
            variables=claim.variables,
            out_id=claim.out_id,
        )
    except SmsError as error:
        return error
    except ValueError as error:
        return SmsError(Outcome.PERMANENT, "invalid", str(error))
    except Exception as error:
        # Nobody knows whether it was handed over before this went wrong: the one answer that sends nothing twice.
        _log.exception("a call ended in a way that no gateway knows")
        return SmsError(Outcome.UNKNOWN, "broken", type(error).__name__)


def _plain(error: SmsError) -> SmsError:
    """The provider's words as the database takes them."""
    code, message = storable(error.code)[:80], storable(error.message)[:500]
    return SmsError(error.outcome, code, message, retry_after=error.retry_after, connection=error.connection)


def record_answer(claim: Claim, answer: str | SmsError, *, now: datetime) -> None:
    """Write down what the call came to. Called again it finds the attempt closed and changes nothing."""
    with unit_of_work() as session:
        chunk = chunks.lock_chunk(session, claim.chunk_id)
        changes = Changes()
        if isinstance(answer, str):
            _record_accepted(session, claim, chunk, answer, changes, now)
        else:
            error = _plain(answer)
            if _close(session, claim, error, now):
                _record_failure(session, claim, chunk, error, changes, now)
        changes.apply(session, by="dispatch", now=now)


_attempts: Any = Attempt.__table__
_ACCEPTED = (
    update(_attempts)
    .where(_attempts.c.id == bindparam("its_id"), _attempts.c.biz_id.is_(None))
    .values(state=AttemptState.ACCEPTED, code="", message="")
)
_SAME_BIZ_ID = select(_attempts.c.id).where(
    _attempts.c.biz_id == bindparam("biz_id"), _attempts.c.id != bindparam("its_id")
)


def _record_accepted(
    session: Session, claim: Claim, chunk: chunks.ChunkFacts, biz_id: str, changes: Changes, now: datetime
) -> None:
    connection = connection_of(session)
    biz_id = storable(biz_id)[:64]
    taken = connection.execute(_SAME_BIZ_ID, {"biz_id": biz_id, "its_id": claim.attempt_id}).first() is not None
    if taken:
        # It names another call of ours already. The acceptance stands; receipts find this call by its out_id.
        raise_notice(session, "biz-id-repeated", "biz-id-repeated", biz_id, now=now)
    # A receipt or an enquiry may have closed the attempt before us; the biz_id is ours to add in any case.
    found = {"its_id": claim.attempt_id, "biz_id": None if taken else biz_id, "ended_at": now}
    connection.execute(_ACCEPTED, found)
    if chunk.state in _WORKING or chunk.state is C.QUEUED:
        chunks.accept(session, chunk, changes, called_at=claim.called_at)
    if claim.probing:
        is_well_again(session, claim.access_key_id, now=now, account=True)


def _close(session: Session, claim: Claim, error: SmsError, now: datetime) -> bool:
    """Close the attempt; False where it was closed before, or resolved by better knowledge."""
    state = AttemptState.UNKNOWN if error.outcome_unknown else AttemptState.NOT_TAKEN
    # The sweep's guess ("lost") gives way to our own answer, once.
    swept = (Attempt.state == AttemptState.UNKNOWN) & (Attempt.code == LOST)
    closed: Any = session.execute(
        update(Attempt)
        .where(Attempt.id == claim.attempt_id, (Attempt.state == AttemptState.OPEN) | swept)
        .values(state=state, code=error.code, message=error.message, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(closed.rowcount == 1)


def _record_failure(
    session: Session, claim: Claim, chunk: chunks.ChunkFacts, error: SmsError, changes: Changes, now: datetime
) -> None:
    if error.connection or error.outcome_unknown:
        count_connection_failure(session, claim.access_key_id, code=error.code, now=now)
    elif error.code == _SLEPT:
        pass  # no call was made, so nothing was learnt about the provider
    elif claim.probing and error.outcome in (Outcome.SUSPECT, Outcome.PERMANENT, Outcome.TRANSIENT):
        is_well_again(session, claim.access_key_id, now=now, account=error.outcome is not Outcome.TRANSIENT)
    if chunk.state not in _WORKING or newest_attempt(session, chunk.id).id != claim.attempt_id:
        return  # another attempt has it in hand: what became of ours says nothing about that
    code = error.code
    match error.outcome:
        case Outcome.UNKNOWN:
            if chunk.state is C.SENDING:
                ask_at = claim.called_at + timedelta(seconds=current_app.config["ASK_AFTER_SECONDS"][0])
                chunks.mark_unknown(session, chunk, changes, code=code, message=error.message, ask_at=ask_at)
        case Outcome.ACCOUNT:
            suspend(session, claim.access_key_id, code=code, message=error.message, now=now)
            chunks.put_back(session, chunk, changes, due_at=now, tries=max(chunk.tries - 1, 0))
        case Outcome.PERMANENT:
            chunks.reject(session, chunk, changes, code=code, message=error.message)
        case Outcome.SUSPECT if len(claim.phones) > 1:
            chunks.split(session, chunk, changes, due_at=now, code=code)
        case Outcome.SUSPECT:
            _one_suspect(session, chunk, error, changes, now)
        case Outcome.TRANSIENT:
            _later(session, chunk, error, changes, now)


def _one_suspect(session: Session, chunk: chunks.ChunkFacts, error: SmsError, changes: Changes, now: datetime) -> None:
    """The one recipient who is at fault. Only the provider's limit for a minute is worth waiting out, and never
    with a verification code, which would come too late."""
    waits = limit_window(error.message) == "minute" and chunk.kind is not MessageType.VERIFICATION
    if waits and chunk.tries < current_app.config["MAX_TRIES"]:
        chunks.put_back(session, chunk, changes, due_at=now + timedelta(seconds=60), code=error.code)
    else:
        chunks.reject(session, chunk, changes, code=error.code, message=error.message)


def _later(session: Session, chunk: chunks.ChunkFacts, error: SmsError, changes: Changes, now: datetime) -> None:
    """Back into the queue, later each time. What failed before it reached the provider is not held against it."""
    free = error.connection or error.code == _SLEPT
    if not free and chunk.tries >= current_app.config["MAX_TRIES"]:
        chunks.reject(session, chunk, changes, code=error.code, message=error.message)
        return
    pause = current_app.config["BACKOFF_SECONDS"] * 2 ** min(chunk.tries - 1, 8) * random.uniform(0.75, 1.25)
    if error.connection:
        pause = current_app.config["BACKOFF_SECONDS"]  # until the breaker has made up its mind
    elif free:
        pause = 0.0
    due_at = now + timedelta(seconds=max(pause, error.retry_after or 0.0))
    chunks.put_back(
        session,
        chunk,
        changes,
        due_at=due_at,
        code=error.code,
        tries=max(chunk.tries - 1, 0) if free else chunk.tries,
    )
