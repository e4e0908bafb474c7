"""How often a number may be sent to, however many ask at the same moment."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from flask import Flask
from sqlalchemy import select

from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.models.batches import Batch
from app.models.blacklist import SendCounter
from app.services.frequency import count_sends, refuse_over_limit, too_often
from app.services.work import current_session, unit_of_work
from tests.samples import NOON, Samples, phones
from tests.services.sending.crowd import at_once

CODE = {"kind": MessageType.VERIFICATION, "content": "您的验证码即将失效。", "code": "SMS_7"}


def count(batch_id: int, minutes: int = 0) -> bool:
    """Whether these sends were counted; asked first, as a submission does."""
    now = NOON + timedelta(minutes=minutes)
    try:
        with unit_of_work() as session:
            batch = session.get_one(Batch, batch_id)
            count_sends(session, batch, now=now)
            refuse_over_limit(session, batch, now=now)
    except Refused as refusal:
        assert refusal.code == "frequency" and phones(1)[0] in str(refusal)
        return False
    return True


def counted() -> set[int]:
    session = current_session()
    session.rollback()
    return set(session.scalars(select(SendCounter.sends)))


def test_of_those_who_ask_at_the_same_moment_one_sends(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=9)
    ids = [samples.batch(customer.id, phones(1), submit=False, now=NOON, **CODE) for _ in range(4)]
    for batch_id in ids:
        assert too_often(current_session(), current_session().get_one(Batch, batch_id), now=NOON) == []
    done = at_once(any_app, *[partial(count, batch_id) for batch_id in ids])
    assert sorted(done) == [False, False, False, True]
    assert counted() == {1}  # what was refused was not counted


def test_the_limits_are_as_before(any_app: Flask, samples: Samples) -> None:
    batch_id = samples.batch(samples.customer(segments=9).id, phones(1), submit=False, now=NOON, **CODE)
    assert [count(batch_id, minutes) for minutes in (0, 0, 1, 2, 3, 4, 5, 60)] == [
        True, False, True, True, True, True, False, True
    ]  # fmt: skip
    batch = current_session().get_one(Batch, batch_id)
    assert [bool(too_often(current_session(), batch, now=NOON + timedelta(minutes=m))) for m in (60, 61, 5)] == [
        True, False, True
    ]  # fmt: skip
