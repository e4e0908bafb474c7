"""Batches for later: held for that day, started in time or not at all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.models.states import BatchState
from app.services import grants
from app.services.books import check_books
from app.services.sending.running import cancel_batch, pause_batch, resume_batch
from app.services.sending.submit import reschedule_batch, start_due_batches, submit_batch
from tests.samples import NOON, FakeProvider, Samples, phones, rows, send_all
from tests.services.sending.test_dispatch import batch
from tests.services.test_grants import figures
from tests.services.test_ledger import holds

B = BatchState
AT = NOON + timedelta(days=2)
BY: dict[str, Any] = {"by": "test", "now": NOON}


@pytest.fixture
def customer_id(any_app: Flask, samples: Samples) -> int:
    """With grants 1 (until tomorrow) and 2 (until the third day), 50 segments each."""
    samples.access_key()
    customer = samples.customer()
    for day in (21, 23):
        given: dict[str, Any] = {"kind": MessageType.NOTICE, "valid_until": date(2026, 11, day), "reason": "t"}
        grants.assign_grant(customer.id, size=50, **given, **BY)
    return customer.id


@pytest.fixture
def made(customer_id: int, samples: Samples) -> int:
    made = samples.batch(customer_id, phones(20), submit=False, now=NOON)
    submit_batch(made, at=AT, **BY)
    return made


def test_it_is_held_for_its_day_and_starts_in_time(made: int, provider: FakeProvider) -> None:
    assert holds(made) == {2: (20, 0, 0)}
    assert start_due_batches(now=AT - timedelta(seconds=1)) == send_all(AT - timedelta(seconds=1)) == 0
    assert start_due_batches(now=AT) == 1
    before = rows()
    assert start_due_batches(now=AT) == 0
    assert rows() == before
    assert (batch(made).state, send_all(AT), batch(made).state) == (B.QUEUED, 1, B.SENT)
    assert check_books() == []


@pytest.mark.parametrize(("minutes", "state"), [(30, B.QUEUED), (31, B.PAUSED)])
def test_one_that_is_too_late_waits_for_a_person(
    made: int, provider: FakeProvider, minutes: int, state: BatchState
) -> None:
    late = AT + timedelta(minutes=minutes)
    start_due_batches(now=late)
    found = batch(made)
    assert (found.state, found.pause_code) == (state, "late" if state is B.PAUSED else "")
    assert send_all(late) == (0 if state is B.PAUSED else 1)
    if state is B.PAUSED:
        assert start_due_batches(now=late + timedelta(hours=1)) == 0
        resume_batch(made, by="test", now=late + timedelta(hours=9))
        assert send_all(late + timedelta(hours=9)) == 1
    assert check_books() == []


def test_moving_it_holds_again_for_the_new_day(made: int, provider: FakeProvider) -> None:
    sooner = NOON + timedelta(hours=1)
    reschedule_batch(made, at=sooner, **BY)
    assert holds(made) == {2: (20, 0, 20), 1: (20, 0, 0)}
    before = rows()
    reschedule_batch(made, at=sooner, **BY)
    assert rows() == before
    reschedule_batch(made, at=AT, **BY)
    assert holds(made) == {2: (40, 0, 20), 1: (20, 0, 20)}
    assert (figures(1), figures(2)) == ((50, 0, 0, 0), (50, 0, 20, 0))
    assert start_due_batches(now=sooner) == 0
    assert start_due_batches(now=AT) == 1
    send_all(AT)
    assert check_books() == []


@pytest.mark.parametrize(("days", "code"), [(-1, "past"), (9, "balance")])
def test_a_move_that_is_refused_leaves_all_as_it_was(made: int, days: int, code: str) -> None:
    before = rows()
    with pytest.raises(Refused) as caught:
        reschedule_batch(made, at=NOON + timedelta(days=days), **BY)
    assert (caught.value.code, rows()) == (code, before)


def test_a_pause_before_its_time_waits_for_its_time(made: int, provider: FakeProvider) -> None:
    pause_batch(made, **BY)
    assert start_due_batches(now=AT) == 0
    resume_batch(made, by="test", now=NOON + timedelta(days=1))
    assert (batch(made).state, send_all(NOON + timedelta(days=1))) == (B.SCHEDULED, 0)
    assert start_due_batches(now=AT) == 1
    assert send_all(AT) == 1
    assert check_books() == []


def test_a_pause_over_its_time_goes_on_at_once(made: int, provider: FakeProvider) -> None:
    pause_batch(made, **BY)
    start_due_batches(now=AT)
    resume_batch(made, by="test", now=AT + timedelta(hours=3))
    assert send_all(AT + timedelta(hours=3)) == 1


def test_cancelling_it_gives_everything_back(made: int) -> None:
    cancel_batch(made, **BY)
    assert (batch(made).state, batch(made).cancelled, figures(2)) == (B.CANCELLED, 20, (50, 0, 0, 0))
    assert start_due_batches(now=AT) == 0
    assert check_books() == []


def test_it_cannot_be_scheduled_past_what_it_has(customer_id: int, samples: Samples) -> None:
    made = samples.batch(customer_id, phones(51), submit=False, now=NOON)
    with pytest.raises(Refused) as caught:
        submit_batch(made, at=AT, **BY)
    assert caught.value.reasons[0].values == {"needed": 51, "free": 50}
    submit_batch(made, at=NOON + timedelta(hours=1), **BY)
