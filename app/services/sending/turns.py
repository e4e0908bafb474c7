"""Whose turn it is: codes, then single sends, then the bulk batch that has waited longest.

The statements are built once. Every call of every worker asks them, and building them took longer than their answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, exists, literal, literal_column, select

from app.models.access_keys import AccessKey, KeyState
from app.models.batches import Batch, Chunk
from app.models.settings import SiteSettings
from app.models.states import BatchState, ChunkState, Lane
from app.models.types import Moment
from app.services.restore import STILL_ALIVE
from app.services.sending.rules import with_standing

_now = bindparam("now", type_=Moment)
# States are written out: a partial index serves a statement whose plan is kept only where no value could turn it down.
_queued: Any = literal_column(f"'{ChunkState.QUEUED}'")
_running: Any = [literal_column(f"'{state}'") for state in (BatchState.QUEUED, BatchState.SENDING)]
_bulk: Any = literal_column(str(int(Lane.BULK)))
_open = (Chunk.state == _queued, Chunk.due_at.is_not(None), Chunk.due_at <= _now)

_OPEN_KEY = (
    select(
        AccessKey.id,
        AccessKey.key,
        AccessKey.secret,
        AccessKey.endpoint,
        AccessKey.token_endpoint,
        AccessKey.queue_endpoint,
        AccessKey.trouble,
        AccessKey.probe_at,
        AccessKey.failures,
        exists(select(literal(1)).where(*_open, Chunk.lane < _bulk)).label("fast_due"),
    )
    .outerjoin(SiteSettings, SiteSettings.id == 1)
    .where(
        AccessKey.state == KeyState.ACTIVE,
        SiteSettings.sending_stopped.is_not(True),
        SiteSettings.pulse_at.is_(None) | (SiteSettings.pulse_at > bindparam("alive_since", type_=Moment)),
    )
)

# The row alone is locked, by the simplest of plans; what is said about it is read by keys.
_NEXT = select(Chunk.id, Chunk.batch_id).where(*_open).with_for_update(skip_locked=True).limit(1)
_FAST = _NEXT.where(Chunk.lane.in_(bindparam("lanes", expanding=True))).order_by(Chunk.lane, Chunk.due_at)
_OF_BATCH = _NEXT.where(Chunk.batch_id == bindparam("batch_id")).order_by(Chunk.due_at, Chunk.id)
_FACTS = with_standing(
    select(
        bindparam("chunk_id", type_=BigInteger).label("chunk_id"),
        Batch.id,
        Batch.state,
        Batch.kind,
        Batch.personal,
        Batch.sign_name,
        Batch.template_code,
        Batch.content,
        Batch.variables,
        Batch.member_id,
    )
).where(Batch.id == bindparam("batch_id"))

# The longest unserved first: none of n batches gets more than its turn, 1/n.
_WAITING_LONGEST = (
    select(Batch.id)
    .where(
        Batch.lane == _bulk,
        Batch.state.in_(_running),
        exists(select(literal(1)).where(Chunk.batch_id == Batch.id, *_open)),
    )
    .order_by(Batch.last_call_at.asc().nulls_first(), Batch.id)
    .limit(3)
)


def open_key(connection: Connection, now: datetime) -> Any:
    """The active access key's row and, beside it, whether anything fast is due.

    None where there is no key, where all sending has been stopped, or where no clock has looked at this database for
    long: it may be one out of a back-up (services/restore.py).
    """
    return connection.execute(_OPEN_KEY, {"now": now, "alive_since": now - STILL_ALIVE}).first()


def next_chunk(connection: Connection, lanes: Sequence[Lane], now: datetime, *, fast_due: bool) -> Any:
    """The chunk whose turn it is, locked, with what decides whether it may go; None where nothing is due."""
    fast = [lane for lane in lanes if lane is not Lane.BULK]
    chunk = None
    if fast and fast_due:
        chunk = connection.execute(_FAST, {"lanes": fast, "now": now}).first()
    if chunk is None and Lane.BULK in lanes:
        for batch_id in connection.execute(_WAITING_LONGEST, {"now": now}).scalars().all():
            chunk = connection.execute(_OF_BATCH, {"batch_id": batch_id, "now": now}).first()
            if chunk is not None:
                break
    if chunk is None:
        return None
    return connection.execute(_FACTS, {"chunk_id": chunk.id, "batch_id": chunk.batch_id}).one()
