"""What a move of messages does to everything that counts them: counters, holds, volumes, reasons (point 6).

A unit that moves messages gathers the moves in `Changes` and applies them once, at its end, in the order in which
all units lock: batches, then grants and caps, then volumes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, bindparam, case, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.models.batches import Batch
from app.models.customers import ChargeOn
from app.models.states import MESSAGE_MOVES, BatchState, MessageState
from app.models.statistics import DailyVolume, FailureCount
from app.models.types import Moment
from app.services.ledger import lock_payers, settle_and_release
from app.services.work import connection_of, insert_into

B = BatchState
M = MessageState
_ENDINGS = (M.DELIVERED, M.FAILED, M.EXPIRED)


@dataclass
class BatchChange:
    """What one unit does to one batch."""

    states: Counter[MessageState] = field(default_factory=Counter)
    settled: int = 0
    released: int = 0
    volumes: defaultdict[date, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    codes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Terms:
    """When a batch's messages are paid for."""

    charge_on: ChargeOn
    charge_expired: bool

    def money_of(self, old: MessageState, new: MessageState) -> str:
        """ "settle", "release" or "" for one message's move (sending.md, point 5)."""
        if self.charge_on is ChargeOn.HANDOVER:
            if new is M.ACCEPTED:
                return "settle"
            return "release" if new in MESSAGE_MOVES.final and old is not M.ACCEPTED else ""
        if new is M.DELIVERED or (new is M.EXPIRED and old is M.ACCEPTED and self.charge_expired):
            return "settle"
        return "release" if new in MESSAGE_MOVES.final else ""


class Changes:
    """The moves of one unit of work, by batch."""

    def __init__(self) -> None:
        self.batches: defaultdict[int, BatchChange] = defaultdict(BatchChange)

    def move(
        self,
        batch_id: int,
        terms: Terms,
        old: MessageState,
        new: MessageState,
        *,
        messages: int,
        segments: int,
        day: date | None = None,
        code: str = "",
    ) -> None:
        """`messages` of a batch, worth `segments`, go from `old` to `new`; `day` is that of their hand-over, if any."""
        if not messages:
            return
        MESSAGE_MOVES.check(old, new)
        change = self.batches[batch_id]
        change.states[old] -= messages
        change.states[new] += messages
        match terms.money_of(old, new):
            case "settle":
                change.settled += segments
            case "release":
                change.released += segments
        if day is not None and new is M.ACCEPTED:
            change.volumes[day].update(messages=messages, segments=segments)
        elif day is not None and new in _ENDINGS:
            change.volumes[day].update({new.value: messages, f"{new.value}_segments": segments})
        if new is M.FAILED:
            change.codes[code] += messages

    def apply(self, session: Session, *, by: str, now: datetime) -> None:
        volumes: dict[tuple[Any, ...], Counter[str]] = {}
        for batch_id in sorted(self.batches):
            change = self.batches[batch_id]
            owner = _count(session, batch_id, change.states, now)
            for day, figures in change.volumes.items():
                key = (day, *owner)
                volumes.setdefault(key, Counter()).update(figures)
        paid = [batch_id for batch_id, change in self.batches.items() if change.settled or change.released]
        lock_payers(session, sorted(paid))
        for batch_id in sorted(self.batches):
            change = self.batches[batch_id]
            settle_and_release(session, batch_id, settled=change.settled, released=change.released, by=by, now=now)
        for key in sorted(volumes):
            _add_volume(session, key, volumes[key])
        for batch_id in sorted(self.batches):
            _add_codes(session, batch_id, self.batches[batch_id].codes)


def _count(session: Session, batch_id: int, states: Counter[MessageState], now: datetime) -> tuple[Any, ...]:
    """Move a batch's counters and, where its last message has moved, its state, in one statement; tells whose it is:
    customer, signature, template and kind, as the volumes are kept."""
    moving = tuple(state for state in M if states[state])
    given = {"its_id": batch_id, "now": now} | {f"by_{state.value}": states[state] for state in moving}
    return tuple(connection_of(session).execute(_counting(moving), given).one())


@cache
def _counting(moving: tuple[MessageState, ...]) -> Any:
    table: Any = Batch.__table__
    after = {
        state: table.c[state.value] + bindparam(f"by_{state.value}", type_=Integer)
        if state in moving
        else table.c[state.value]
        for state in M
    }
    waiting = after[M.QUEUED] + after[M.UNKNOWN]
    open_ = waiting + after[M.ACCEPTED]
    ended = (
        (table.c.state == B.CANCELLING) & (open_ == 0),
        table.c.state.in_([B.SENDING, B.PAUSED, B.SENT]) & (open_ == 0),
    )
    return (
        update(table)
        .where(table.c.id == bindparam("its_id"))
        .values(
            {state.value: after[state] for state in moving}
            | {
                "state": case(
                    (ended[0], B.CANCELLED),
                    (ended[1], B.DONE),
                    (table.c.state.in_([B.SENDING, B.PAUSED]) & (waiting == 0), B.SENT),
                    else_=table.c.state,
                ),
                "ended_at": case((ended[0] | ended[1], bindparam("now", type_=Moment)), else_=table.c.ended_at),
            }
        )
        .returning(table.c.customer_id, table.c.signature_id, table.c.template_id, table.c.kind)
    )


def _add_volume(session: Session, key: tuple[Any, ...], figures: Counter[str]) -> None:
    day, customer_id, signature_id, template_id, kind = key
    names = dict(day=day, customer_id=customer_id, signature_id=signature_id, template_id=template_id)
    given = names | {"kind": kind} | {f"by_{name}": value for name, value in figures.items()}
    connection = connection_of(session)
    connection.execute(_adding(connection.dialect.name == "sqlite", tuple(sorted(figures))), given)


@cache
def _adding(on_sqlite: bool, figures: tuple[str, ...]) -> Any:
    table: Any = DailyVolume.__table__
    by = {name: bindparam(f"by_{name}", type_=Integer) for name in figures}
    zero = {column.name: 0 for column in table.c if isinstance(column.type, Integer) and not column.foreign_keys}
    statement = (sqlite if on_sqlite else postgresql).insert(table)
    return statement.values(zero | by).on_conflict_do_update(
        index_elements=["day", "customer_id", "signature_id", "template_id"],
        set_={name: table.c[name] + value for name, value in by.items()},
    )


def _add_codes(session: Session, batch_id: int, codes: Counter[str]) -> None:
    for code in sorted(codes):
        session.execute(
            insert_into(session, FailureCount)
            .values(batch_id=batch_id, code=code, messages=codes[code])
            .on_conflict_do_update(
                index_elements=["batch_id", "code"], set_={"messages": FailureCount.messages + codes[code]}
            )
        )
