"""Rules 3 and 4: holds, counters and volumes are what the messages say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from app.models.batches import Batch, Chunk
from app.models.customers import ChargeOn
from app.models.messages import Message
from app.models.packages import EntryKind, Hold, LedgerEntry
from app.models.states import BATCH_ENDED, MessageState
from app.models.statistics import DailyVolume
from app.services.books.breach import Breach, sum_of

K = EntryKind
M = MessageState

Tally = dict[Any, Any]
"""(batch, day of hand-over, state) → (messages, segments)"""


def tally_of(connection: Connection) -> Tally:
    """One pass over the messages: by batch, by day of hand-over and by state, messages and segments."""
    rows = connection.execute(
        select(
            Chunk.batch_id, Chunk.handed_on, Message.state, func.count(), func.coalesce(func.sum(Message.segments), 0)
        )
        .select_from(Message)
        .outerjoin(Chunk, Chunk.id == Message.chunk_id)
        .group_by(Chunk.batch_id, Chunk.handed_on, Message.state)
    )
    return {(batch, day, state): (messages, segments) for batch, day, state, messages, segments in rows}


def holds(connection: Connection, tally: Tally) -> Iterator[Breach]:
    """Rule 3: nothing stays held by a batch that ended, and what was settled is what its terms charge."""
    entered = (
        select(
            LedgerEntry.hold_id,
            sum_of((K.HOLD, 1)).label("held"),
            sum_of((K.SETTLE, 1)).label("settled"),
            sum_of((K.RELEASE, 1)).label("released"),
        )
        .where(LedgerEntry.hold_id.is_not(None))
        .group_by(LedgerEntry.hold_id)
        .subquery()
    )
    held: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in connection.execute(
        select(
            Hold.id,
            Hold.batch_id,
            Hold.held,
            Hold.settled,
            Hold.released,
            Batch.state,
            entered.c.held,
            entered.c.settled,
            entered.c.released,
        )
        .join(Batch, Batch.id == Hold.batch_id)
        .outerjoin(entered, entered.c.hold_id == Hold.id)
    ):
        if tuple(row[2:5]) != tuple(value or 0 for value in row[6:9]):
            yield Breach(3, f"hold {row[0]}", f"{tuple(row[6:9])} by its entries", f"{tuple(row[2:5])}")
        if row.state in BATCH_ENDED and row[2] != row[3] + row[4]:
            yield Breach(
                3,
                f"hold {row[0]} of ended batch {row.batch_id}",
                f"{row[2]} settled or released",
                f"{row[3]} + {row[4]}",
            )
        held[row.batch_id] = [a + b for a, b in zip(held[row.batch_id], row[2:5], strict=True)]
    yield from _charges(connection, tally, held)


def _charges(connection: Connection, tally: Tally, held: Mapping[int, Sequence[int]]) -> Iterator[Breach]:
    settled: dict[int, int] = defaultdict(int)
    waiting: dict[int, int] = defaultdict(int)
    columns = (Batch.id, Batch.charge_on, Batch.charge_expired, Batch.submitted_at)
    terms = {row.id: row for row in connection.execute(select(*columns))}
    for (batch, day, state), (_, segments) in tally.items():
        # A batch never submitted holds nothing; one that was and has no hold at all is held to nothing it sends.
        if batch is None or (batch not in held and terms[batch].submitted_at is None):
            continue
        charged = _is_charged(terms[batch], day is not None, state)
        settled[batch] += segments if charged else 0
        waiting[batch] += segments if not charged and state in (M.QUEUED, M.UNKNOWN, M.ACCEPTED) else 0
    for batch in sorted(held.keys() | settled.keys()):
        kept, paid, freed = held.get(batch, (0, 0, 0))
        if paid != settled[batch]:
            yield Breach(3, f"batch {batch}, settled", f"{settled[batch]} by its messages", str(paid))
        if kept - paid - freed != waiting[batch]:
            yield Breach(3, f"batch {batch}, held", f"{waiting[batch]} by its messages", str(kept - paid - freed))


def _is_charged(terms: Any, handed: bool, state: MessageState) -> bool:
    if terms.charge_on is ChargeOn.HANDOVER:
        return handed
    return state is M.DELIVERED or (state is M.EXPIRED and handed and terms.charge_expired)


def counters(connection: Connection, tally: Tally) -> Iterator[Breach]:
    """Rule 4, first half: a batch's counters are its messages by state."""
    counted: dict[tuple[int, str], int] = defaultdict(int)
    for (batch, _, state), (messages, _) in tally.items():
        if batch is None:
            yield Breach(4, "messages without a chunk", "0", str(messages))
        else:
            counted[batch, state.value] += messages
    columns = [getattr(Batch, state.value).label(state.value) for state in M]
    for row in connection.execute(select(Batch.id, Batch.good, *columns)):
        for state in M:
            expected, found = counted[row.id, state.value], getattr(row, state.value)
            if expected != found:
                yield Breach(4, f"batch {row.id}, {state.value}", f"{expected} messages", str(found))


def volumes(connection: Connection, tally: Tally) -> Iterator[Breach]:
    """Rule 4, second half: a day's volumes are the messages handed over on that day."""
    owner = {
        row.id: (row.customer_id, row.signature_id, row.template_id)
        for row in connection.execute(select(Batch.id, Batch.customer_id, Batch.signature_id, Batch.template_id))
    }
    figures = (
        "messages",
        "segments",
        "delivered",
        "delivered_segments",
        "failed",
        "failed_segments",
        "expired",
        "expired_segments",
    )
    expected: dict[Any, dict[str, int]] = defaultdict(lambda: dict.fromkeys(figures, 0))
    for (batch, day, state), (messages, segments) in tally.items():
        if batch is None or day is None:
            continue
        line = expected[(day, *owner[batch])]
        line["messages"] += messages
        line["segments"] += segments
        if state in (M.DELIVERED, M.FAILED, M.EXPIRED):
            line[state.value] += messages
            line[f"{state.value}_segments"] += segments
    table = DailyVolume.__table__
    found = {
        (row.day, row.customer_id, row.signature_id, row.template_id): row for row in connection.execute(select(table))
    }
    for key in expected.keys() | found.keys():
        for name in figures:
            left, right = expected[key][name], getattr(found.get(key), name, 0)
            if left != right:
                yield Breach(
                    4, f"volumes of {key[0]}, customer {key[1]}, {name}", f"{left} by the messages", str(right)
                )
