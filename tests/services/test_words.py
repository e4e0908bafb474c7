"""Sensitive words: found as they stand now, and looked for once."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text

from app.models.batches import Batch
from app.models.blacklist import SensitiveWord
from app.models.states import BatchState
from app.services import words
from app.services.sending.check import check_batch
from app.services.sending.compose import Order, compose_file
from app.services.words import forbidden_words
from app.services.work import unit_of_work
from tests.samples import Samples, phones


def say(*listed: str) -> None:
    with unit_of_work() as session:
        session.execute(delete(SensitiveWord))
        session.add_all(SensitiveWord(word=word) for word in listed)


def found(batch_id: int) -> list[str]:
    with unit_of_work() as session:
        return forbidden_words(session, session.get_one(Batch, batch_id))


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids of the batches whose every text was looked at."""
    ids: list[int] = []
    real = words._search

    def search(session: Any, listed: Any, facts: Any) -> list[str]:
        ids.append(facts.id)
        return real(session, listed, facts)

    monkeypatch.setattr(words, "_search", search)
    return ids


@pytest.fixture
def batch_id(any_app: Flask, samples: Samples) -> int:
    """A batch of two whose variables say 张三 and 李四."""
    customer = samples.customer(segments=9)
    signature_id, template_id = samples.wording(customer.id, content="您好${name}，订单已发货。")
    order = Order(customer_id=customer.id, signature_id=signature_id, template_id=template_id, by="test")
    one, two = phones(2)
    return compose_file(order, samples.file(f"{one},张三\n{two},李四\n"))


def test_a_word_that_took_the_place_of_another_is_found(batch_id: int) -> None:
    say("无关")
    assert found(batch_id) == []
    say("李四")  # as many words as before, and on SQLite the same id
    assert found(batch_id) == ["李四"]
    with unit_of_work() as session:
        session.scalars(select(SensitiveWord)).one().word = "张三"
    assert found(batch_id) == ["张三"]
    say()
    assert found(batch_id) == []


def test_a_batch_is_looked_at_once_for_a_list(batch_id: int, searched: list[int]) -> None:
    say("无关")
    check_batch(batch_id)
    for _ in range(3):
        assert found(batch_id) == []
    assert searched == [batch_id]
    say("无关", "张三")
    for _ in range(2):
        assert found(batch_id) == ["张三"]
    assert searched == [batch_id] * 2


def test_a_batch_that_is_still_read_is_looked_at_again(batch_id: int, searched: list[int]) -> None:
    say("无关")
    with unit_of_work() as session:
        session.execute(text("UPDATE batches SET state = 'preparing'"))
    for _ in range(2):
        assert found(batch_id) == []
    assert searched == [batch_id] * 2


def test_what_is_remembered_is_bounded(batch_id: int, searched: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_MOST_ANSWERS", 3)
    say("无关")
    with unit_of_work() as session:
        batch = session.get_one(Batch, batch_id)
        row = {column.name: getattr(batch, column.name) for column in Batch.__table__.columns if column.name != "id"}
        row |= {"state": BatchState.CHECKED, "idempotency_key": None}
        ids = [session.execute(insert(Batch).values(row).returning(Batch.id)).scalar_one() for _ in range(5)]
    for each in (*ids, ids[-1], ids[0]):
        assert found(each) == []
    assert searched == [*ids, ids[0]]
    assert len(words._answers) == 3
