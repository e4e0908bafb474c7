"""A batch as its page tells it: how far, what the books say, why messages failed. Counters only, never a scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.gateways.aliyun import explain, explain_delivery
from app.models.batches import Batch
from app.models.packages import Hold
from app.models.states import BATCH_ENDED, BatchState, MessageState
from app.models.statistics import FailureCount
from app.models.types import utc_now
from app.services.overview import Span, spans_of
from app.services.work import current_session

FAILURES = 20  # lines shown; what is rarer is added up

SHOWN = (
    MessageState.DELIVERED,
    MessageState.ACCEPTED,
    MessageState.UNKNOWN,
    MessageState.FAILED,
    MessageState.EXPIRED,
    MessageState.CANCELLED,
    MessageState.QUEUED,
)


@dataclass(frozen=True)
class FailureLine:
    """A code, what it means and who must act, as msgids; `share` of the most frequent, in hundredths."""

    code: str
    meaning: str
    acts: str
    messages: int
    share: float


@dataclass(frozen=True)
class Story:
    state: BatchState
    total: int
    counts: dict[str, int]
    spans: tuple[Span, ...]
    held: int  # segments: held = settled + released + still held
    settled: int
    released: int
    failures: tuple[FailureLine, ...]
    rejected: int  # rows of the input that became no message
    rate: float  # messages handed over a second, since it began
    ends_at: datetime | None

    @property
    def handed(self) -> int:
        """Messages that have left the queue."""
        return self.total - self.counts["queued"] - self.counts["cancelled"]

    @property
    def percent(self) -> float:
        return round(100 * self.handed / self.total, 1) if self.total else 0.0

    @property
    def still_held(self) -> int:
        return self.held - self.settled - self.released

    @property
    def ended(self) -> bool:
        return self.state in BATCH_ENDED

    @property
    def moves(self) -> bool:
        """Whether it is worth asking again in two seconds."""
        return not self.ended and self.state not in (BatchState.DRAFT, BatchState.SCHEDULED, BatchState.PAUSED)


def batch_story(batch: Batch, *, now: datetime | None = None) -> Story:
    """Two statements: the holds, and the codes that ended messages."""
    now, session = now or utc_now(), current_session()
    counts = {state.value: getattr(batch, state.value) for state in SHOWN}
    hold = session.execute(
        select(func.sum(Hold.held), func.sum(Hold.settled), func.sum(Hold.released)).where(Hold.batch_id == batch.id)
    ).one()
    rows = session.execute(
        select(FailureCount.code, FailureCount.messages)
        .where(FailureCount.batch_id == batch.id, FailureCount.messages > 0)
        .order_by(FailureCount.messages.desc(), FailureCount.code)
        .limit(FAILURES)
    ).all()
    most = max((row.messages for row in rows), default=1)
    rate, ends_at = _pace(batch, counts, now)
    return Story(
        state=batch.state, total=batch.good, counts=counts, spans=spans_of(counts, batch.good),
        held=hold[0] or 0, settled=hold[1] or 0, released=hold[2] or 0,
        failures=tuple(_failure(row.code, row.messages, most) for row in rows),
        rejected=batch.repeated + batch.invalid + batch.blocked, rate=rate, ends_at=ends_at,
    )


def _failure(code: str, messages: int, most: int) -> FailureLine:
    # isv.…, isp.…: a call that was refused; the others are the carriers'
    known = explain(code) if "." in code else explain_delivery(code)
    return FailureLine(code, known.meaning, known.acts, messages, round(100 * messages / most, 2))


def _pace(batch: Batch, counts: dict[str, int], now: datetime) -> tuple[float, datetime | None]:
    """Messages a second since it began, and when the queue will be empty at that pace."""
    if batch.state is not BatchState.SENDING or batch.started_at is None:
        return 0.0, None
    seconds = (now - batch.started_at).total_seconds()
    handed = batch.good - counts["queued"] - counts["cancelled"]
    if seconds < 2 or handed <= 0 or not counts["queued"]:
        return 0.0, None
    rate = handed / seconds
    return rate, datetime.fromtimestamp(now.timestamp() + counts["queued"] / rate, now.tzinfo)
