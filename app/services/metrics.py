"""What Prometheus reads, taken from the database at each reading: right across processes and after any restart.

Every query is served by a small table or by an index of what is open; none touches messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.models.access_keys import AccessKey, KeyState, Trouble
from app.models.batches import Batch, Chunk
from app.models.inbox import RawKind, RawReceipt
from app.models.states import BATCH_ENDED, BatchState, Lane
from app.models.statistics import DailyVolume
from app.models.types import utc_now
from app.services.books_watch import known_breaches
from app.services.failures import failures_by_code
from app.services.notices import count_open
from app.services.work import current_session

# Written out, so that SQLite too sees that a partial index serves the query; a bound value would hide it.
_UNFINISHED = text("state NOT IN ('done', 'cancelled', 'refused')")
_DUE = text("state = 'queued' AND due_at IS NOT NULL")
_UNKNOWN = text("state = 'unknown'")
_NEW = text("state = 'new'")


def registry() -> CollectorRegistry:
    """A registry that holds the house's figures and nothing of the process."""
    found = CollectorRegistry(auto_describe=False)
    found.register(HouseCollector())
    return found


class HouseCollector(Collector):
    """Reads everything in one transaction. Needs an application's context."""

    def collect(self) -> Iterator[Metric]:
        session, now = current_session(), utc_now()
        yield from _line(session, now)
        yield from _totals(session)
        yield from _trouble(session)


def seconds_behind(session: Session, lane: Lane, now: datetime) -> float:
    """How long the oldest due chunk of the lane has been waiting; 0 where none is due."""
    due = session.scalar(
        select(Chunk.due_at).where(_DUE, Chunk.lane == lane).order_by(Chunk.due_at).limit(1))
    return max((now - due).total_seconds(), 0.0) if due is not None else 0.0


def _line(session: Session, now: datetime) -> Iterator[Metric]:
    open_batches = list(session.execute(
        select(Batch.state, Batch.lane, func.count(), func.sum(Batch.queued))
        .where(_UNFINISHED).group_by(Batch.state, Batch.lane)))
    queued = GaugeMetricFamily("posthouse_queued_messages", "Messages submitted and not handed over.", labels=["lane"])
    behind = GaugeMetricFamily("posthouse_oldest_due_seconds", "Wait of the oldest due chunk.", labels=["lane"])
    submitted = (BatchState.QUEUED, BatchState.SENDING, BatchState.PAUSED, BatchState.CANCELLING)
    for lane in Lane:
        waiting = sum(messages for state, found, _, messages in open_batches if found == lane and state in submitted)
        queued.add_metric([lane.name.lower()], waiting)
        behind.add_metric([lane.name.lower()], seconds_behind(session, lane, now))
    batches = GaugeMetricFamily("posthouse_batches", "Batches that have not ended.", labels=["state"])
    for state in BatchState:
        if state not in BATCH_ENDED:
            batches.add_metric([state.value], sum(count for found, _, count, _ in open_batches if found is state))
    yield from (queued, behind, batches)


def _totals(session: Session) -> Iterator[Metric]:
    outcomes = ("delivered", "failed", "expired")
    sums = [func.coalesce(func.sum(getattr(DailyVolume, name)), 0) for name in ("messages", *outcomes)]
    handed, *ended = session.execute(select(*sums)).one()
    yield CounterMetricFamily("posthouse_handed_over_messages", "Messages the provider took.", value=handed)
    receipts = CounterMetricFamily(
        "posthouse_receipts", "Messages handed over, by what became of them.", labels=["outcome"])
    for name, value in zip(outcomes, ended, strict=True):
        receipts.add_metric([name], value)
    yield receipts
    failures = CounterMetricFamily("posthouse_failures", "Messages that failed, by code.", labels=["code"])
    for code, messages in sorted(failures_by_code(session).items()):
        failures.add_metric([code], messages)
    yield failures


def _trouble(session: Session) -> Iterator[Metric]:
    raw = GaugeMetricFamily("posthouse_raw_receipts_waiting", "Deliveries stored and not applied.", labels=["kind"])
    arrived = session.execute(select(RawReceipt.kind, func.count()).where(_NEW).group_by(RawReceipt.kind))
    waiting: dict[RawKind, int] = {found: count for found, count in arrived}
    for kind in RawKind:
        raw.add_metric([kind.value], waiting.get(kind, 0))
    yield raw
    unknown = session.scalar(select(func.count()).select_from(Chunk).where(_UNKNOWN)) or 0
    yield GaugeMetricFamily("posthouse_unknown_chunks", "Calls whose outcome is not known yet.", value=unknown)
    found = session.scalar(select(AccessKey.trouble).where(AccessKey.state == KeyState.ACTIVE))
    trouble = GaugeMetricFamily("posthouse_access_key_trouble", "1 while nothing goes through.", labels=["kind"])
    for kind_of_trouble in (Trouble.ACCOUNT, Trouble.BREAKER):
        trouble.add_metric([kind_of_trouble.value], int(found is kind_of_trouble))
    yield trouble
    yield GaugeMetricFamily("posthouse_open_notices", "What the reseller has been told of.", value=count_open(session))
    yield GaugeMetricFamily(
        "posthouse_book_breaches", "Breaches found by the newest check of the books.", value=known_breaches(session))
