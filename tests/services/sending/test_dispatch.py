"""One call and what comes of it: each outcome moves what it must and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, current_app

from app.domain.message_types import MessageType
from app.extensions import db
from app.gateways.sms import Outcome, SmsError
from app.models.batches import Attempt, Batch, Chunk
from app.models.messages import Message
from app.models.states import AttemptState, BatchState, ChunkState, MessageState
from app.models.statistics import FailureCount
from app.services.books import check_books
from app.services.sending import dispatch
from tests.samples import NOON, FakeCall, FakeProvider, Samples, claim_one, phones, rows, send_all, send_one
from tests.services.test_grants import figures

Answer = Callable[[FakeCall], str]


def fails(outcome: Outcome, code: str = "isv.SOME_CODE", message: str = "", **more: Any) -> Answer:
    def answer(call: FakeCall) -> str:
        raise SmsError(outcome, code, message, **more)

    return answer


def batch(batch_id: int) -> Batch:
    db.session.rollback()
    found = db.session.get(Batch, batch_id, populate_existing=True)
    assert found is not None
    return found


def chunk_states(batch_id: int) -> dict[str, int]:
    db.session.rollback()
    query = db.select(Chunk.state, db.func.count()).where(Chunk.batch_id == batch_id).group_by(Chunk.state)
    return {row[0].value: row[1] for row in db.session.execute(query)}


def attempts() -> list[Attempt]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Attempt).order_by(Attempt.id).execution_options(populate_existing=True)))


@pytest.fixture
def customer_id(any_app: Flask, samples: Samples) -> int:
    samples.access_key()
    return samples.customer(segments=3000).id


def test_an_accepted_call(customer_id: int, samples: Samples, provider: FakeProvider) -> None:
    batch_id = samples.batch(customer_id, phones(1100), now=NOON)
    assert send_all(NOON) == 2
    assert [len(call.phones) for call in provider.calls] == [1000, 100]
    assert provider.calls[0].phones == phones(1100)[:1000]
    assert len({call.out_id for call in provider.calls}) == 2
    found = batch(batch_id)
    assert (found.state, found.accepted, found.queued) == (BatchState.SENT, 1100, 0)
    assert [(a.state, a.biz_id) for a in attempts()] == [
        (AttemptState.ACCEPTED, f"biz-{call.out_id}") for call in provider.calls
    ]
    assert check_books() == []
    samples.report(*provider.calls, now=NOON)
    assert batch(batch_id).state is BatchState.DONE
    assert figures(1) == (3000, 1100, 0, 0)
    assert check_books() == []


def test_a_passing_refusal_is_tried_again_later_each_time_and_not_for_ever(
    customer_id: int, samples: Samples, provider: FakeProvider
) -> None:
    provider.answer = fails(Outcome.TRANSIENT, "isv.BUSINESS_LIMIT_CONTROL")
    batch_id = samples.batch(customer_id, phones(20), now=NOON)
    now, pauses = NOON, []
    for _ in range(current_app.config["MAX_TRIES"] - 1):
        assert send_one(now) is not None
        assert send_one(now) is None
        due_at = db.session.scalars(db.select(Chunk.due_at)).one()
        db.session.rollback()
        assert due_at is not None
        pauses.append((due_at - now).total_seconds())
        now = due_at
    assert all(later > earlier for earlier, later in itertools.pairwise(pauses))
    assert send_one(now) is not None
    found = batch(batch_id)
    assert (found.state, found.failed) == (BatchState.DONE, 20)
    assert figures(1) == (3000, 0, 0, 0)
    assert db.session.execute(db.select(FailureCount.code, FailureCount.messages)).all() == [
        ("isv.BUSINESS_LIMIT_CONTROL", 20)
    ]
    assert send_one(now + timedelta(days=1)) is None
    assert check_books() == []


def test_the_providers_own_time_is_waited_for(customer_id: int, samples: Samples, provider: FakeProvider) -> None:
    provider.answer = fails(Outcome.TRANSIENT, "Throttling", retry_after=90.0)
    samples.batch(customer_id, phones(20), now=NOON)
    send_one(NOON)
    assert send_one(NOON + timedelta(seconds=89)) is None
    assert send_one(NOON + timedelta(seconds=90)) is not None


def test_a_refusal_for_all_fails_all(customer_id: int, samples: Samples, provider: FakeProvider) -> None:
    provider.answer = fails(Outcome.PERMANENT, "isv.SMS_SIGNATURE_ILLEGAL", message="no")
    batch_id = samples.batch(customer_id, phones(30), now=NOON)
    assert send_all(NOON) == 1
    found = batch(batch_id)
    assert (found.state, found.failed, found.ended_at) == (BatchState.DONE, 30, NOON)
    assert figures(1) == (3000, 0, 0, 0)
    assert set(db.session.scalars(db.select(Message.code))) == {"isv.SMS_SIGNATURE_ILLEGAL"}
    assert check_books() == []


def test_three_bad_numbers_fail_alone(customer_id: int, samples: Samples, provider: FakeProvider) -> None:
    numbers = phones(1000)
    bad = {numbers[0], numbers[499], numbers[998]}

    def answer(call: FakeCall) -> str:
        if bad & set(call.phones):
            raise SmsError(Outcome.SUSPECT, "isv.MOBILE_NUMBER_ILLEGAL")
        return f"biz-{call.out_id}"

    provider.answer = answer
    batch_id = samples.batch(customer_id, numbers, now=NOON)
    calls = send_all(NOON)
    found = batch(batch_id)
    assert (found.failed, found.accepted, found.state) == (3, 997, BatchState.SENT)
    failed = db.session.scalars(db.select(Message.phone).where(Message.state == MessageState.FAILED))
    assert set(failed) == bad
    accepted = [phone for call in provider.calls if not bad & set(call.phones) for phone in call.phones]
    assert sorted(accepted) == sorted(set(numbers) - bad)
    # One path of halves to each bad row: 2 × ⌈log₂ 1000⌉ calls each at most, and the first.
    assert calls == len(provider.calls) <= 1 + 3 * 2 * 10
    assert len({call.out_id for call in provider.calls}) == calls
    assert figures(1) == (3000, 0, 997, 0)
    assert check_books() == []


def test_one_suspect_waits_a_minute_only_for_the_limit_of_a_minute(
    customer_id: int, samples: Samples, provider: FakeProvider
) -> None:
    provider.answer = fails(Outcome.SUSPECT, "isv.BUSINESS_LIMIT_CONTROL", message="触发分钟级流控Permits:1")
    first = samples.batch(customer_id, phones(1), now=NOON)
    content = "您的验证码已经准备好，请勿告诉别人。"
    code = samples.batch(
        customer_id, phones(1, 13_900_000_000), now=NOON, content=content, code="SMS_2", kind=MessageType.VERIFICATION
    )
    assert send_all(NOON) == 2
    assert (batch(first).queued, batch(code).failed) == (1, 1)
    assert send_one(NOON + timedelta(seconds=59)) is None
    provider.answer = fails(Outcome.SUSPECT, "isv.BUSINESS_LIMIT_CONTROL", message="触发天级流控Permits:10")
    assert send_one(NOON + timedelta(seconds=60)) is not None
    assert batch(first).failed == 1
    assert check_books() == []


def test_recording_an_answer_again_changes_nothing(customer_id: int, samples: Samples) -> None:
    outcomes = [outcome for outcome in Outcome if outcome is not Outcome.ACCOUNT]
    answers: list[str | SmsError] = ["biz-1", *(SmsError(outcome, "isv.X") for outcome in outcomes)]
    for answer in answers:
        samples.batch(customer_id, phones(12), now=NOON)
        claim = claim_one(NOON)
        assert claim is not None
        dispatch.record_answer(claim, answer, now=NOON)
        before = rows()
        dispatch.record_answer(claim, answer, now=NOON + timedelta(seconds=5))
        assert rows() == before
        db.session.execute(db.update(Chunk).where(Chunk.state == ChunkState.QUEUED).values(due_at=None))
        db.session.commit()
    assert check_books() == []


def test_a_chunk_is_claimed_once(customer_id: int, samples: Samples) -> None:
    samples.batch(customer_id, phones(12), now=NOON)
    assert claim_one(NOON) is not None
    assert claim_one(NOON) is None


def test_a_process_that_slept_over_its_lease_does_not_call(
    customer_id: int, samples: Samples, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = samples.batch(customer_id, phones(12), now=NOON)
    claim = claim_one(NOON)
    assert claim is not None
    monkeypatch.setattr("app.services.sending.dispatch.time.monotonic", lambda: claim.deadline + 1)
    answer = dispatch._call(claim)
    assert isinstance(answer, SmsError) and provider.calls == []
    monkeypatch.undo()
    dispatch.record_answer(claim, answer, now=NOON)
    assert chunk_states(batch_id) == {"queued": 1}
    assert send_one(NOON) is not None


def test_each_recipient_gets_its_own_values(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer(segments=10)
    numbers = [f"{phone},先生{index},{index}00" for index, phone in enumerate(phones(3))]
    samples.batch(customer.id, numbers, content="您好${name}，欠款${amount}元，请及时处理。", now=NOON)
    send_all(NOON)
    (call,) = provider.calls
    assert call.phones == phones(3)
    assert call.variables == [{"name": f"先生{index}", "amount": f"{index}00"} for index in range(3)]
