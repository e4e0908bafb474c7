"""Replies find the one they were meant for, or nobody; a refusal blocks wherever it may have been meant."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.message_types import MessageType
from app.extensions import db
from app.models.approvals import Signature
from app.models.batches import Chunk
from app.models.blacklist import BlockedNumber
from app.models.inbox import Difference, DifferenceKind, InboundMessage, RawKind, RawReceipt, RawState
from app.models.messages import Message
from app.services.sending.arrivals import store_arrivals
from app.services.sending.replies import apply_replies
from app.services.sending.submit import submit_batch
from app.services.work import unit_of_work
from tests.samples import NOON, FakeProvider, Samples, phones, rows, send_all
from tests.services.sending.crowd import at_once

PHONE = phones(1)[0]
PROMOTION: dict[str, Any] = {
    "content": "周年庆全场八折，欢迎光临。拒收请回复R", "kind": MessageType.PROMOTION, "code": "SMS_9",
}  # fmt: skip


def reply(content: str, **more: Any) -> dict[str, Any]:
    said = {"phone_number": PHONE, "content": content, "send_time": "2026-11-20 13:00:00", "dest_code": "1069",
            "sequence_id": 1234567890, "sign_name": ""}  # fmt: skip
    return said | more


def arrive(*replies: dict[str, Any]) -> None:
    for one in replies:
        store_arrivals(RawKind.REPLY, [json.dumps(one)], source="queue", now=NOON)
    while apply_replies(now=NOON + timedelta(hours=1)):
        pass


def inbox() -> list[tuple[int | None, int | None, str, bool]]:
    """customer, batch, content and whether it is a refusal."""
    db.session.rollback()
    columns = (InboundMessage.customer_id, InboundMessage.batch_id, InboundMessage.content, InboundMessage.is_refusal)
    return [tuple(row) for row in db.session.execute(db.select(*columns).order_by(InboundMessage.id))]  # type: ignore[misc]


def blocked() -> set[tuple[int | None, str]]:
    db.session.rollback()
    return {tuple(row) for row in db.session.execute(db.select(BlockedNumber.customer_id, BlockedNumber.phone))}  # type: ignore[misc]


def sent(samples: Samples, *, signature: str = "云顶云", now: Any = NOON, **wording: Any) -> tuple[int, int]:
    """A new customer and the batch that PHONE got from it."""
    customer = samples.customer(segments=5)
    made = samples.batch(customer.id, phones(3), now=now, submit=False, **wording)
    with unit_of_work() as session:
        session.execute(db.update(Signature).where(Signature.customer_id == customer.id).values(name=signature))
        session.execute(db.text("UPDATE batches SET sign_name = :name WHERE id = :id"), {"name": signature, "id": made})
    submit_batch(made, by="test", now=now)
    send_all(now)
    return customer.id, made


def copy_of(row: Any, **more: Any) -> Any:
    names = [column.name for column in type(row).__table__.columns if column.name != "id"]
    return type(row)(**({name: getattr(row, name) for name in names} | more))


@pytest.fixture
def key(any_app: Flask, samples: Samples) -> Flask:
    samples.access_key()
    return any_app


def test_a_reply_finds_its_customers_newest_batch(key: Flask, samples: Samples) -> None:
    customer_id, _ = sent(samples)
    newest = samples.batch(customer_id, [PHONE], now=NOON + timedelta(minutes=5))
    send_all(NOON + timedelta(minutes=5))
    arrive(reply("收到，谢谢"), reply("好", phone_number=f"+86{PHONE}"))
    assert inbox() == [(customer_id, newest, "收到，谢谢", False), (customer_id, newest, "好", False)]
    assert blocked() == set()


def test_the_same_reply_again_is_one(key: Flask, samples: Samples) -> None:
    sent(samples)
    one = reply("TD")
    arrive(one, one | {"sequence_id": 1.23456789e9}, one | {"sequence_id": "1234567890"}, one | {"sequence_id": None})
    assert [row[2] for row in inbox()] == ["TD"]
    before = rows("raw_receipts")
    arrive(one)
    assert rows("raw_receipts") == before
    arrive(reply("TD", send_time="2026-11-20 13:00:01"))
    assert len(inbox()) == 2


def test_if_more_than_one_is_possible_nobody_sees_it_and_all_are_blocked(key: Flask, samples: Samples) -> None:
    first, _ = sent(samples)
    second, _ = sent(samples)
    third, _ = sent(samples, signature="另一家")
    arrive(reply("你是谁", sign_name="云顶云"), reply("退订", sign_name="云顶云"))
    assert inbox() == [(None, None, "你是谁", False), (None, None, "退订", True)]
    assert blocked() == {(first, PHONE), (second, PHONE)}
    arrive(reply("T", sign_name="另一家"))
    assert inbox()[-1][0] == third
    assert blocked() == {(first, PHONE), (second, PHONE), (third, PHONE)}


def test_the_code_it_came_to_tells_the_signature(key: Flask, samples: Samples) -> None:
    sent(samples)
    second, batch_id = sent(samples, signature="另一家")
    arrive(reply("谁"))
    assert inbox() == [(None, None, "谁", False)]  # a code not seen before tells nothing
    with unit_of_work() as session:
        session.execute(db.update(Signature).where(Signature.name == "另一家").values(dest_code="1069"))
    arrive(reply("谁?"))
    assert inbox()[-1] == (second, batch_id, "谁?", False)


REFUSALS = [
    ("R", False, True), ("n", False, True), ("T", True, True), (" ＴＤ。", True, True), ("退订", True, True),
    ("回复R", False, False), ("TD吗", False, False), ("", False, False),
]  # fmt: skip


def test_what_is_a_refusal(app: Flask, samples: Samples) -> None:
    samples.access_key()
    wordings: list[dict[str, Any]] = [{}, PROMOTION]
    for content, *expected in REFUSALS:
        for wording, refuses in zip(wordings, expected, strict=True):
            name = f"客户{len(inbox())}"
            customer_id, _ = sent(samples, signature=name, **wording)
            arrive(reply(content, sign_name=name, send_time=f"2026-11-20 13:00:{len(inbox()):02}"))
            assert inbox()[-1][0::3] == (customer_id, refuses), content
            assert ((customer_id, PHONE) in blocked()) is refuses


def test_who_refused_is_not_sent_to_again(key: Flask, samples: Samples, provider: FakeProvider) -> None:
    customer_id, _ = sent(samples)
    arrive(reply("TD"), reply("TD", send_time="2026-11-20 13:05:00"))
    assert blocked() == {(customer_id, PHONE)}
    made = samples.batch(customer_id, phones(2), now=NOON)
    found = db.session.execute(db.text("SELECT good, blocked FROM batches WHERE id = :id"), {"id": made}).one()
    assert tuple(found) == (1, 1)


def test_a_reply_looks_back_seven_days(key: Flask, samples: Samples) -> None:
    sent(samples, now=NOON - timedelta(days=8))
    arrive(reply("TD"))
    assert inbox() == [(None, None, "TD", True)]
    assert blocked() == set()
    sent(samples, now=NOON + timedelta(hours=2))  # after the reply: it cannot be an answer to that
    arrive(reply("你好"))
    assert inbox()[-1][0] is None


def test_many_sends_by_one_customer_hide_no_other(key: Flask, samples: Samples) -> None:
    other, _ = sent(samples)
    first, batch_id = sent(samples)
    with unit_of_work() as session:  # sixty more of the same, as quick as the database makes them
        chunk = session.scalars(db.select(Chunk).where(Chunk.batch_id == batch_id)).one()
        message = session.scalars(db.select(Message).where(Message.chunk_id == chunk.id, Message.phone == PHONE)).one()
        for _ in range(60):
            more = copy_of(chunk)
            session.add(more)
            session.flush()
            session.add(copy_of(message, chunk_id=more.id))
    arrive(reply("TD"))
    assert inbox() == [(None, None, "TD", True)]
    assert blocked() == {(other, PHONE), (first, PHONE)}


def test_a_stranger_lands_on_the_desk(key: Flask, samples: Samples) -> None:
    sent(samples)
    arrive(reply("TD", phone_number="13700000000"), reply("hello", phone_number="10086"))
    assert [row[0] for row in inbox()] == [None, None]
    assert blocked() == set()


def test_an_odd_reply_does_not_hold_up_the_others(key: Flask, samples: Samples) -> None:
    customer_id, batch_id = sent(samples)
    arrive({"phone_number": PHONE}, reply("\ud83d\x00x"), {"content": "x"}, reply("好"), reply("x" * 5000))
    found = inbox()
    assert [row[0] for row in found] == [customer_id] * 3 and found[1] == (customer_id, batch_id, "好", False)
    kinds = db.session.scalars(db.select(Difference.kind)).all()
    assert kinds == [DifferenceKind.UNREADABLE] * 2
    assert set(db.session.scalars(db.select(RawReceipt.state))) == {RawState.APPLIED}


def test_many_appliers_store_a_reply_once(key: Flask, samples: Samples) -> None:
    sent(samples)
    for number in range(6):
        for _ in range(3):
            store_arrivals(RawKind.REPLY, [json.dumps(reply(f"第{number}"))], source="queue", now=NOON)
    at_once(key, *[lambda: [apply_replies(now=NOON, most=2) for _ in range(10)]] * 4)
    assert sorted(row[2] for row in inbox()) == [f"第{number}" for number in range(6)]
