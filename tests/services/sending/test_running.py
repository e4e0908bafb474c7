"""Pausing, going on, cancelling: what is allowed in each state, and that twice is once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.extensions import db
from app.models.batches import Batch
from app.models.states import BatchState
from app.services.books import check_books
from app.services.sending import dispatch
from app.services.sending.running import (
    cancel_batch,
    pause_batch,
    resume_batch,
    resume_due_batches,
    tidy_lines,
)
from app.services.sending.submit import (
    cancel_forgotten,
    keep_as_draft,
    reschedule_batch,
    start_due_batches,
    submit_batch,
)
from tests.samples import NOON, FakeProvider, Samples, claim_one, phones, rows, send_all, send_one
from tests.services.sending.test_dispatch import batch, chunk_states
from tests.services.test_grants import figures

B = BatchState
LATER = NOON + timedelta(hours=2)
BY: dict[str, Any] = {"by": "test", "now": NOON}

SERVICES: dict[str, Callable[[int], object]] = {
    "submit": lambda key: submit_batch(key, **BY),
    "schedule": lambda key: submit_batch(key, at=LATER, **BY),
    "draft": lambda key: keep_as_draft(key, now=NOON),
    "pause": lambda key: pause_batch(key, **BY),
    "resume": lambda key: resume_batch(key, **BY),
    "cancel": lambda key: cancel_batch(key, **BY),
    "reschedule": lambda key: reschedule_batch(key, at=LATER + timedelta(hours=1), **BY),
}
# What each service makes of a batch in each state; what is not here is refused.
BECOMES: dict[str, dict[BatchState, BatchState]] = {
    "submit": {B.CHECKED: B.QUEUED, B.DRAFT: B.QUEUED}
    | {state: state for state in B if state not in (B.PREPARING, B.REFUSED, B.CHECKED, B.DRAFT)},
    "schedule": {B.CHECKED: B.SCHEDULED, B.DRAFT: B.SCHEDULED}
    | {state: state for state in B if state not in (B.PREPARING, B.REFUSED, B.CHECKED, B.DRAFT)},
    "draft": {B.CHECKED: B.DRAFT, B.DRAFT: B.DRAFT},
    "pause": {B.SCHEDULED: B.PAUSED, B.QUEUED: B.PAUSED, B.SENDING: B.PAUSED, B.PAUSED: B.PAUSED},
    "resume": {B.PAUSED: B.QUEUED, B.QUEUED: B.QUEUED, B.SENDING: B.SENDING, B.SCHEDULED: B.SCHEDULED},
    "cancel": {
        B.PREPARING: B.CANCELLED, B.CHECKED: B.CANCELLED, B.DRAFT: B.CANCELLED, B.SCHEDULED: B.CANCELLED,
        B.QUEUED: B.CANCELLED, B.SENDING: B.CANCELLING, B.PAUSED: B.CANCELLED, B.CANCELLING: B.CANCELLING,
        B.CANCELLED: B.CANCELLED,
    },
    "reschedule": {B.SCHEDULED: B.SCHEDULED},
}  # fmt: skip


def in_state(state: BatchState, samples: Samples, provider: FakeProvider, customer_id: int) -> int:
    """A batch of 20, brought to a state by the services themselves."""
    made = samples.batch(customer_id, phones(20), submit=False, now=NOON)
    if state in (B.PREPARING, B.REFUSED):  # states in which no service of this file leaves a batch
        db.session.execute(db.update(Batch).where(Batch.id == made).values(state=state))
        db.session.commit()
    if state is B.DRAFT:
        keep_as_draft(made)
    if state is B.SCHEDULED:
        submit_batch(made, at=LATER, **BY)
    if state in (B.QUEUED, B.SENDING, B.SENT, B.DONE, B.PAUSED, B.CANCELLING, B.CANCELLED):
        submit_batch(made, **BY)
    if state is B.PAUSED:
        pause_batch(made, **BY)
    if state in (B.SENDING, B.CANCELLING):
        assert claim_one(NOON) is not None
    if state in (B.SENT, B.DONE):
        send_all(NOON)
    if state is B.DONE:
        samples.report(provider.calls[-1], now=NOON)
    if state in (B.CANCELLING, B.CANCELLED):
        cancel_batch(made, **BY)
    assert batch(made).state is state
    return made


@pytest.mark.parametrize("state", list(B))
def test_each_service_in_each_state(app: Flask, samples: Samples, provider: FakeProvider, state: BatchState) -> None:
    samples.access_key()
    customer = samples.customer(segments=1000)
    for name, service in SERVICES.items():
        made = in_state(state, samples, provider, customer.id)
        before = rows()
        target = BECOMES[name].get(state)
        if target is None:
            with pytest.raises(Refused) as caught:
                service(made)
            assert (caught.value.code, rows()) == ("state", before), name
            continue
        service(made)
        assert batch(made).state is target, name
        if target is state and name != "reschedule":
            assert rows() == before, name
        before = rows()
        service(made)
        assert rows() == before, f"{name} twice"
        send_all(NOON)
    assert check_books() == []


def test_a_batch_that_does_not_exist(app: Flask) -> None:
    for service in SERVICES.values():
        with pytest.raises(Refused, match="does not exist"):
            service(999)


def test_a_cancelled_batch_gives_back_what_was_not_handed_over(
    any_app: Flask, samples: Samples, provider: FakeProvider
) -> None:
    samples.access_key()
    customer = samples.customer(segments=3000)
    made = samples.batch(customer.id, phones(2500), now=NOON)
    send_one(NOON)
    cancel_batch(made, **BY)
    assert (batch(made).state, chunk_states(made)) == (B.CANCELLING, {"accepted": 1, "cancelled": 2})
    assert figures(1) == (3000, 0, 1000, 0)
    assert send_all(NOON) == 0
    samples.report(*provider.calls, now=NOON)
    found = batch(made)
    assert (found.state, found.delivered, found.cancelled, found.ended_at) == (B.CANCELLED, 1000, 1500, NOON)
    assert figures(1) == (3000, 1000, 0, 0)
    assert check_books() == []


def test_a_paused_batch_goes_on_where_it_stopped(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    made = samples.batch(samples.customer(segments=3000).id, phones(2500), now=NOON)
    send_one(NOON)
    pause_batch(made, reason="wait", **BY)
    found = batch(made)
    assert (found.pause_reason, found.paused_by, found.paused_from) == ("wait", "test", B.SENDING)
    assert (send_all(NOON), figures(1)) == (0, (3000, 0, 2500, 0))
    resume_batch(made, **BY)
    assert (batch(made).state, send_all(NOON)) == (B.SENDING, 2)
    assert sorted(phone for call in provider.calls for phone in call.phones) == phones(2500)
    assert check_books() == []


def test_what_was_in_flight_ends_a_paused_batch(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    made = samples.batch(samples.customer(segments=100).id, phones(20), now=NOON)
    claim = claim_one(NOON)
    assert claim is not None
    pause_batch(made, **BY)
    dispatch.record_answer(claim, dispatch._call(claim), now=NOON)
    assert batch(made).state is B.SENT
    samples.report(*provider.calls, now=NOON)
    assert batch(made).state is B.DONE
    assert check_books() == []


def test_a_batch_paused_for_a_week_is_forgotten(app: Flask, samples: Samples) -> None:
    made = samples.batch(samples.customer(segments=100).id, phones(20), now=NOON)
    pause_batch(made, **BY)
    assert cancel_forgotten(now=NOON + timedelta(days=7)) == 0
    assert cancel_forgotten(now=NOON + timedelta(days=7, seconds=1)) == 1
    assert batch(made).state is B.CANCELLED
    assert cancel_forgotten(now=NOON + timedelta(days=7, seconds=1)) == 0


def test_what_a_dead_process_left_between_batch_and_chunks_is_tidied(any_app: Flask, samples: Samples) -> None:
    samples.access_key()
    customer = samples.customer(segments=100)
    stuck = samples.batch(customer.id, phones(20), now=NOON)
    half = samples.batch(customer.id, phones(20), now=NOON)
    db.session.execute(db.text("UPDATE chunks SET due_at = NULL"))
    db.session.execute(db.update(Batch).where(Batch.id == half).values(state=B.CANCELLING))
    db.session.commit()
    assert tidy_lines(now=NOON) == 2
    assert (batch(half).state, send_all(NOON), batch(stuck).state) == (B.CANCELLED, 1, B.SENT)
    assert tidy_lines(now=NOON) == 0
    assert check_books() == []


def test_a_persons_pause_outlasts_the_night(any_app: Flask, samples: Samples) -> None:
    """Who pauses a batch that waits for the morning does not want it to go on by itself."""
    samples.access_key()
    night = NOON.replace(hour=13)
    content = "周年庆全场八折，欢迎光临。拒收请回复R"
    customer = samples.customer(segments=100)
    made = samples.batch(customer.id, phones(20), now=night, content=content, kind=MessageType.PROMOTION)
    send_all(night)
    assert batch(made).pause_code == "hours"
    pause_batch(made, by="boss", reason="no", now=night)
    found = batch(made)
    assert (found.state, found.pause_code, found.paused_by, found.resume_at) == (B.PAUSED, "person", "boss", None)
    before = rows()
    pause_batch(made, by="boss", reason="no", now=night + timedelta(minutes=1))
    assert rows() == before
    assert resume_due_batches(now=night + timedelta(days=1)) == 0
    start_due_batches(now=night + timedelta(days=1))
    assert batch(made).state is B.PAUSED
