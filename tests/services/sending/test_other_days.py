"""Segments are held for the day a batch goes out, which is not always the day it was submitted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.extensions import db
from app.models.batches import Batch
from app.models.packages import Grant, Hold
from app.models.states import BatchState
from app.services.books import check_books
from app.services.sending.running import cancel_batch, pause_batch, resume_batch
from app.services.sending.submit import submit_batch
from tests.samples import FAR, NOON, Samples, phones

TODAY = date(2026, 11, 20)
EVENING = NOON + timedelta(hours=9)  # 21:00 in Shanghai
PROMOTION = {"content": "周末全场八折，欢迎到店选购。拒收请回复R", "code": "SMS_100004", "kind": MessageType.PROMOTION}


def the_state(batch_id: int) -> BatchState:
    db.session.rollback()
    db.session.expire_all()
    batch = db.session.get(Batch, batch_id)
    assert batch is not None
    return batch.state


def held_until() -> list[date]:
    query = db.select(Grant.valid_until).join(Hold).where(Hold.held > Hold.settled + Hold.released)
    return list(db.session.scalars(query))


def test_a_promotion_submitted_at_night_is_paid_by_a_grant_of_the_morning(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=100, until=TODAY)
    batch_id = samples.batch(customer.id, phones(20), submit=False, now=EVENING, **PROMOTION)
    with pytest.raises(Refused) as refusal:
        submit_batch(batch_id, by="test", now=EVENING)
    assert refusal.value.code == "balance"
    samples.grant(customer.id, 100, until=FAR)
    submit_batch(batch_id, by="test", now=EVENING)
    assert held_until() == [FAR]
    assert check_books() == []


def test_a_batch_that_goes_on_on_another_day_holds_anew(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=100, until=TODAY)
    batch_id = samples.batch(customer.id, phones(20), now=NOON)
    pause_batch(batch_id, by="test", now=NOON)
    tomorrow = NOON + timedelta(days=1)
    with pytest.raises(Refused) as refusal:
        resume_batch(batch_id, by="test", now=tomorrow)
    assert refusal.value.code == "balance"
    assert (the_state(batch_id), held_until()) == (BatchState.PAUSED, [TODAY])
    samples.grant(customer.id, 100, until=FAR)
    resume_batch(batch_id, by="test", now=tomorrow)
    assert (the_state(batch_id), held_until()) == (BatchState.QUEUED, [FAR])
    assert check_books() == []


def test_what_was_thrown_away_unsent_cannot_be_submitted(any_app: Flask, samples: Samples) -> None:
    batch_id = samples.batch(samples.customer(segments=100).id, phones(20), submit=False, now=NOON)
    cancel_batch(batch_id, by="test", now=NOON)
    with pytest.raises(Refused):
        submit_batch(batch_id, by="test", now=NOON)
    assert check_books() == []
