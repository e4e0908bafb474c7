"""A call that nobody answered is asked after, and sent again once at most, and never a code."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.message_types import MessageType
from app.gateways.sms import Outcome, SmsError
from app.models.states import AttemptState, BatchState, ChunkState
from app.services.books import check_books
from app.services.sending import dispatch
from app.services.sending.receipts import apply_receipts, expire_silent
from app.services.sending.running import cancel_batch, pause_batch, resume_batch
from app.services.sending.unknown import ask_due, sweep_leases
from tests.samples import NOON, FakeProvider, Samples, claim_one, phones, rows, send_all, send_one
from tests.services.sending.test_dispatch import attempts, batch, chunk_states, fails
from tests.services.test_grants import figures

ASKINGS = [NOON + timedelta(minutes=minutes) for minutes in (5, 30, 120)]
CODE: dict[str, Any] = {
    "content": "您的验证码已经准备好，请勿告诉别人。",
    "code": "SMS_2",
    "kind": MessageType.VERIFICATION,
}


@pytest.fixture
def batch_id(any_app: Flask, samples: Samples, provider: FakeProvider) -> int:
    """A batch whose first call went out and was not answered."""
    return lost(samples, provider)


def lost(samples: Samples, provider: FakeProvider, *, count: int = 20, **wording: Any) -> int:
    samples.access_key()
    customer = samples.customer(segments=100)
    provider.answer = fails(Outcome.UNKNOWN, "timeout", connection=True)
    made = samples.batch(customer.id, phones(count), now=NOON, **wording)
    assert send_all(NOON) == 1
    provider.answer = None
    assert (batch(made).unknown, chunk_states(made)) == (count, {"unknown": 1})
    return made


def ask(now: datetime) -> None:
    assert ask_due(now=now) == 1


def ask_in_vain(*moments: datetime) -> None:
    for now in moments:
        assert ask_due(now=now - timedelta(seconds=1)) == 0
        ask(now)


def test_it_is_not_called_again_before_the_last_asking(batch_id: int, provider: FakeProvider) -> None:
    for now in ASKINGS[:2]:
        assert send_one(now) is None
        ask_in_vain(now)
    assert send_one(ASKINGS[2] - timedelta(seconds=1)) is None
    assert len(provider.calls) == 1
    assert check_books() == []


@pytest.mark.parametrize("asking", [0, 1, 2])
def test_a_hit_is_a_hand_over(batch_id: int, samples: Samples, provider: FakeProvider, asking: int) -> None:
    ask_in_vain(*ASKINGS[:asking])
    (call,) = provider.calls
    provider.known = lambda phone, out_id: out_id == call.out_id and phone == call.phones[2]
    ask(ASKINGS[asking])
    found = batch(batch_id)
    assert (found.state, found.accepted, found.unknown) == (BatchState.SENT, 20, 0)
    assert send_all(NOON + timedelta(hours=9)) == 0
    samples.report(call, now=ASKINGS[asking])
    assert batch(batch_id).state is BatchState.DONE
    assert figures(1) == (100, 20, 0, 0)
    assert check_books() == []


def test_no_hit_at_the_last_asking_makes_one_new_attempt(batch_id: int, provider: FakeProvider) -> None:
    ask_in_vain(*ASKINGS)
    assert send_all(ASKINGS[2]) == 1
    first, second = provider.calls
    assert first.out_id != second.out_id
    assert first.phones == second.phones
    assert batch(batch_id).accepted == 20
    assert check_books() == []


def test_a_second_silence_is_never_sent_again_and_expires(
    batch_id: int, samples: Samples, provider: FakeProvider
) -> None:
    ask_in_vain(*ASKINGS)
    provider.answer = fails(Outcome.UNKNOWN, "timeout", connection=True)
    assert send_all(ASKINGS[2]) == 1
    again = [ASKINGS[2] + (moment - NOON) for moment in ASKINGS]
    ask_in_vain(*again)
    for hours in (5, 24, 70):
        assert ask_due(now=NOON + timedelta(hours=hours)) == 0
        assert send_all(NOON + timedelta(hours=hours)) == 0
    assert expire_silent(hours=72, now=NOON + timedelta(hours=71, minutes=59)) == 0
    assert expire_silent(hours=72, now=NOON + timedelta(hours=72, minutes=1)) == 1
    found = batch(batch_id)
    assert (found.state, found.expired) == (BatchState.DONE, 20)
    assert figures(1) == (100, 0, 0, 0)
    before = rows()
    assert expire_silent(hours=72, now=NOON + timedelta(hours=80)) == 0
    assert rows() == before
    assert len(provider.calls) == 2
    # What comes yet is kept as a difference and moves nothing.
    samples.report(*provider.calls, now=NOON + timedelta(hours=90))
    assert (batch(batch_id).expired, figures(1)) == (20, (100, 0, 0, 0))
    assert check_books() == []


def test_a_code_is_not_sent_again(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    batch_id = lost(samples, provider, count=1, **CODE)
    ask_in_vain(*ASKINGS)
    found = batch(batch_id)
    assert (found.state, found.expired, chunk_states(batch_id)) == (BatchState.DONE, 1, {"expired": 1})
    assert figures(1) == (100, 0, 0, 0)
    assert send_all(ASKINGS[2]) == 0
    assert check_books() == []


def test_a_provider_that_is_away_is_asked_again(batch_id: int, provider: FakeProvider) -> None:
    def away(phone: str, out_id: str) -> bool:
        raise SmsError(Outcome.TRANSIENT, "unreachable", connection=True)

    provider.known = away
    ask_due(now=ASKINGS[0])
    provider.known = lambda phone, out_id: True
    ask(ASKINGS[0] + timedelta(minutes=5))
    assert batch(batch_id).accepted == 20


@pytest.mark.parametrize("attempt", [0, 1])
def test_a_receipt_resolves_the_whole_chunk(
    batch_id: int, samples: Samples, provider: FakeProvider, attempt: int
) -> None:
    if attempt:
        ask_in_vain(*ASKINGS)  # queued for its second attempt when the first one's receipt arrives
    samples.arrive([samples.receipt(provider.calls[0], phones(1)[0])])
    assert apply_receipts(now=ASKINGS[2]) == 1
    found = batch(batch_id)
    assert (found.delivered, found.accepted, found.state) == (1, 19, BatchState.SENT)
    assert send_all(ASKINGS[2]) == ask_due(now=ASKINGS[2]) == 0
    assert len(provider.calls) == 1
    samples.report(*provider.calls, now=ASKINGS[2])
    assert (batch(batch_id).state, figures(1)) == (BatchState.DONE, (100, 20, 0, 0))
    assert check_books() == []


def test_a_receipt_of_the_first_attempt_after_the_second_was_split(
    batch_id: int, samples: Samples, provider: FakeProvider
) -> None:
    ask_in_vain(*ASKINGS)
    provider.answer = fails(Outcome.SUSPECT, "isv.MOBILE_NUMBER_ILLEGAL")
    assert send_one(ASKINGS[2]) is not None
    assert chunk_states(batch_id) == {"split": 1, "queued": 2}
    samples.report(provider.calls[0], now=ASKINGS[2])
    provider.answer = None
    assert send_all(ASKINGS[2]) == 0
    found = batch(batch_id)
    assert (found.state, found.delivered) == (BatchState.DONE, 20)
    assert figures(1) == (100, 20, 0, 0)
    assert check_books() == []


def test_a_dead_workers_chunk_is_unknown_and_its_late_answer_counts(
    any_app: Flask, samples: Samples, provider: FakeProvider
) -> None:
    samples.access_key()
    customer = samples.customer(segments=100)
    batch_id = samples.batch(customer.id, phones(20), now=NOON)
    claim = claim_one(NOON)
    assert claim is not None
    lease = timedelta(seconds=any_app.config["LEASE_SECONDS"])
    assert sweep_leases(now=NOON + lease) == 0
    assert sweep_leases(now=NOON + lease + timedelta(seconds=1)) == 1
    before = rows()
    assert sweep_leases(now=NOON + lease + timedelta(seconds=2)) == 0
    assert rows() == before
    assert [attempt.state for attempt in attempts()] == [AttemptState.UNKNOWN]
    dispatch.record_answer(claim, "biz-late", now=NOON + timedelta(minutes=3))
    assert (batch(batch_id).accepted, [a.biz_id for a in attempts()]) == (20, ["biz-late"])
    assert ask_due(now=ASKINGS[2]) == 0
    assert check_books() == []


@pytest.mark.parametrize("outcome", [Outcome.TRANSIENT, Outcome.PERMANENT, Outcome.SUSPECT, Outcome.ACCOUNT])
def test_a_late_refusal_of_an_older_attempt_leaves_the_newer_alone(
    app: Flask, samples: Samples, provider: FakeProvider, outcome: Outcome
) -> None:
    samples.access_key()
    batch_id = samples.batch(samples.customer(segments=100).id, phones(20), now=NOON)
    old = claim_one(NOON)
    sweep_leases(now=NOON + timedelta(minutes=4))
    ask_in_vain(*ASKINGS)
    new = claim_one(ASKINGS[2])
    assert old is not None and new is not None
    dispatch.record_answer(old, SmsError(outcome, "late"), now=ASKINGS[2])
    assert chunk_states(batch_id) == {"sending": 1}
    dispatch.record_answer(new, "biz-new", now=ASKINGS[2])
    assert batch(batch_id).accepted == 20
    assert check_books() == []


@pytest.mark.parametrize("what", ["pause", "cancel"])
def test_a_chunk_that_comes_back_to_a_stopped_batch_does_not_go_out(
    any_app: Flask, samples: Samples, provider: FakeProvider, what: str
) -> None:
    batch_id = lost(samples, provider, count=20)
    stop = pause_batch if what == "pause" else cancel_batch
    ask_in_vain(*ASKINGS[:2])
    assert batch(batch_id).state is BatchState.SENDING
    stop(batch_id, by="test", now=ASKINGS[1])
    ask(ASKINGS[2])
    assert send_all(ASKINGS[2]) == 0
    if what == "pause":
        resume_batch(batch_id, by="test", now=ASKINGS[2])
        assert send_all(ASKINGS[2]) == 1
        assert batch(batch_id).state is BatchState.SENT
    else:
        assert (batch(batch_id).state, figures(1)) == (BatchState.CANCELLED, (100, 0, 0, 0))
        assert chunk_states(batch_id) == {ChunkState.CANCELLED.value: 1}
    assert check_books() == []
