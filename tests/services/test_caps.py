"""A member's quota: what the member's batches hold and used, never more than the limit when they submit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.extensions import db
from app.models.packages import Cap
from app.services import caps
from app.services.books import check_books
from app.services.sending.running import cancel_batch
from app.services.sending.submit import reschedule_batch, submit_batch
from tests.samples import NOON, FakeProvider, Samples, phones, rows, send_all


def cap_of(member_id: int) -> tuple[int, int, int]:
    """limit, used, held."""
    db.session.rollback()
    query = db.select(Cap.limit, Cap.used, Cap.held).where(Cap.member_id == member_id, Cap.kind == MessageType.NOTICE)
    row = db.session.execute(query).one()
    return row[0], row[1], row[2]


def set_cap(member_id: int, limit: int) -> None:
    caps.set_cap(member_id, kind=MessageType.NOTICE, limit=limit, by="test")


def refusal(service: Callable[..., Any], *args: Any, **more: Any) -> Refused:
    before = rows()
    with pytest.raises(Refused) as caught:
        service(*args, **more)
    assert rows() == before
    return caught.value


def test_a_cap_counts_what_was_held_before_it(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer(segments=100)
    member = samples.member(customer.id)
    samples.batch(customer.id, phones(20), member_id=member, now=NOON)
    send_all(NOON)
    samples.arrive([samples.receipt(provider.calls[0], phone) for phone in provider.calls[0].phones[:5]])
    samples.report(now=NOON)
    set_cap(member, 30)
    before = rows()
    set_cap(member, 30)
    assert rows() == before
    assert cap_of(member) == (30, 5, 15)
    third = samples.batch(customer.id, phones(11), member_id=member, submit=False, now=NOON)
    no = refusal(submit_batch, third, by="test", now=NOON)
    assert (no.code, no.reasons[0].values) == ("cap", {"needed": 11, "free": 10})
    set_cap(member, 31)
    submit_batch(third, by="test", now=NOON)
    assert cap_of(member) == (31, 5, 26)
    cancel_batch(third, by="test", now=NOON)
    samples.report(provider.calls[0], delivered=False, now=NOON)
    assert cap_of(member) == (31, 5, 0)
    assert check_books() == []


def test_a_cap_limits_its_own_member_and_type(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=100)
    member, other = samples.member(customer.id), samples.member(customer.id)
    set_cap(member, 1)
    samples.batch(customer.id, phones(5), member_id=other)
    samples.batch(customer.id, phones(5))
    code: dict[str, Any] = {
        "kind": MessageType.VERIFICATION,
        "content": "您的验证码已经准备好，请勿告诉别人。",
        "code": "SMS_2",
    }
    samples.batch(customer.id, phones(2), member_id=member, **code)
    with pytest.raises(Refused):
        samples.batch(customer.id, phones(2), member_id=member)
    assert cap_of(member) == (1, 0, 0)
    assert check_books() == []


def test_refusals(app: Flask, samples: Samples) -> None:
    member = samples.member(samples.customer().id)
    assert refusal(set_cap, member, -1).code == "limit"
    assert refusal(set_cap, 999, 1).code == "member"


def test_a_scheduled_batch_keeps_to_its_members_cap_when_moved(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=10)
    member = samples.member(customer.id)
    set_cap(member, 5)
    batch_id = samples.batch(customer.id, phones(5), member_id=member, submit=False, now=NOON)
    submit_batch(batch_id, by="test", at=NOON + timedelta(hours=1), now=NOON)
    reschedule_batch(batch_id, at=NOON + timedelta(days=1), by="test", now=NOON)
    assert cap_of(member) == (5, 0, 5)
    set_cap(member, 4)
    assert refusal(reschedule_batch, batch_id, at=NOON + timedelta(days=2), by="test", now=NOON).code == "cap"
    assert cap_of(member) == (4, 0, 5)
    assert check_books() == []
