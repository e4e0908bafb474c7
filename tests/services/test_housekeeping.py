"""What the clock looks after: old deliveries, the books, and rings for what is due."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select, text

from app.extensions import db
from app.models.inbox import RawReceipt
from app.models.types import utc_now
from app.services.books_watch import known_breaches, watch_books
from app.services.notices import open_notices
from app.services.retention import forget_raw_receipts
from app.services.sending.due import ring_what_is_due
from app.services.sending.receipts import apply_receipts
from app.services.work import current_session
from tests.samples import Samples, phones


def deliveries() -> int:
    session = current_session()
    count = session.scalar(select(func.count()).select_from(RawReceipt)) or 0
    session.rollback()
    return count


def test_deliveries_are_kept_35_days_and_never_forgotten_unapplied(any_app: Flask, samples: Samples) -> None:
    samples.arrive([{"phone_number": "13800000000", "success": True}])
    later = utc_now() + timedelta(days=36)
    assert forget_raw_receipts(now=later) == 0
    apply_receipts()
    assert forget_raw_receipts(now=utc_now() + timedelta(days=34)) == 0
    assert forget_raw_receipts(now=later) == 1
    assert forget_raw_receipts(now=later) == 0
    assert deliveries() == 0


def test_a_breach_is_told_once_and_cleared_when_it_is_gone(app: Flask, samples: Samples) -> None:
    samples.batch(samples.customer(segments=100).id, phones(12))
    assert watch_books() == 0

    def shift_counter(by: int) -> None:
        with db.engine.connect() as connection:
            connection.execute(text("UPDATE batches SET queued = queued + :by"), {"by": by})
            connection.commit()

    shift_counter(1)
    assert watch_books() == watch_books() == 1
    assert known_breaches(current_session()) == 1
    [notice] = open_notices(current_session())
    assert notice.times == 2 and notice.detail.startswith("1: rule 4")
    current_session().rollback()
    shift_counter(-1)
    assert watch_books() == 0
    assert known_breaches(current_session()) == 0


def test_only_lanes_with_something_due_are_rung_for(app: Flask, samples: Samples) -> None:
    rung: list[object] = []

    class Bell:
        def line(self, lane: int) -> None:
            rung.append(lane)

        def receipts(self) -> None:
            rung.append("receipts")

    app.extensions["bell"] = Bell()
    ring_what_is_due()
    assert rung == []
    customer = samples.customer(segments=100)
    samples.batch(customer.id, phones(12))
    samples.batch(customer.id, phones(1, 15_900_000_000))
    samples.arrive([{"phone_number": "13800000000"}])
    rung.clear()
    ring_what_is_due()
    assert rung == [1, 2, "receipts"]
    rung.clear()
    ring_what_is_due(now=utc_now() - timedelta(days=1))
    assert rung == ["receipts"]
