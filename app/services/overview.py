"""The line at a glance: the newest batches, what is held for them, and what the reseller has been told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.clock import shanghai_day
from app.models.access_keys import Trouble
from app.models.batches import Batch
from app.models.customers import Customer
from app.models.packages import Hold
from app.models.settings import SiteSettings
from app.models.states import BatchState, Lane, MessageState
from app.models.statistics import DailyVolume
from app.models.types import utc_now
from app.services import books_watch
from app.services.access_keys import active_access_key
from app.services.metrics import seconds_behind
from app.services.notices import open_notices
from app.services.work import current_session

NEWEST = 20
# The order of the bar, from what is settled to what has not begun.
BAR = (
    MessageState.DELIVERED,
    MessageState.ACCEPTED,
    MessageState.UNKNOWN,
    MessageState.FAILED,
    MessageState.EXPIRED,
    MessageState.CANCELLED,
)
_RUNNING = (BatchState.QUEUED, BatchState.SENDING)
WAITING = "waiting"  # for the provider: shown in place of a running batch's state while the key is in trouble
_UNDER_WAY = (*_RUNNING, WAITING, BatchState.PAUSED, BatchState.CANCELLING)


@dataclass(frozen=True)
class Span:
    """A piece of a bar, in hundredths of its length."""

    state: str
    start: float
    width: float


@dataclass(frozen=True)
class BatchLine:
    id: int
    customer: str
    name: str  # its subject, or the signature it goes out under
    state: str  # a batch's, or WAITING
    paused_because: str
    created_at: datetime
    messages: int
    final: int
    counts: dict[str, int]  # messages by state, those there are
    spans: tuple[Span, ...]
    held: int  # segments
    settled: int
    released: int

    @property
    def still_held(self) -> int:
        return self.held - self.settled - self.released


@dataclass(frozen=True)
class NoticeLine:
    kind: str
    detail: str
    times: int
    raised_at: datetime


@dataclass(frozen=True)
class Overview:
    batches: tuple[BatchLine, ...]
    notices: tuple[NoticeLine, ...]
    waiting: int  # messages of the batches shown that are not handed over
    handed_today: int
    delivered_today: int
    failed_today: int
    behind_seconds: float
    breaches: int
    stopped: bool
    read_at: datetime


def line_overview(*, now: datetime | None = None) -> Overview:
    """Everything the first page shows, as plain values; a handful of queries on indexes, good for every two seconds."""
    now, session = now or utc_now(), current_session()
    batches = tuple(_batches(session, in_trouble(session)))
    today = session.execute(
        select(func.sum(DailyVolume.messages), func.sum(DailyVolume.delivered), func.sum(DailyVolume.failed)).where(
            DailyVolume.day == shanghai_day(now)
        )
    ).one()
    return Overview(
        batches=batches,
        notices=tuple(
            NoticeLine(notice.kind, notice.detail, notice.times, notice.raised_at)
            for notice in open_notices(session)
            if notice.key != books_watch.KEY
        ),
        waiting=sum(batch.counts.get(MessageState.QUEUED, 0) for batch in batches if batch.state in _UNDER_WAY),
        handed_today=today[0] or 0,
        delivered_today=today[1] or 0,
        failed_today=today[2] or 0,
        behind_seconds=max(seconds_behind(session, lane, now) for lane in Lane),
        breaches=books_watch.known_breaches(session),
        stopped=bool(session.scalar(select(SiteSettings.sending_stopped))),
        read_at=now,
    )


def in_trouble(session: Session) -> bool:
    """Whether the access key that everything goes through is suspended: what runs waits for the provider."""
    key = active_access_key(session)
    return key is not None and key.trouble is not Trouble.NONE


def _batches(session: Session, waits: bool) -> Iterator[BatchLine]:
    rows = list(
        session.execute(
            select(Batch, Customer.name)
            .join(Customer, Customer.id == Batch.customer_id)
            .order_by(Batch.id.desc())
            .limit(NEWEST)
        )
    )
    sums = {
        row.batch_id: row
        for row in session.execute(
            select(
                Hold.batch_id,
                func.sum(Hold.held).label("held"),
                func.sum(Hold.settled).label("settled"),
                func.sum(Hold.released).label("released"),
            )
            .where(Hold.batch_id.in_([batch.id for batch, _ in rows]))
            .group_by(Hold.batch_id)
        )
    }
    for batch, customer in rows:
        counts = {state.value: getattr(batch, state.value) for state in (*BAR, MessageState.QUEUED)}
        hold = sums.get(batch.id)
        yield BatchLine(
            id=batch.id,
            customer=customer,
            name=batch.subject or batch.sign_name,
            state=WAITING if waits and batch.state in _RUNNING else batch.state.value,
            paused_because=batch.pause_reason if batch.state is BatchState.PAUSED else "",
            created_at=batch.created_at,
            messages=batch.good,
            final=batch.final,
            counts={state: count for state, count in counts.items() if count},
            spans=spans_of(counts, batch.good),
            held=hold.held if hold else 0,
            settled=hold.settled if hold else 0,
            released=hold.released if hold else 0,
        )


def spans_of(counts: dict[str, int], messages: int) -> tuple[Span, ...]:
    """The pieces of a batch's bar; what has not begun is the bar's own ground."""
    spans: list[Span] = []
    start = 0.0
    for state in BAR:
        if messages and counts[state.value]:
            width = 100 * counts[state.value] / messages
            spans.append(Span(state.value, round(start, 3), round(width, 3)))
            start += width
    return tuple(spans)
