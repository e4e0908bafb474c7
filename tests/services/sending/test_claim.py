"""At the claim everything is looked at again, and each batch gets its turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask

from app.domain.message_types import MessageType
from app.extensions import db
from app.models.approvals import ApprovalState, Signature, Template
from app.models.states import BatchState, Lane
from app.services import caps
from app.services.approvals import move_approval
from app.services.books import check_books
from app.services.customers import freeze_customer, thaw_customer
from app.services.sending.running import resume_batch, resume_due_batches
from app.services.site import allow_sending, stop_sending
from app.services.work import unit_of_work
from tests.samples import NOON, FakeProvider, Samples, phones, rows, send_all, send_one
from tests.services.sending.test_dispatch import batch
from tests.services.test_grants import figures

PROMOTION: dict[str, Any] = {
    "content": "周年庆全场八折，欢迎光临。拒收请回复R",
    "kind": MessageType.PROMOTION,
    "code": "SMS_9",
}
CODE: dict[str, Any] = {
    "content": "您的验证码已经准备好，请勿告诉别人。",
    "kind": MessageType.VERIFICATION,
    "code": "SMS_2",
}


def member_row(member_id: int, what: str) -> None:
    db.session.rollback()
    with unit_of_work() as session:
        session.execute(db.text(f"UPDATE members SET {what} WHERE id = :id"), {"id": member_id})


def causes(customer_id: int, member_id: int) -> list[tuple[str, Callable[[], object], Callable[[], object]]]:
    """Code, what brings it about, what ends it."""

    def approve(subject: type[Signature] | type[Template]) -> None:
        with unit_of_work() as session:
            session.execute(db.update(subject).values(state=ApprovalState.APPROVED))

    def cap(limit: int) -> None:
        caps.set_cap(member_id, kind=MessageType.NOTICE, limit=limit, by="test")

    return [
        (
            "frozen",
            lambda: freeze_customer(customer_id, by="t", reason="x"),
            lambda: thaw_customer(customer_id, by="t"),
        ),
        ("member", lambda: member_row(member_id, "active = false"), lambda: member_row(member_id, "active = true")),
        ("right", lambda: member_row(member_id, "may_send = false"), lambda: member_row(member_id, "may_send = true")),
        ("signature", lambda: move_approval(Signature, 1, ApprovalState.REJECTED, by="t"), lambda: approve(Signature)),
        ("template", lambda: move_approval(Template, 1, ApprovalState.REVOKED, by="t"), lambda: approve(Template)),
        ("cap", lambda: cap(5), lambda: cap(50)),
    ]


def test_each_cause_pauses_with_its_reason_and_keeps_the_holds(
    any_app: Flask, samples: Samples, provider: FakeProvider
) -> None:
    samples.access_key()
    customer = samples.customer(segments=200)
    member = samples.member(customer.id)
    for code, begin, end in causes(customer.id, member):
        made = samples.batch(customer.id, phones(20), member_id=member, now=NOON)
        begin()
        held = figures(1)
        assert send_all(NOON) == 0, code
        found = batch(made)
        assert (found.state, found.pause_code, found.paused_by, found.resume_at) == (
            BatchState.PAUSED, code, "dispatch", None,
        )  # fmt: skip
        assert found.pause_reason and figures(1) == held
        assert resume_due_batches(now=NOON + timedelta(days=1)) == 0
        resume_batch(made, by="test", now=NOON)
        assert send_all(NOON) == 0  # looked at again, paused again
        assert batch(made).pause_code == code
        end()
        before = rows()
        assert send_all(NOON) == 0
        assert rows() == before
        resume_batch(made, by="test", now=NOON)
        assert (send_all(NOON), batch(made).state) == (1, BatchState.SENT)
        samples.report(provider.calls[-1], delivered=False, now=NOON)
        assert check_books() == []


def test_promotions_wait_for_the_morning_and_go_on_by_themselves(
    any_app: Flask, samples: Samples, provider: FakeProvider
) -> None:
    samples.access_key()
    customer = samples.customer(segments=100)
    night = NOON.replace(hour=12)  # 20:00 in Shanghai: closed
    made = samples.batch(customer.id, phones(20), now=night, **PROMOTION)
    other = samples.batch(customer.id, phones(20), now=night)
    assert send_all(night) == 1
    found = batch(made)
    assert (found.state, found.pause_code) == (BatchState.PAUSED, "hours")
    morning = found.resume_at
    assert morning == NOON.replace(day=21, hour=0)
    assert batch(other).state is BatchState.SENT
    assert resume_due_batches(now=morning - timedelta(seconds=1)) == 0
    assert resume_due_batches(now=morning) == 1
    assert send_all(morning) == 1
    assert batch(made).state is BatchState.SENT
    assert resume_due_batches(now=morning) == 0
    assert check_books() == []


def test_the_masters_switch(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    samples.batch(samples.customer(segments=100).id, phones(20), now=NOON)
    for switch in (stop_sending, allow_sending):
        assert provider.calls == []
        switch(by="test", reason="restored")
        before = rows()
        switch(by="test", reason="restored")
        assert rows() == before
        sent = send_all(NOON)
    assert sent == 1


def test_no_bulk_batch_takes_more_than_its_share(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    owner: dict[str, int] = {}
    sizes = (40, 20, 20, 20)
    for number, size in enumerate(sizes):
        numbers = phones(size * 100, 13_800_000_000 + number * 10_000)
        customer = samples.customer(segments=size * 100)
        made = samples.batch(
            customer.id, [f"{phone},甲" for phone in numbers], content="您好${name}，已发货。", now=NOON
        )
        owner |= dict.fromkeys(numbers, made)
    now = NOON
    for _ in range(82):
        now += timedelta(milliseconds=10)
        assert send_one(now) is not None
        if len(provider.calls) == 40:  # a code does not wait for them
            code = samples.batch(samples.customer(segments=1).id, ["13999999999"], now=now, **CODE)
            send_one(now + timedelta(milliseconds=1))
            assert provider.calls[-1].phones == ["13999999999"]
            assert batch(code).lane == Lane.CODE
    turns = [owner.get(call.phones[0]) for call in provider.calls]
    turns.remove(None)
    for start in range(0, 60):
        window = turns[start : start + 20]
        assert max(window.count(made) for made in set(window)) <= 20 * 2 / 4
    # A batch that comes late is not ahead of those that waited, nor behind all they still have.
    assert len(set(turns[:8])) == 4


def test_lanes(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer(segments=100)
    bulk = samples.batch(customer.id, phones(20), now=NOON)
    single = samples.batch(customer.id, phones(1, 13_900_000_000), now=NOON + timedelta(seconds=2))
    code = samples.batch(customer.id, phones(1, 13_900_000_000), now=NOON + timedelta(seconds=3), **CODE)
    later = NOON + timedelta(minutes=1)
    assert send_one(later, [Lane.CODE]) is not None
    assert send_one(later, [Lane.CODE]) is None
    assert (batch(code).accepted, batch(single).accepted, batch(bulk).accepted) == (1, 0, 0)
    assert send_one(later, [Lane.CODE, Lane.SINGLE]) is not None
    assert (batch(single).accepted, batch(bulk).accepted) == (1, 0)
    assert send_one(later, [Lane.BULK]) is not None
    assert batch(bulk).accepted == 20
