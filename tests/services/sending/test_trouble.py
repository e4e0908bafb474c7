"""When nothing goes through the access key: everything waits, one looks, all go on together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.extensions import db
from app.gateways.sms import Outcome
from app.models.access_keys import AccessKey, Trouble
from app.models.batches import Chunk
from app.models.settings import Notice
from app.models.states import BatchState
from app.services.access_keys import resume_access_key
from app.services.books import check_books
from tests.samples import NOON, FakeProvider, Samples, phones, rows, send_all, send_one
from tests.services.sending.test_dispatch import batch, fails
from tests.services.test_grants import figures

PROBE = timedelta(seconds=300)
WAIT = timedelta(seconds=2)  # BACKOFF_SECONDS
BREAKER = timedelta(seconds=30)
OUT_OF_MONEY = fails(Outcome.ACCOUNT, "isv.AMOUNT_NOT_ENOUGH", message="余额不足")
AWAY = fails(Outcome.TRANSIENT, "unreachable", connection=True)


@pytest.fixture
def waiting(any_app: Flask, samples: Samples) -> list[int]:
    """Two customers' batches, one code among them."""
    samples.access_key()
    first, second = samples.customer(segments=100), samples.customer(segments=100)
    return [
        samples.batch(first.id, phones(20), now=NOON),
        samples.batch(second.id, phones(1), now=NOON),
        samples.batch(second.id, phones(30), now=NOON),
    ]


def key() -> AccessKey:
    db.session.rollback()
    return db.session.scalars(db.select(AccessKey).execution_options(populate_existing=True)).one()


def open_notices() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Notice.kind).where(Notice.cleared_at.is_(None))))


def test_out_of_money_stops_all_and_is_looked_at_once_an_interval(waiting: list[int], provider: FakeProvider) -> None:
    provider.answer = OUT_OF_MONEY
    assert send_all(NOON) == 1
    assert (key().trouble, key().trouble_code, open_notices()) == (
        Trouble.ACCOUNT, "isv.AMOUNT_NOT_ENOUGH", ["provider-account"],
    )  # fmt: skip
    assert all(batch(made).state in (BatchState.QUEUED, BatchState.SENDING) for made in waiting)
    for number in (1, 2, 3):
        assert send_all(NOON + number * PROBE - timedelta(seconds=1)) == 0
        assert send_all(NOON + number * PROBE) == 1
    assert open_notices() == ["provider-account"]
    assert set(db.session.scalars(db.select(Chunk.tries))) == {0}  # none of it is held against a chunk
    provider.answer = None
    assert send_all(NOON + 4 * PROBE) == 3
    assert (key().trouble, open_notices()) == (Trouble.NONE, [])
    assert [batch(made).state for made in waiting] == [BatchState.SENT] * 3
    assert figures(1) == (100, 0, 20, 0)
    assert check_books() == []


def test_a_person_lets_all_go_on_together(waiting: list[int], provider: FakeProvider) -> None:
    provider.answer = OUT_OF_MONEY
    send_all(NOON)
    provider.answer = None
    resume_access_key(key().id, by="test", now=NOON)
    before = rows()
    resume_access_key(key().id, by="test", now=NOON + timedelta(minutes=1))
    assert rows() == before
    assert send_all(NOON) == 3
    assert open_notices() == []
    with pytest.raises(Refused):
        resume_access_key(999, by="test")


def test_no_connection_opens_the_breaker_and_is_not_counted_against_a_chunk(
    waiting: list[int], provider: FakeProvider
) -> None:
    provider.answer = AWAY
    # Three chunks, each of which waits a moment before it is tried again.
    assert [send_all(NOON), send_all(NOON + WAIT)] == [3, 2]  # BREAKER_FAILURES
    assert (key().trouble, open_notices()) == (Trouble.BREAKER, ["provider-away"])
    now = NOON + WAIT
    for _ in range(12):  # longer than any bounded number of tries
        assert send_all(now + BREAKER - timedelta(seconds=1)) == 0
        now += BREAKER
        assert send_all(now) == 1
    assert set(db.session.scalars(db.select(Chunk.tries))) == {0}
    provider.answer = None
    assert send_all(now + BREAKER) == 3
    assert (key().trouble, key().failures, open_notices()) == (Trouble.NONE, 0, [])
    assert [batch(made).state for made in waiting] == [BatchState.SENT] * 3
    assert check_books() == []


def test_failures_that_are_not_in_a_row_open_nothing(app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer(segments=100)
    for _ in range(4):
        samples.batch(customer.id, phones(1), now=NOON)
        provider.answer = AWAY
        for failure in range(3):
            send_one(NOON + failure * WAIT)
        provider.answer = None
        assert send_all(NOON + 3 * WAIT) == 1
        assert (key().trouble, key().failures) == (Trouble.NONE, 0)


def test_a_refusal_that_judges_the_message_proves_the_account_well(waiting: list[int], provider: FakeProvider) -> None:
    provider.answer = OUT_OF_MONEY
    send_all(NOON)
    provider.answer = fails(Outcome.PERMANENT, "isv.SMS_TEMPLATE_ILLEGAL")
    assert send_all(NOON + PROBE) == 3
    assert key().trouble is Trouble.NONE


def test_throttling_proves_no_account_well(waiting: list[int], provider: FakeProvider) -> None:
    provider.answer = OUT_OF_MONEY
    send_all(NOON)
    provider.answer = fails(Outcome.TRANSIENT, "Throttling.User")
    assert send_all(NOON + PROBE) == 1
    assert key().trouble is Trouble.ACCOUNT


def test_an_account_in_trouble_stays_so_when_the_line_breaks_as_well(
    waiting: list[int], provider: FakeProvider
) -> None:
    provider.answer = OUT_OF_MONEY
    send_all(NOON)
    provider.answer = AWAY
    for number in range(1, 8):
        assert send_all(NOON + number * PROBE) == 1
    assert (key().trouble, open_notices()) == (Trouble.ACCOUNT, ["provider-account"])


def test_without_a_key_everything_waits(app: Flask, samples: Samples, provider: FakeProvider) -> None:
    made = samples.batch(samples.customer(segments=100).id, phones(20), now=NOON)
    assert send_all(NOON) == 0
    samples.access_key()
    assert send_all(NOON) == 1
    assert batch(made).state is BatchState.SENT
