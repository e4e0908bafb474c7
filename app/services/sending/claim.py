"""The next chunk off the line: whose turn it is, whether it may still go, and the attempt written before the call."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import Connection, bindparam, case, func, insert, select, update
from sqlalchemy.orm import Session

from app.domain.errors import Refused
from app.domain.placeholders import find_names
from app.gateways.sms import Credentials
from app.models.access_keys import Trouble
from app.models.batches import Attempt, Batch, Chunk
from app.models.messages import Message
from app.models.states import BatchState, ChunkState, Lane, MessageState
from app.models.types import Moment
from app.services.access_keys import credentials_of, may_probe, suspend
from app.services.sending.chunks import cancel, lock_chunk
from app.services.sending.figures import Changes
from app.services.sending.rules import stops_dispatch
from app.services.sending.running import park_chunks, pause_in_unit
from app.services.sending.turns import next_chunk, open_key
from app.services.work import after_commit, connection_of, unit_of_work

B = BatchState
C = ChunkState


@dataclass(frozen=True)
class Claim:
    """One call that is ours to make: plain values only, for it is carried outside every transaction."""

    chunk_id: int
    batch_id: int
    attempt_id: int
    access_key_id: int
    credentials: Credentials = field(repr=False)
    out_id: str
    signature: str
    template_code: str
    phones: Sequence[str]
    variables: Sequence[Mapping[str, str]] | Mapping[str, str] | None
    called_at: datetime
    deadline: float  # of time.monotonic(): later than this the call is not begun any more
    probing: bool  # the key was in trouble, or near it: an answer must be noted


@dataclass(frozen=True)
class NotNow:
    """Nothing was claimed. `look_again`: something was put aside, so the next chunk may be claimed at once."""

    look_again: bool = False


def claim_chunk(lanes: Sequence[Lane], *, worker: str, now: datetime) -> Claim | NotNow:
    """Claim the next due chunk of `lanes` for one call; everything about it is committed before this returns."""
    with unit_of_work() as session:
        connection = connection_of(session)
        key = open_key(connection, now)
        if key is None:
            return NotNow()
        row = next_chunk(connection, lanes, now, fast_due=key.fast_due)
        if row is None:
            return NotNow()
        if not _may_go(session, row, now):
            return NotNow(look_again=True)
        if key.trouble is not Trouble.NONE and not may_probe(session, key, now=now):
            return NotNow()
        messages = connection.execute(_RECIPIENTS, {"chunk_id": row.chunk_id}).all()
        if not messages:
            _close_empty(session, row.chunk_id, now)
            return NotNow(look_again=True)
        try:
            credentials = credentials_of(key)
        except Refused as refusal:
            suspend(session, key.id, code="secret", message=str(refusal), now=now)
            return NotNow()
        out_id = secrets.token_hex(16)
        attempt_id = _take(connection, row, key.id, out_id, worker, now)
    lease = current_app.config["LEASE_SECONDS"]
    limit = current_app.config["PROVIDER_CONNECT_TIMEOUT"] + current_app.config["PROVIDER_READ_TIMEOUT"]
    return Claim(
        chunk_id=row.chunk_id,
        batch_id=row.id,
        attempt_id=attempt_id,
        access_key_id=key.id,
        credentials=credentials,
        out_id=out_id,
        signature=row.sign_name,
        template_code=row.template_code,
        phones=[message.phone for message in messages],
        variables=_variables(row, messages),
        called_at=now,
        deadline=time.monotonic() + lease - limit,
        probing=key.trouble is not Trouble.NONE or key.failures > 0,
    )


def _may_go(session: Session, row: Any, now: datetime) -> bool:
    """Look again at the last moment; a chunk that may not go is parked, and its batch paused with the reason."""
    if row.state is B.CANCELLING:
        changes = Changes()
        cancel(session, lock_chunk(session, row.chunk_id), changes)
        changes.apply(session, by="dispatch", now=now)
        return False
    if row.state not in (B.QUEUED, B.SENDING):
        _park(session, row.chunk_id)
        return False
    stop = stops_dispatch(session, row, now=now)
    if stop is None:
        return True
    _park(session, row.chunk_id)
    pause_in_unit(
        session,
        row.id,
        code=stop.reason.code,
        reason=str(stop.reason),
        by="dispatch",
        resume_at=stop.resume_at,
        now=now,
    )
    after_commit(lambda: park_chunks(row.id))
    return False


def _park(session: Session, chunk_id: int) -> None:
    session.execute(
        update(Chunk)
        .where(Chunk.id == chunk_id, Chunk.state == C.QUEUED)
        .values(due_at=None)
        .execution_options(synchronize_session=False)
    )


def _close_empty(session: Session, chunk_id: int, now: datetime) -> None:
    """Every recipient has a final state already: there is nobody left to send to."""
    changes = Changes()
    cancel(session, lock_chunk(session, chunk_id), changes)
    changes.apply(session, by="dispatch", now=now)


def _take(connection: Connection, row: Any, key_id: int, out_id: str, worker: str, now: datetime) -> int:
    lease = now + timedelta(seconds=current_app.config["LEASE_SECONDS"])
    taken = connection.execute(_TAKE, {"its_id": row.chunk_id, "lease_until": lease})
    if taken.rowcount != 1:
        raise RuntimeError(f"chunk {row.chunk_id} was claimed under its lock")
    attempt = {"chunk_id": row.chunk_id, "access_key_id": key_id, "out_id": out_id, "worker": worker, "started_at": now}
    attempt_id: int = connection.execute(_ATTEMPT, attempt).scalar_one()
    connection.execute(_SERVE, {"its_id": row.id, "now": now})
    return attempt_id


_chunks: Any = Chunk.__table__
_batches: Any = Batch.__table__
_attempts: Any = Attempt.__table__
_RECIPIENTS = (
    select(Message.phone, Message.variables)
    .where(Message.chunk_id == bindparam("chunk_id"), Message.state == MessageState.QUEUED)
    .order_by(Message.id)
)
_TAKE = (
    update(_chunks)
    .where(_chunks.c.id == bindparam("its_id"), _chunks.c.state == C.QUEUED)
    .values(state=C.SENDING, tries=_chunks.c.tries + 1)
)
_ATTEMPT = insert(_attempts).returning(_attempts.c.id)
# Whatever its state has become since: a batch that was paused just now has begun all the same.
_SERVE = (
    update(_batches)
    .where(_batches.c.id == bindparam("its_id"))
    .values(
        last_call_at=bindparam("now", type_=Moment),
        started_at=func.coalesce(_batches.c.started_at, bindparam("now", type_=Moment)),
        state=case((_batches.c.state == B.QUEUED, B.SENDING), else_=_batches.c.state),
    )
)


def _variables(row: Any, messages: Sequence[Any]) -> Sequence[Mapping[str, str]] | Mapping[str, str] | None:
    if not row.personal:
        shared: dict[str, str] | None = json.loads(row.variables) if row.variables else None
        return shared
    names = list(dict.fromkeys(find_names(row.content)))
    rows = json.loads(f"[{','.join(message.variables for message in messages)}]")  # all at once takes a quarter
    return [dict(zip(names, values, strict=True)) for values in rows]
