"""Which grant pays: held from its own type first, settled from the soonest to expire, given back to the latest."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.extensions import db
from app.models.packages import EntryKind, Hold
from app.models.states import BatchState
from app.services import grants
from app.services.books import check_books
from app.services.ledger import BooksBroken, settle_and_release
from app.services.sending.running import cancel_batch
from app.services.sending.submit import submit_batch
from app.services.work import unit_of_work
from tests.samples import NOON, FakeProvider, Samples, phones, rows, send_all
from tests.services.test_grants import entries, figures

TODAY = date(2026, 11, 20)
SOON, LATER = TODAY + timedelta(days=1), TODAY + timedelta(days=9)


def holds(batch_id: int) -> dict[int, tuple[int, int, int]]:
    db.session.rollback()
    query = db.select(Hold.grant_id, Hold.held, Hold.settled, Hold.released).where(Hold.batch_id == batch_id)
    return {row[0]: (row[1], row[2], row[3]) for row in db.session.execute(query)}


def three_grants(samples: Samples, customer_id: int) -> tuple[int, int, int]:
    """General and soonest, notice and later, notice and soon: ids in this order; ten segments each."""
    kinds = ((MessageType.GENERAL, TODAY), (MessageType.NOTICE, LATER), (MessageType.NOTICE, SOON))
    given = [
        grants.assign_grant(customer_id, kind=kind, size=10, valid_until=day, reason="t", by="t", now=NOON).id
        for kind, day in kinds
    ]
    samples.grant(customer_id, 50, kind=MessageType.PROMOTION)
    samples.grant(customer_id, 50, kind=MessageType.VERIFICATION)
    return given[0], given[1], given[2]


def test_a_hold_takes_its_own_type_first_and_the_soonest_of_it(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer()
    general, later, soon = three_grants(samples, customer.id)
    batch_id = samples.batch(customer.id, phones(25), now=NOON)
    assert holds(batch_id) == {soon: (10, 0, 0), later: (10, 0, 0), general: (5, 0, 0)}
    with pytest.raises(Refused) as caught:
        samples.batch(customer.id, phones(6), now=NOON)
    assert caught.value.reasons[0].values == {"needed": 6, "free": 5}
    assert check_books() == []


def test_a_hold_skips_what_is_not_valid_on_the_day(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer()
    general, later, soon = three_grants(samples, customer.id)
    batch_id = samples.batch(customer.id, phones(5), submit=False, now=NOON)
    submit_batch(batch_id, by="test", at=NOON + timedelta(days=2), now=NOON)
    assert holds(batch_id) == {later: (5, 0, 0)}
    assert (figures(general), figures(soon)) == ((10, 0, 0, 0), (10, 0, 0, 0))


def test_settles_the_soonest_and_releases_the_latest(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer()
    general, later, soon = three_grants(samples, customer.id)
    batch_id = samples.batch(customer.id, phones(25), now=NOON)
    send_all(NOON)
    (call,) = provider.calls
    samples.arrive([samples.receipt(call, phone) for phone in call.phones[:7]])
    samples.report(now=NOON)
    # General runs out today, so it is used first although it was held last.
    assert holds(batch_id) == {general: (5, 5, 0), soon: (10, 2, 0), later: (10, 0, 0)}
    samples.arrive([samples.receipt(call, phone, delivered=False) for phone in call.phones[7:20]])
    samples.report(now=NOON)
    assert holds(batch_id) == {general: (5, 5, 0), soon: (10, 2, 3), later: (10, 0, 10)}
    assert figures(later) == (10, 0, 0, 0)
    assert check_books() == []


@pytest.mark.parametrize("void", [False, True])
def test_what_comes_back_to_a_grant_that_is_over_lapses_at_once(any_app: Flask, samples: Samples, void: bool) -> None:
    customer = samples.customer()
    given = grants.assign_grant(
        customer.id, kind=MessageType.NOTICE, size=10, valid_until=TODAY, reason="t", by="t", now=NOON
    )
    batch_id = samples.batch(customer.id, phones(6), now=NOON)
    if void:
        grants.void_grant(given.id, by="test", reason="x", now=NOON)
        kind, now = EntryKind.VOID, NOON
    else:
        kind, now = EntryKind.EXPIRY, NOON + timedelta(days=1)
        grants.expire_due_grants(now=now)
    assert figures(given.id) == (10, 0, 6, 4)
    cancel_batch(batch_id, by="test", now=now)
    assert figures(given.id) == (10, 0, 0, 10)
    assert entries(given.id)[-2:] == [(EntryKind.RELEASE, 6), (kind, 6)]
    assert check_books() == []


def test_a_lapsed_grant_still_settles(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer()
    given = grants.assign_grant(
        customer.id, kind=MessageType.NOTICE, size=10, valid_until=TODAY, reason="t", by="t", now=NOON
    )
    samples.batch(customer.id, phones(6), now=NOON)
    send_all(NOON)
    grants.expire_due_grants(now=NOON + timedelta(days=1))
    samples.report(*provider.calls, now=NOON + timedelta(days=1))
    assert figures(given.id) == (10, 6, 0, 4)
    assert check_books() == []


def test_nobody_settles_more_than_is_held(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=10)
    batch_id = samples.batch(customer.id, phones(4))
    before = rows()
    for settled, released in ((5, 0), (0, 5), (3, 2)):
        with pytest.raises(BooksBroken), unit_of_work() as session:
            settle_and_release(session, batch_id, settled=settled, released=released, by="test", now=NOON)
    assert rows() == before


def test_two_batches_do_not_share_a_hold(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=10)
    first, second = (samples.batch(customer.id, phones(5)) for _ in range(2))
    cancel_batch(first, by="test")
    ((grant_id, hold),) = holds(second).items()
    assert hold == (5, 0, 0)
    assert figures(grant_id) == (10, 0, 5, 0)
    assert db.session.execute(db.text("SELECT state FROM batches WHERE id = :id"), {"id": first}).scalar_one() == (
        BatchState.CANCELLED.value
    )
    assert check_books() == []
