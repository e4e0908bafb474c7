"""Real threads on real databases: whoever comes second finds it done."""

from __future__ import annotations

from collections import Counter

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.extensions import db
from app.models.batches import Attempt
from app.models.states import BatchState
from app.services import access_keys
from app.services.books import check_books
from app.services.sending.receipts import apply_receipts
from app.services.sending.running import cancel_batch, pause_batch, resume_batch, tidy_lines
from app.services.work import unit_of_work
from tests.samples import NOON, FakeProvider, Samples, claim_one, phones, send_all, send_one
from tests.services.sending.crowd import at_once
from tests.services.sending.test_dispatch import batch
from tests.services.test_grants import figures

THREADS = 8


def books_balance() -> None:
    db.session.rollback()
    assert check_books() == []


def test_no_chunk_is_handed_over_twice(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer(segments=5000)
    rows = [f"{phone},甲" for phone in phones(5000)]  # personal: 50 chunks of 100
    batch_id = samples.batch(customer.id, rows, content="您好${name}，您的订单已发货。", now=NOON)
    counts = at_once(any_app, *[lambda: send_all(NOON)] * THREADS)
    assert sum(counts) == len(provider.calls) == 50
    handed = Counter(phone for call in provider.calls for phone in call.phones)
    assert len(handed) == 5000 and set(handed.values()) == {1}
    assert len({call.out_id for call in provider.calls}) == 50
    assert (batch(batch_id).state, batch(batch_id).accepted) == (BatchState.SENT, 5000)
    assert db.session.scalar(db.select(db.func.count()).select_from(Attempt)) == 50
    books_balance()


@pytest.mark.parametrize("ends_with_cancel", [False, True])
def test_pausing_cancelling_and_resuming_race_with_calls_and_receipts(
    any_app: Flask, samples: Samples, provider: FakeProvider, ends_with_cancel: bool
) -> None:
    samples.access_key()
    customer = samples.customer(segments=3000)
    rows = [f"{phone},甲" for phone in phones(3000)]
    batch_id = samples.batch(customer.id, rows, content="您好${name}，您的订单已发货。", now=NOON)

    assert send_one(NOON)  # or a quick cancel might leave nothing to report

    def send() -> None:
        for _ in range(20):
            send_one(NOON)

    def report() -> None:
        for _ in range(12):
            with provider.lock:
                calls = provider.calls[-2:]
            samples.arrive([samples.receipt(call, phone) for call in calls for phone in call.phones])
            apply_receipts(now=NOON)

    def govern() -> None:
        for _ in range(6):
            try:
                pause_batch(batch_id, by="test", now=NOON)
                resume_batch(batch_id, by="test", now=NOON)
            except Refused:
                return  # all has been handed over
        if ends_with_cancel:
            cancel_batch(batch_id, by="test", now=NOON)

    at_once(any_app, send, send, send, report, report, govern)
    db.session.rollback()
    tidy_lines(now=NOON)
    send_all(NOON)
    samples.report(*provider.calls, now=NOON)
    found = batch(batch_id)
    handed = Counter(phone for call in provider.calls for phone in call.phones)
    assert set(handed.values()) == {1}
    assert found.state in (BatchState.DONE, BatchState.CANCELLED) and found.ended_at is not None
    assert (found.delivered, found.cancelled) == (len(handed), 3000 - len(handed))
    assert figures(1) == (3000, len(handed), 0, 0)
    books_balance()


def test_one_probe_for_all_workers(any_app: Flask, samples: Samples) -> None:
    key = samples.access_key()
    customer = samples.customer(segments=2000)
    samples.batch(customer.id, [f"{phone},甲" for phone in phones(2000)], content="您好${name}，已发货。", now=NOON)
    with unit_of_work() as session:
        access_keys.suspend(session, key.id, code="isv.OUT_OF_SERVICE", message="", now=NOON)
    claims = at_once(any_app, *[lambda: claim_one(NOON.replace(hour=5))] * THREADS)
    assert len([claim for claim in claims if claim is not None]) == 1
