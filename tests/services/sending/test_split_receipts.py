"""Receipts for calls whose recipients have been split up since: all is locked in one ascending order."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.gateways.sms import Outcome, SmsError
from app.models.batches import Batch, Chunk
from app.models.states import BatchState, ChunkState
from app.services.books import check_books
from app.services.sending import chunks, dispatch, families
from app.services.sending.receipts import apply_receipts
from app.services.work import current_session
from tests.samples import NOON, FakeCall, FakeProvider, Samples, claim_one, phones
from tests.services.sending.crowd import at_once


@pytest.fixture
def calls(any_app: Flask, samples: Samples, provider: FakeProvider) -> list[FakeCall]:
    """Two calls of four numbers each, of two batches, refused as perhaps one number's fault: both were halved."""

    def refuse(_: FakeCall) -> str:
        raise SmsError(Outcome.SUSPECT, "isv.INVALID_PARAMETERS")

    samples.access_key()
    customer = samples.customer(segments=100)
    for start in (13_800_000_000, 13_900_000_000):
        samples.batch(customer.id, phones(4, start), now=NOON)
    provider.answer = refuse
    for claim in [claim_one(NOON), claim_one(NOON)]:
        assert claim is not None
        dispatch.record_answer(claim, dispatch._call(claim), now=NOON)
    session = current_session()
    parents = session.execute(select(Chunk.parent_id).where(Chunk.parent_id.is_not(None)).order_by(Chunk.id)).all()
    session.rollback()
    assert len(parents) == 4 and len(set(parents)) == 2
    return list(provider.calls)


def states() -> tuple[set[BatchState], set[ChunkState]]:
    session = current_session()
    session.rollback()
    halves = set(session.scalars(select(Chunk.state).where(Chunk.parent_id.is_not(None))))
    return set(session.scalars(select(Batch.state))), halves


def test_parents_and_parts_are_locked_in_ascending_order(
    calls: list[FakeCall], samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    real = chunks.lock_chunks

    def lock(session: Any, ids: list[int]) -> Any:
        taken.extend(each for each in ids if each not in taken)
        return real(session, ids)

    monkeypatch.setattr(chunks, "lock_chunks", lock)
    samples.report(*reversed(calls), now=NOON)
    assert len(taken) == 6 and taken == sorted(taken)
    assert states() == ({BatchState.DONE}, {ChunkState.ACCEPTED})
    assert check_books() == []


def test_a_chunk_split_while_it_was_looked_up(
    calls: list[FakeCall], samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Any] = [{}]  # what was seen before the split
    real = families._parts_of
    monkeypatch.setattr(families, "_parts_of", lambda *given: answers.pop() if answers else real(*given))
    samples.report(*calls, now=NOON)
    assert states() == ({BatchState.DONE}, {ChunkState.ACCEPTED})


def test_units_side_by_side_do_not_hold_each_other_up(any_app: Flask, calls: list[FakeCall], samples: Samples) -> None:
    for each in (calls, calls[::-1], calls, calls[::-1]):
        samples.arrive([samples.receipt(call, phone) for call in each for phone in call.phones])
    at_once(any_app, *[lambda: [apply_receipts(now=NOON, most=1) for _ in range(4)]] * 4)
    assert states() == ({BatchState.DONE}, {ChunkState.ACCEPTED})
    assert check_books() == []
