"""What cannot be applied is set aside alone; all that came before, with and after it is applied."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from app.jobs import arrivals as jobs
from app.models.inbox import InboundMessage, RawKind, RawReceipt, RawState
from app.models.messages import Message
from app.models.settings import Notice
from app.models.states import MessageState
from app.services.books import check_books
from app.services.sending import receipts, replies
from app.services.sending.arrivals import store_arrivals
from app.services.sending.receipts import apply_receipts
from app.services.sending.replies import apply_replies
from app.services.work import current_session
from tests.samples import NOON, FakeCall, FakeProvider, Samples, phones, send_all

BAD = "POISON"


@pytest.fixture
def call(any_app: Flask, samples: Samples, provider: FakeProvider) -> FakeCall:
    """A call that was accepted, of twelve numbers."""
    samples.access_key()
    samples.batch(samples.customer(segments=100).id, phones(12), now=NOON)
    send_all(NOON)
    return provider.calls[0]


def all_of(query: Any) -> list[Any]:
    session = current_session()
    session.rollback()
    return list(session.scalars(query))


def apply_all(apply: Callable[..., int]) -> None:
    for _ in range(50):
        if not apply(now=NOON):
            return
    raise AssertionError("it never ends")


def in_the_database(*_: Any) -> None:
    """Fails as a value fails that only the database looks at."""
    kind = current_session().get_bind().dialect.name
    current_session().execute(text("SELECT json('x')" if kind == "sqlite" else "SELECT CAST('x' AS integer)"))


def in_python(*_: Any) -> None:
    raise ZeroDivisionError("\0 nobody thought of this " + "x" * 1000)


@pytest.fixture(params=[in_python, in_the_database])
def poison(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Receipts with the code BAD and replies with the content BAD cannot be applied."""
    for module, name, field in ((receipts, "parse_receipt", "err_code"), (replies, "parse_reply", "content")):
        real = getattr(module, name)

        def parse(item: Any, real: Any = real, field: str = field) -> Any:
            if item.get(field) == BAD:
                request.param()
            return real(item)

        monkeypatch.setattr(module, name, parse)


def test_one_receipt_that_fails_is_the_only_one_set_aside(call: FakeCall, samples: Samples, poison: None) -> None:
    good = [samples.receipt(call, phone) for phone in call.phones]
    samples.arrive(good[:3])
    samples.arrive([*good[3:6], samples.receipt(call, call.phones[0], code=BAD), *good[6:9]])
    samples.arrive([samples.receipt(call, call.phones[0], code=BAD)])
    samples.arrive(good[9:])
    apply_all(apply_receipts)
    assert all_of(select(Message.state)) == [MessageState.DELIVERED] * 12
    aside = all_of(select(RawReceipt).where(RawReceipt.state == RawState.UNREADABLE))
    assert [json.loads(raw.body)[0]["err_code"] for raw in aside] == [BAD] * 2
    assert all(raw.note and len(raw.note) <= 300 and raw.source == "push" for raw in aside)
    broken = all_of(select(RawReceipt.note).where(RawReceipt.state == RawState.APPLIED, RawReceipt.size == 7))
    assert len(broken) == 1 and broken[0].startswith("broken up into 7: ")
    assert not all_of(select(RawReceipt.id).where(RawReceipt.state == RawState.NEW))
    notices = all_of(select(Notice).where(Notice.cleared_at.is_(None)))
    assert [(notice.key, notice.times) for notice in notices] == [("unreadable-report", 2)]
    assert check_books() == []


def test_one_reply_that_fails_is_the_only_one_set_aside(call: FakeCall, poison: None) -> None:
    for contents in (["1", BAD, "2"], ["3"], [BAD]):
        said = [{"phone_number": call.phones[0], "content": content} for content in contents]
        store_arrivals(RawKind.REPLY, [json.dumps(said)], source="push", now=NOON)
    apply_all(apply_replies)
    assert sorted(all_of(select(InboundMessage.content))) == ["1", "2", "3"]
    assert len(all_of(select(RawReceipt.id).where(RawReceipt.state == RawState.UNREADABLE))) == 2


def test_a_database_that_is_away_sets_nothing_aside(
    call: FakeCall, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def away(*_: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("SELECT", {}, Exception("the connection is closed"))
        return real(*_)

    real = receipts._waiting
    monkeypatch.setattr(receipts, "_waiting", away)
    samples.arrive([samples.receipt(call, phone) for phone in call.phones])
    assert apply_receipts(now=NOON) == 12
    assert all_of(select(RawReceipt.state)) == [RawState.APPLIED]


@pytest.mark.parametrize("broken", ["apply_receipts", "apply_replies"])
def test_either_is_applied_while_the_other_fails(
    call: FakeCall, samples: Samples, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fails() -> int:
        raise RuntimeError("away")

    fails.__name__ = broken
    monkeypatch.setattr(jobs, broken, fails)
    samples.arrive([samples.receipt(call, call.phones[0])])
    said = {"phone_number": call.phones[0], "content": "好"}
    store_arrivals(RawKind.REPLY, [json.dumps(said)], source="push", now=NOON)
    assert jobs.apply_some("test") is True
    applied = [RawKind.REPLY] if broken == "apply_receipts" else [RawKind.RECEIPT]
    assert all_of(select(RawReceipt.kind).where(RawReceipt.state == RawState.APPLIED)) == applied
    with pytest.raises(RuntimeError):
        jobs.apply_some("test")
