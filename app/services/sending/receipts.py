"""Receipts become final states, in bulk, by (out_id or biz_id, phone) (point 5).

Repeated, late, early, shuffled and foreign ones change nothing twice: a message moves only out of ACCEPTED, and only
a message that moved is counted.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.gateways.aliyun import Unreadable, parse_receipt
from app.gateways.sms import Receipt
from app.models.batches import Attempt
from app.models.inbox import DifferenceKind, RawKind, RawReceipt, RawState
from app.models.states import AttemptState, ChunkState, MessageState
from app.models.types import storable, utc_now
from app.services.sending import chunks
from app.services.sending.differences import Differences
from app.services.sending.families import lock_families
from app.services.sending.figures import Changes
from app.services.sending.marks import Found, Verdict, find_messages, mark_messages
from app.services.sending.quarantine import apply_what_can_be
from app.services.work import unit_of_work

C = ChunkState
M = MessageState
_PERHAPS = (C.QUEUED, C.SENDING, C.UNKNOWN)
BULK = 1000  # receipts applied in one unit (speed.md)
_LONGEST_CODE = 80
_ASKED_AT_ONCE = 400  # out_ids in one question


def apply_receipts(*, now: datetime | None = None, most: int = BULK) -> int:
    """Apply what has been stored and not yet applied; returns how many receipts were looked at, 0 where none waits."""
    moment = now or utc_now()
    return apply_what_can_be(RawKind.RECEIPT, lambda raw_id: _apply_once(moment, most, raw_id), now=moment)


def _apply_once(now: datetime, most: int, raw_id: int | None = None) -> int:
    with unit_of_work() as session:
        raws = _waiting(session, most, raw_id)
        if not raws:
            return 0
        arrived: list[tuple[int, Receipt]] = []
        differences = Differences()
        for raw in raws:
            arrived += _read(raw, differences)
        changes = Changes()
        _apply(session, arrived, changes, differences, now)
        changes.apply(session, by="receipts", now=now)
        differences.store(session, now=now)
        session.execute(
            update(RawReceipt)
            .where(RawReceipt.id.in_([raw.id for raw in raws]))
            .values(state=RawState.APPLIED, applied_at=now)
            .execution_options(synchronize_session=False)
        )
    return max(len(arrived), 1)


def _waiting(session: Session, most: int, raw_id: int | None) -> list[Any]:
    """The oldest deliveries not yet applied, together about `most` receipts, or the one; nobody else has them."""
    query = (
        select(RawReceipt.id, RawReceipt.size)
        .where(RawReceipt.kind == RawKind.RECEIPT, RawReceipt.state == RawState.NEW)
        .order_by(RawReceipt.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    if raw_id is not None:
        query = query.where(RawReceipt.id == raw_id)
    taken: list[int] = []
    receipts = 0
    for row in session.execute(query):
        if taken and receipts + row.size > most:
            break
        taken.append(row.id)
        receipts += row.size
    # Bodies of those alone: of all that wait they would be read again and again.
    bodies = select(RawReceipt.id, RawReceipt.body).where(RawReceipt.id.in_(taken)).order_by(RawReceipt.id)
    return list(session.execute(bodies)) if taken else []


def _read(raw: Any, differences: Differences) -> Iterable[tuple[int, Receipt]]:
    for item in json.loads(raw.body):
        try:
            yield raw.id, parse_receipt(item)
        except Unreadable as error:
            differences.add(
                DifferenceKind.UNREADABLE,
                raw.id,
                str(item.get("out_id", "")),
                str(item.get("phone_number", "")),
                f"{error}"[:200],
            )


@dataclass
class _Call:
    """An attempt as the receipts see it: the chunk, and all chunks its recipients may have gone to since."""

    attempt_id: int
    started_at: datetime
    homes: list[chunks.ChunkFacts]
    receipts: list[tuple[int, Receipt]] = field(default_factory=list)


def _apply(
    session: Session, arrived: Sequence[tuple[int, Receipt]], changes: Changes, differences: Differences, now: datetime
) -> None:
    calls = _calls(session, arrived, differences)
    wanted: dict[tuple[int, str], tuple[int, Receipt]] = {}
    placed: list[tuple[list[int], int, Receipt]] = []
    for call in calls.values():
        homes = _accept_homes(session, call, changes)
        for raw_id, receipt in call.receipts:
            placed.append((homes, raw_id, receipt))
            for chunk_id in homes:
                _want(wanted, (chunk_id, receipt.phone), raw_id, receipt, differences)
    facts = {fact.id: fact for fact in chunks.lock_chunks(session, sorted({key[0] for key in wanted})).values()}
    verdicts: list[Verdict] = []
    known: set[tuple[int, str]] = set()
    moved: defaultdict[tuple[int, MessageState, str], list[int]] = defaultdict(list)  # their segments
    for row in find_messages(session, list(wanted)):
        known.add((row.chunk_id, row.phone))
        raw_id, receipt = wanted[row.chunk_id, row.phone]
        verdict = _judge(row, raw_id, receipt, differences)
        if verdict is not None:
            verdicts.append(verdict)
            moved[row.chunk_id, verdict.state, verdict.code].append(row.segments)
    mark_messages(session, verdicts, now=now)
    _note_moves(changes, facts, moved)
    for homes, raw_id, receipt in placed if len(known) < len(wanted) else ():
        if not any((home, receipt.phone) in known for home in homes):  # our call, and nobody it went to
            differences.add(DifferenceKind.FOREIGN, raw_id, receipt.out_id, receipt.phone, receipt.err_code)


def _note_moves(
    changes: Changes, facts: dict[int, chunks.ChunkFacts], moved: dict[tuple[int, MessageState, str], list[int]]
) -> None:
    for (chunk_id, new, code), segments in moved.items():
        chunk = facts[chunk_id]
        changes.move(
            chunk.batch_id,
            chunk.terms,
            M.ACCEPTED,
            new,
            messages=len(segments),
            segments=sum(segments),
            day=chunk.handed_on,
            code=code,
        )


def _calls(session: Session, arrived: Sequence[tuple[int, Receipt]], differences: Differences) -> dict[int, _Call]:
    """The calls that these receipts answer, their chunks locked; strangers' receipts are noted and left alone."""
    by_out_id = _attempts(session, Attempt.out_id, {receipt.out_id for _, receipt in arrived if receipt.out_id})
    rest = {receipt.biz_id for _, receipt in arrived if receipt.out_id not in by_out_id and receipt.biz_id}
    by_biz_id = _attempts(session, Attempt.biz_id, rest) if rest else {}
    found = {row.chunk_id for row in (*by_out_id.values(), *by_biz_id.values())}
    families = lock_families(session, found)
    calls: dict[int, _Call] = {}
    for raw_id, receipt in arrived:
        row = by_out_id.get(receipt.out_id) or by_biz_id.get(receipt.biz_id)
        if row is None:
            differences.add(DifferenceKind.FOREIGN, raw_id, receipt.out_id, receipt.phone, receipt.err_code)
            continue
        call = calls.setdefault(row.id, _Call(row.id, row.started_at, families[row.chunk_id]))
        call.receipts.append((raw_id, receipt))
    return calls


def _attempts(session: Session, column: Any, values: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    wanted = sorted(values)
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        part = wanted[start : start + _ASKED_AT_ONCE]
        query = select(column, Attempt.id, Attempt.chunk_id, Attempt.started_at).where(column.in_(part))
        found.update((row[0], row) for row in session.execute(query))
    return found


def _accept_homes(session: Session, call: _Call, changes: Changes) -> list[int]:
    """The chunks in which this call's recipients are now. A receipt proves that the call was accepted, whatever we
    thought of it; a chunk split since (after a later attempt) has its recipients in its halves."""
    if call.homes[0].state in _PERHAPS:
        session.execute(
            update(Attempt)
            .where(Attempt.id == call.attempt_id)
            .values(state=AttemptState.ACCEPTED, code="receipt")
            .execution_options(synchronize_session=False)
        )
    for home in call.homes:
        if home.state in _PERHAPS:
            chunks.accept(session, home, changes, called_at=call.started_at)
    return [home.id for home in call.homes]


def _want(
    wanted: dict[tuple[int, str], tuple[int, Receipt]],
    key: tuple[int, str],
    raw_id: int,
    receipt: Receipt,
    differences: Differences,
) -> None:
    """The first receipt for a recipient counts; another verdict in the same bulk is a difference like any later one."""
    known = wanted.setdefault(key, (raw_id, receipt))[1]
    if known.delivered is not receipt.delivered:
        differences.add(DifferenceKind.AFTER_FINAL, raw_id, receipt.out_id, receipt.phone, _said(receipt))


def _judge(row: Found, raw_id: int, receipt: Receipt, differences: Differences) -> Verdict | None:
    """What this receipt does to this message: a verdict, a difference, or nothing."""
    new = M.DELIVERED if receipt.delivered else M.FAILED
    if receipt.segments is not None and receipt.segments != row.segments:
        differences.add(
            DifferenceKind.SEGMENTS,
            raw_id,
            receipt.out_id,
            receipt.phone,
            f"{receipt.segments} ≠ {row.segments}",
            message_id=row.id,
        )
    if row.state is M.ACCEPTED:
        # Cut here and nowhere else: a code is a key of the failure counts too, and PostgreSQL takes no long key.
        return Verdict(row.id, new, storable(receipt.err_code)[:_LONGEST_CODE], receipt.reported_at)
    if row.state is not new:
        differences.add(
            DifferenceKind.AFTER_FINAL, raw_id, receipt.out_id, receipt.phone, _said(receipt), message_id=row.id
        )
    return None


def _said(receipt: Receipt) -> str:
    return f"{'delivered' if receipt.delivered else 'failed'} {receipt.err_code}"[:200]


def expire_silent(*, hours: float, now: datetime | None = None, most: int = 20) -> int:
    """End what nobody has reported on for `hours`: EXPIRED, released unless the terms say otherwise."""
    now = now or utc_now()
    cutoff = now - timedelta(hours=hours)
    with unit_of_work() as session:
        silent = chunks.silent_since(session, cutoff, most)
        changes = Changes()
        for chunk in chunks.lock_chunks(session, silent).values():
            if chunk.state is C.UNKNOWN:
                chunks.expire(session, chunk, changes, code="unknown")
            elif chunk.state is C.ACCEPTED:
                chunks.expire_accepted(session, chunk, changes)
        changes.apply(session, by="clock", now=now)
    return len(silent)
