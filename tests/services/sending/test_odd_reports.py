"""Reports that nobody expects: each is dealt with, and none holds up the ones behind it."""

from __future__ import annotations

import json
import random
import string
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

import config
from app.models.inbox import Difference, InboundMessage, RawKind, RawReceipt, RawState
from app.models.messages import Message
from app.models.settings import Notice
from app.models.states import MessageState
from app.models.statistics import FailureCount
from app.services.books import check_books
from app.services.sending.arrivals import store_arrivals
from app.services.sending.marks import _sqlite_moment
from app.services.sending.receipts import apply_receipts
from app.services.sending.replies import apply_replies
from app.services.work import current_session
from tests.samples import NOON, FakeCall, FakeProvider, Samples, phones, send_all


@pytest.fixture
def call(any_app: Flask, samples: Samples, provider: FakeProvider) -> FakeCall:
    """A call that was accepted, of two numbers."""
    samples.access_key()
    samples.batch(samples.customer(segments=100).id, phones(2), now=NOON)
    send_all(NOON)
    return provider.calls[0]


def apply_all() -> None:
    while apply_receipts(now=NOON):
        pass
    assert check_books() == []


def all_of(query: Any) -> list[Any]:
    session = current_session()
    session.rollback()
    return list(session.scalars(query))


@pytest.mark.parametrize("moment", ["0001-01-01 08:00:00", "9999-12-31 23:59:59", "1999-12-31 23:59:59"])
def test_a_moment_that_cannot_be(any_app: Flask, call: FakeCall, samples: Samples, moment: str) -> None:
    for content, sent in (("收到", moment), ("好", "2026-11-20 13:00:00")):
        said = {"phone_number": call.phones[0], "content": content, "send_time": sent, "dest_code": "1"}
        store_arrivals(RawKind.REPLY, [json.dumps(said)], source="push", now=NOON)
    while apply_replies(now=NOON):
        pass
    assert len(set(all_of(select(InboundMessage.customer_id)))) == 1
    assert all_of(select(InboundMessage.sent_at).order_by(InboundMessage.id)) == [
        None, datetime(2026, 11, 20, 5, tzinfo=UTC)
    ]  # fmt: skip
    samples.arrive([samples.receipt(call, phone) | {"report_time": moment} for phone in call.phones])
    apply_all()
    assert all_of(select(Message.reported_at)) == [NOON] * 2


def test_a_year_is_written_with_four_digits() -> None:
    assert _sqlite_moment(datetime(1, 1, 2, tzinfo=UTC)) == "0001-01-02 00:00:00.000000"


def test_a_code_of_any_length_is_cut_once(call: FakeCall, samples: Samples) -> None:
    code = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=6000))
    samples.arrive([samples.receipt(call, phone, delivered=False, code=code) for phone in call.phones])
    apply_all()
    assert all_of(select(Message.state)) == [MessageState.FAILED] * 2
    assert all_of(select(Message.code).distinct()) == all_of(select(FailureCount.code)) == [code[:80]]


def test_what_is_no_report_is_kept_apart_from_those_beside_it(call: FakeCall, samples: Samples) -> None:
    good = [samples.receipt(call, phone) for phone in call.phones]
    body = json.dumps([None, good[0], [good[1]], good[1], "x"])
    assert store_arrivals(RawKind.RECEIPT, [body], source="push", now=NOON) == 2
    apply_all()
    assert all_of(select(Message.state)) == [MessageState.DELIVERED] * 2
    (odd,) = all_of(select(RawReceipt).where(RawReceipt.state == RawState.UNREADABLE))
    assert json.loads(odd.body) == [None, [good[1]], "x"]
    assert odd.note == "not a report but NoneType, list, str (3 elements)"
    assert all_of(select(Notice.key)) == ["unreadable-report"]


@pytest.mark.parametrize("depth", [10, 500, 900, 100_000])
def test_no_depth_holds_anything_up(any_app: Flask, call: FakeCall, samples: Samples, depth: int) -> None:
    deep = json.dumps(samples.receipt(call, call.phones[0]))[:-1] + ', "a": ' + "[" * depth + "]" * depth + "}"
    plain = json.dumps(samples.receipt(call, call.phones[1]))
    bodies = [deep, plain] if depth > 5000 else [f"[{deep}, {plain}]"]  # so deep a body is no JSON to us
    store_arrivals(RawKind.RECEIPT, bodies, source="queue", now=NOON)
    apply_all()
    states = all_of(select(Message.state).order_by(Message.id))
    assert states[1] is MessageState.DELIVERED
    assert (states[0] is MessageState.DELIVERED) is (depth == 10)
    assert all_of(select(Notice.key)) == ([] if depth == 10 else ["unreadable-report"])


@pytest.mark.parametrize("before", ["86", "+86", "0086", " "])
def test_a_number_written_with_its_country_is_ours(call: FakeCall, samples: Samples, before: str) -> None:
    samples.arrive([samples.receipt(call, before + phone) for phone in call.phones])
    apply_all()
    assert all_of(select(Message.state)) == [MessageState.DELIVERED] * 2
    assert all_of(select(Difference.id)) == []


def test_an_error_of_the_database_names_nobody(any_app: Flask) -> None:
    with pytest.raises(DBAPIError) as caught:
        current_session().execute(text("SELECT :phone FROM nowhere"), {"phone": "13800138000"})
    assert "13800138000" not in str(caught.value)
    for url in ("sqlite://", "sqlite:///x.db", "postgresql+psycopg://x/y"):
        assert config.engine_options(url, 1)["hide_parameters"] is True
