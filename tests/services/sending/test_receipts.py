"""Receipts in any order, any number of times, from anybody: a message has one last state, the books one movement."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.gateways.sms import Outcome, SmsError
from app.models.batches import Attempt
from app.models.inbox import Difference, DifferenceKind, RawKind, RawReceipt, RawState
from app.models.settings import Notice
from app.models.states import AttemptState, BatchState
from app.services.books import check_books
from app.services.sending import dispatch
from app.services.sending.arrivals import store_arrivals
from app.services.sending.receipts import apply_receipts
from tests.samples import NOON, FakeProvider, Samples, claim_one, phones, rows, send_all
from tests.services.sending.test_dispatch import batch
from tests.services.test_grants import figures


@pytest.fixture
def batch_id(any_app: Flask, samples: Samples, provider: FakeProvider) -> int:
    """A batch of 30, all handed over in one call."""
    samples.access_key()
    made = samples.batch(samples.customer(segments=100).id, phones(30), now=NOON)
    send_all(NOON)
    return made


def apply_all(now: Any = NOON) -> None:
    while apply_receipts(now=now):
        pass
    assert check_books() == []


def differences() -> list[tuple[DifferenceKind, str]]:
    db.session.rollback()
    query = db.select(Difference.kind, Difference.phone).order_by(Difference.id)
    return [(row[0], row[1]) for row in db.session.execute(query)]


def unmoved() -> dict[str, Any]:
    return rows("raw_receipts", "differences", "notices")


def test_doubled_and_shuffled(batch_id: int, samples: Samples, provider: FakeProvider) -> None:
    (call,) = provider.calls
    receipts = [samples.receipt(call, phone, delivered=number % 3 > 0) for number, phone in enumerate(call.phones)] * 3
    random.Random(3).shuffle(receipts)
    for start in range(0, 90, 7):
        samples.arrive(receipts[start : start + 7])
        if start % 2:
            apply_all()
    apply_all()
    found = batch(batch_id)
    assert (found.state, found.delivered, found.failed, found.ended_at) == (BatchState.DONE, 20, 10, NOON)
    assert figures(1) == (100, 20, 0, 0)
    assert differences() == []
    before = rows("raw_receipts")
    samples.arrive(receipts)
    apply_all(NOON + timedelta(days=1))
    assert rows("raw_receipts") == before


@pytest.mark.parametrize("answer", ["accepted", "timeout", "lost"])
def test_earlier_than_our_own_record(any_app: Flask, samples: Samples, provider: FakeProvider, answer: str) -> None:
    samples.access_key()
    made = samples.batch(samples.customer(segments=100).id, phones(30), now=NOON)
    claim = claim_one(NOON)
    assert claim is not None
    biz_id = dispatch._call(claim)
    (call,) = provider.calls
    samples.arrive([samples.receipt(call, phone) for phone in call.phones[:10]])
    apply_all()
    assert (batch(made).delivered, batch(made).accepted) == (10, 20)
    if answer == "accepted":
        dispatch.record_answer(claim, biz_id, now=NOON)
        assert db.session.scalars(db.select(Attempt.biz_id)).one() == biz_id
    elif answer == "timeout":
        dispatch.record_answer(claim, SmsError(Outcome.UNKNOWN, "timeout", connection=True), now=NOON)
    assert db.session.scalars(db.select(Attempt.state)).one() is AttemptState.ACCEPTED
    samples.report(call, now=NOON)
    assert (batch(made).state, figures(1)) == (BatchState.DONE, (100, 30, 0, 0))
    assert check_books() == []


def test_another_verdict_after_the_last_state_moves_nothing(
    batch_id: int, samples: Samples, provider: FakeProvider
) -> None:
    (call,) = provider.calls
    samples.report(call, now=NOON)
    before = unmoved()
    for _ in range(2):
        samples.arrive([samples.receipt(call, call.phones[4], delivered=False)])
        apply_all(NOON + timedelta(hours=1))
    assert unmoved() == before
    assert differences() == [(DifferenceKind.AFTER_FINAL, call.phones[4])]
    assert db.session.scalars(db.select(Notice.key)).one() == "difference-after_final"


def test_both_verdicts_in_one_bulk_count_the_first(batch_id: int, samples: Samples, provider: FakeProvider) -> None:
    (call,) = provider.calls
    samples.arrive([samples.receipt(call, call.phones[0], delivered=good) for good in (False, True, False)])
    apply_all()
    assert (batch(batch_id).failed, batch(batch_id).delivered) == (1, 0)
    assert differences() == [(DifferenceKind.AFTER_FINAL, call.phones[0])]


def test_strangers_change_nothing(batch_id: int, samples: Samples, provider: FakeProvider) -> None:
    (call,) = provider.calls
    before = unmoved()
    receipt = samples.receipt(call, call.phones[0])
    samples.arrive([receipt | {"out_id": "x" * 32, "biz_id": "y"}, receipt | {"out_id": "", "biz_id": "z"}])
    samples.arrive([receipt | {"phone_number": "13700000000"}])  # ours, they say, but nobody we sent to
    apply_all()
    assert unmoved() == before
    assert [kind for kind, _ in differences()] == [DifferenceKind.FOREIGN] * 3


def test_by_biz_id_alone(batch_id: int, samples: Samples, provider: FakeProvider) -> None:
    (call,) = provider.calls
    samples.arrive([samples.receipt(call, phone) | {"out_id": ""} for phone in call.phones])
    apply_all()
    assert batch(batch_id).state is BatchState.DONE


def test_segments_counted_otherwise_are_a_difference(batch_id: int, samples: Samples, provider: FakeProvider) -> None:
    (call,) = provider.calls
    for _ in range(2):
        samples.arrive([samples.receipt(call, call.phones[0], segments=2)])
        apply_all()
    assert differences() == [(DifferenceKind.SEGMENTS, call.phones[0])]
    assert (batch(batch_id).delivered, figures(1)) == (1, (100, 1, 29, 0))


UNREADABLE = ["", "no json", "[1]", '"x"', "null", "\x00", '{"a":', "[[]]", "\ud83d", "[" * 5000]


def test_what_cannot_be_read_is_kept_and_told(batch_id: int, samples: Samples, provider: FakeProvider) -> None:
    before = unmoved()
    assert store_arrivals(RawKind.RECEIPT, UNREADABLE, source="queue", now=NOON) == 0
    states = db.session.scalars(db.select(RawReceipt.state)).all()
    assert states == [RawState.UNREADABLE] * len(UNREADABLE)
    assert db.session.scalars(db.select(Notice.key)).one() == "unreadable-report"
    apply_all()
    assert unmoved() == before


ODD: list[dict[str, Any]] = [
    {"success": "perhaps"}, {"phone_number": ""}, {"out_id": None, "biz_id": None}, {"out_id": ["x"]},
    {"success": None}, {"phone_number": {"a": "\x00"}},
    {"success": "\x00\ud83d", "out_id": "\x00", "phone_number": "\ud83d"},
]  # fmt: skip


def test_one_odd_receipt_does_not_hold_up_the_others(batch_id: int, samples: Samples, provider: FakeProvider) -> None:
    (call,) = provider.calls
    for count, change in enumerate(ODD, 1):
        odd = samples.receipt(call, call.phones[0]) | change
        body = json.dumps([odd, samples.receipt(call, call.phones[count])])
        store_arrivals(RawKind.RECEIPT, [body], source="push", now=NOON)
        apply_all()
        assert batch(batch_id).delivered == count
        assert [kind for kind, _ in differences()] == [DifferenceKind.UNREADABLE] * count


ODD_DETAILS: list[dict[str, Any]] = [
    {"success": "true"}, {"err_code": "x" * 300}, {"err_code": "\x00\ud83d"}, {"sms_size": "many"},
    {"report_time": "yesterday"}, {"report_time": None}, {"success": "FALSE", "err_code": "y" * 300},
]  # fmt: skip


def test_odd_details_decide_nothing(batch_id: int, samples: Samples, provider: FakeProvider) -> None:
    (call,) = provider.calls
    for change, phone in zip(ODD_DETAILS, call.phones, strict=False):
        samples.arrive([samples.receipt(call, phone) | change])
    apply_all()
    assert (batch(batch_id).delivered, batch(batch_id).failed) == (len(ODD_DETAILS) - 1, 1)
    assert differences() == []
