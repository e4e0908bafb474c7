"""Finding a thousand messages by call and phone, and writing their final states, each in one statement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.states import MessageState
from app.services.work import connection_of


class Verdict(NamedTuple):
    """The last state of one message; the caller has seen, under the chunk's lock, that it was still ACCEPTED."""

    message_id: int
    state: MessageState
    code: str
    reported_at: datetime | None


class Found(NamedTuple):
    """A message as a receipt sees it."""

    id: int
    chunk_id: int
    phone: str
    state: MessageState
    segments: int


# Text that is the same for any number of keys: a list of a thousand pairs took longer to compile than to answer.
_FIND_ON_SQLITE = (
    "SELECT m.id, m.chunk_id, m.phone, m.state, m.segments FROM json_each(?) AS v CROSS JOIN messages AS m "
    "ON m.chunk_id = json_extract(v.value, '$[0]') AND m.phone = json_extract(v.value, '$[1]')"
)
_FIND_ON_POSTGRESQL = text(
    "SELECT m.id, m.chunk_id, m.phone, m.state, m.segments "
    "FROM unnest(CAST(:chunks AS bigint[]), CAST(:phones AS text[])) AS v(chunk, phone) "
    "JOIN messages AS m ON m.chunk_id = v.chunk AND m.phone = v.phone"
)
# Below some 300,000 messages the planner would rather read them all, for each thousand receipts anew.
_BY_INDEX = text("SET LOCAL enable_seqscan = off")


def find_messages(session: Session, keys: Sequence[tuple[int, str]]) -> list[Found]:
    """The messages of these (chunk id, phone); those that do not exist are left out. Joins the caller's unit."""
    if not keys:
        return []
    connection = connection_of(session)
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(_FIND_ON_SQLITE, (json.dumps(keys),)).all()
    else:
        connection.execute(_BY_INDEX)
        given = {"chunks": [key[0] for key in keys], "phones": [key[1] for key in keys]}
        rows = connection.execute(_FIND_ON_POSTGRESQL, given).all()
    return [Found(row[0], row[1], row[2], _STATES[row[3]], row[4]) for row in rows]


_STATES = {state.value: state for state in MessageState}
_POSTGRESQL = text(
    "UPDATE messages SET state = v.state, code = v.code, reported_at = v.at "
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:codes AS text[]), CAST(:ats AS timestamptz[])) "
    "AS v(id, state, code, at) WHERE messages.id = v.id AND messages.state = 'accepted'"
)


def mark_messages(session: Session, verdicts: Sequence[Verdict], *, now: datetime) -> None:
    """Write the verdicts. Raises RuntimeError where a message had moved under the lock: the unit must not go on."""
    if not verdicts:
        return
    connection = connection_of(session)
    if connection.dialect.name == "sqlite":
        rows = [
            (verdict.state.value, verdict.code, _sqlite_moment(verdict.reported_at or now), verdict.message_id)
            for verdict in verdicts
        ]
        statement = "UPDATE messages SET state = ?, code = ?, reported_at = ? WHERE id = ? AND state = 'accepted'"
        done: Any = connection.exec_driver_sql(statement, rows)
    else:
        done = connection.execute(
            _POSTGRESQL,
            {
                "ids": [verdict.message_id for verdict in verdicts],
                "states": [verdict.state.value for verdict in verdicts],
                "codes": [verdict.code for verdict in verdicts],
                "ats": [verdict.reported_at or now for verdict in verdicts],
            },
        )
    if done.rowcount != len(verdicts):
        raise RuntimeError(f"{len(verdicts) - done.rowcount} messages moved under their chunk's lock")


@lru_cache(maxsize=1024)
def _sqlite_moment(moment: datetime) -> str:
    """As SQLAlchemy writes a moment on SQLite, so that both ways compare."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")  # strftime pads no year
