"""When a message is paid for, and on which day it counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models.customers import ChargeOn
from app.models.messages import Message
from app.models.states import BatchState, MessageState
from app.models.statistics import DailyVolume
from app.services.books import check_books
from app.services.sending.receipts import apply_receipts, expire_silent
from tests.samples import NOON, FakeProvider, Samples, phones, rows, send_all
from tests.services.sending.test_dispatch import batch
from tests.services.test_grants import figures


def volumes() -> dict[date, tuple[int, ...]]:
    """messages, segments, delivered, failed, expired by day."""
    db.session.rollback()
    names = ("messages", "segments", "delivered", "failed", "expired")
    query = db.select(DailyVolume.day, *(getattr(DailyVolume, name) for name in names))
    return {row[0]: tuple(row[1:]) for row in db.session.execute(query)}


@pytest.mark.parametrize("charge_on", ChargeOn)
@pytest.mark.parametrize("charge_expired", [False, True])
def test_what_is_charged(
    any_app: Flask, samples: Samples, provider: FakeProvider, charge_on: ChargeOn, charge_expired: bool
) -> None:
    samples.access_key()
    customer = samples.customer(segments=100, charge_on=charge_on, charge_expired=charge_expired)
    made = samples.batch(customer.id, phones(30), now=NOON)
    send_all(NOON)
    handover = charge_on is ChargeOn.HANDOVER
    assert figures(1) == ((100, 30, 0, 0) if handover else (100, 0, 30, 0))
    (call,) = provider.calls
    receipts = [samples.receipt(call, phone, delivered=index < 15) for index, phone in enumerate(call.phones[:20])]
    samples.arrive(receipts)
    apply_receipts(now=NOON)
    assert expire_silent(hours=72, now=NOON + timedelta(hours=72)) == 0
    assert expire_silent(hours=72, now=NOON + timedelta(hours=72, seconds=1)) == 1
    before = rows()
    assert expire_silent(hours=72, now=NOON + timedelta(hours=73)) == 0
    assert rows() == before
    used = 30 if handover else 25 if charge_expired else 15
    assert figures(1) == (100, used, 0, 0)
    found = batch(made)
    assert (found.state, found.delivered, found.failed, found.expired) == (BatchState.DONE, 15, 5, 10)
    assert volumes() == {date(2026, 11, 20): (30, 30, 15, 5, 10)}
    codes = set(db.session.scalars(db.select(Message.code).where(Message.state == MessageState.EXPIRED)))
    assert codes == {"silent"}
    # A receipt after the end is a difference at most.
    before = rows("raw_receipts", "differences", "notices")
    samples.report(call, now=NOON + timedelta(days=5))
    assert rows("raw_receipts", "differences", "notices") == before
    assert check_books() == []


def test_a_change_of_terms_does_not_reach_back(app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer(segments=100)
    samples.batch(customer.id, phones(20), now=NOON)
    db.session.execute(db.text("UPDATE customers SET charge_on = 'handover'"))
    db.session.commit()
    send_all(NOON)
    assert figures(1) == (100, 0, 20, 0)
    assert check_books() == []


def test_the_day_is_shanghais_day_of_the_hand_over(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer(segments=100)
    midnight = NOON.replace(hour=16)
    samples.batch(customer.id, phones(20), now=NOON)
    send_all(midnight - timedelta(seconds=1))
    samples.batch(customer.id, phones(11), now=NOON)
    send_all(midnight)
    samples.report(*provider.calls, now=midnight + timedelta(days=2))
    assert volumes() == {date(2026, 11, 20): (20, 20, 20, 0, 0), date(2026, 11, 21): (11, 11, 11, 0, 0)}
    assert check_books() == []


def test_long_texts_cost_their_segments(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer(segments=100)
    lines: list[Any] = [f"{phone},{'长' * (30 * (index % 2) + 1)}" for index, phone in enumerate(phones(10))]
    made = samples.batch(customer.id, lines, content="您好${name}，" + "话" * 50, now=NOON)
    assert batch(made).segments == 15
    send_all(NOON)
    (call,) = provider.calls
    samples.arrive([samples.receipt(call, call.phones[1], segments=2)])
    samples.arrive([samples.receipt(call, call.phones[3], segments=2, delivered=False)])
    apply_receipts(now=NOON)
    assert figures(1) == (100, 2, 11, 0)
    assert volumes() == {date(2026, 11, 20): (10, 15, 1, 1, 0)}
    assert check_books() == []
