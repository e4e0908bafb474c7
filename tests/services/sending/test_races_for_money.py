"""Real threads after the same segments: never below zero, and nobody waits in a ring."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.extensions import db
from app.models.batches import Batch
from app.models.customers import ChargeOn
from app.models.packages import Grant, Hold, LedgerEntry
from app.models.states import BatchState, MessageState
from app.services import grants
from app.services.books import check_books
from app.services.sending import figures as figures_of_units
from app.services.sending.figures import Changes, Terms
from app.services.sending.receipts import apply_receipts
from app.services.sending.running import cancel_batch
from app.services.sending.submit import submit_batch
from app.services.work import unit_of_work
from tests.samples import FAR, NOON, FakeProvider, Samples, phones, send_all
from tests.services.sending.crowd import at_once
from tests.services.sending.test_dispatch import batch
from tests.services.test_grants import figures
from tests.services.test_ledger import holds

THREADS = 8


def books_balance() -> None:
    db.session.rollback()
    assert check_books() == []


def test_the_last_thousand_segments_are_spent_once(any_app: Flask, samples: Samples) -> None:
    """Fifty batches of 1 to 50 numbers, of two customers, over what their grants of 1,000 can pay."""
    chance = random.Random(7)
    owners = [samples.customer(segments=1000), samples.customer(segments=1000)]
    sizes = [chance.randint(1, 50) for _ in range(50)]
    waiting = [(owner.id, samples.batch(owner.id, phones(size), submit=False)) for owner in owners for size in sizes]
    chance.shuffle(waiting)

    def spend(part: int) -> Counter[str]:
        found: Counter[str] = Counter()
        for _, batch_id in waiting[part::THREADS]:
            try:
                submit_batch(batch_id, by="test")
                found["held"] += 1
            except Refused as refusal:
                found[refusal.code] += 1
        return found

    total: Counter[str] = sum(at_once(any_app, *(lambda part=part: spend(part) for part in range(THREADS))), Counter())
    assert set(total) == {"held", "balance"} and sum(total.values()) == 100
    for owner in owners:
        grant = db.session.scalars(db.select(Grant).where(Grant.customer_id == owner.id)).one()
        held = db.session.scalar(db.select(db.func.sum(Hold.held)).where(Hold.grant_id == grant.id))
        assert grant.held == held <= 1000
        smallest = db.session.scalar(
            db.select(db.func.min(Batch.segments)).where(
                Batch.customer_id == owner.id, Batch.state == BatchState.CHECKED
            )
        )
        assert grant.remaining < smallest  # nobody was turned away who could have paid
    books_balance()


def test_one_batch_is_submitted_once(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=100)
    batch_id = samples.batch(customer.id, phones(10), submit=False)
    at_once(any_app, *[lambda: submit_batch(batch_id, by="test")] * THREADS)
    assert figures(1) == (100, 0, 10, 0)
    books_balance()


def test_batches_that_hold_the_same_grants_in_other_orders_do_not_block_each_other(
    any_app: Flask, samples: Samples, provider: FakeProvider
) -> None:
    """Receipts settle and release over several batches and grants in one unit, beside cancellations."""
    samples.access_key()
    customer = samples.customer()
    given = [samples.grant(customer.id, 60, kind=kind) for kind in (MessageType.NOTICE, MessageType.GENERAL) * 2]
    sent = [samples.batch(customer.id, phones(20), now=NOON) for _ in range(10)]
    send_all(NOON)
    calls = list(provider.calls)
    waiting = [samples.batch(customer.id, phones(4), now=NOON) for _ in range(10)]

    def report(order: int) -> None:
        chance = random.Random(order)
        receipts = [
            samples.receipt(call, phone, delivered=int(phone[-1]) % 3 > 0) for call in calls for phone in call.phones
        ]
        chance.shuffle(receipts)
        for start in range(0, len(receipts), 25):
            samples.arrive(receipts[start : start + 25])
            apply_receipts(now=NOON, most=25)

    def cancel() -> None:
        for batch_id in waiting:
            cancel_batch(batch_id, by="test", now=NOON)

    at_once(any_app, lambda: report(1), lambda: report(2), lambda: report(3), cancel, seconds=30)
    db.session.rollback()
    samples.report(now=NOON)
    assert {batch(key).state for key in sent} == {BatchState.DONE}
    assert sum(figures(grant.id)[1] for grant in given) == sum(batch(key).delivered for key in sent)
    assert sum(figures(grant.id)[2] for grant in given) == 0
    books_balance()


def test_one_request_for_a_grant_makes_one(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer()

    def assign() -> int:
        return grants.assign_grant(
            customer.id, kind=MessageType.NOTICE, size=5, valid_until=FAR, reason="r", by="t", request_key="same"
        ).id

    assert len(set(at_once(any_app, *[assign] * THREADS))) == 1
    adjust = lambda: grants.adjust_grant(1, change=3, reason="r", by="t", request_key="more")  # noqa: E731
    at_once(any_app, *[adjust] * THREADS)
    assert figures(1) == (8, 0, 0, 0)
    assert db.session.scalar(db.select(db.func.count()).select_from(LedgerEntry)) == 2
    books_balance()


def test_units_lock_the_grants_of_all_their_batches_in_one_order(
    any_app: Flask, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches of two units hold two grants the other way round: neither may wait for the other in a ring."""
    customer = samples.customer()
    one, two = (samples.grant(customer.id, 100).id for _ in range(2))
    made = []
    for frozen in (one, two, two, one):
        grants.freeze_grant(frozen, by="test")
        made.append(samples.batch(customer.id, phones(20), now=NOON))
        grants.thaw_grant(frozen, by="test")
    assert [list(holds(key)) for key in made] == [[two], [one], [one], [two]]
    settle = figures_of_units.settle_and_release

    def slowly(*args: Any, **more: Any) -> None:
        settle(*args, **more)
        time.sleep(0.2)

    def release(*batches: int) -> None:
        with unit_of_work() as session:
            changes = Changes()
            for key in batches:
                terms = Terms(ChargeOn.SUCCESS, False)
                changes.move(key, terms, MessageState.QUEUED, MessageState.CANCELLED, messages=20, segments=20)
            changes.apply(session, by="test", now=NOON)

    monkeypatch.setattr(figures_of_units, "settle_and_release", slowly)
    at_once(any_app, lambda: release(*made[:2]), lambda: release(*made[2:]))
    assert (figures(one), figures(two)) == ((100, 0, 0, 0), (100, 0, 0, 0))
