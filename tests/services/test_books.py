"""Each of the six rules, broken by hand behind the services' backs, is told by its number and by no other."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from flask import Flask
from sqlalchemy import text

from app.domain.message_types import MessageType
from app.extensions import db
from app.services import books, caps
from app.services.books import check_books
from app.services.sending.running import cancel_batch
from tests.samples import NOON, FakeProvider, Samples, phones, send_all


def tamper(*statements: str) -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def rules() -> set[int]:
    db.session.rollback()
    return {breach.rule for breach in check_books()}


@pytest.fixture
def busy(any_app: Flask, samples: Samples, provider: FakeProvider) -> Flask:
    make_busy(samples, provider)
    return any_app


def make_busy(samples: Samples, provider: FakeProvider) -> None:
    """Batch 1 with messages in many states, batch 2 cancelled, batch 3 waiting; a member with a cap; four orders."""
    samples.access_key()
    customer = samples.customer(segments=100)
    member = samples.member(customer.id)
    caps.set_cap(member, kind=MessageType.NOTICE, limit=50, by="test")
    samples.batch(customer.id, phones(20), member_id=member, now=NOON)
    send_all(NOON)
    (call,) = provider.calls
    samples.arrive([samples.receipt(call, phone) for phone in call.phones[:8]])
    samples.arrive([samples.receipt(call, phone, delivered=False) for phone in call.phones[8:11]])
    samples.report(now=NOON)
    cancel_batch(samples.batch(customer.id, phones(12), now=NOON), by="test", now=NOON)
    samples.batch(customer.id, phones(12), now=NOON)
    stamp = "'2026-11-20 04:00:00'"
    tamper(
        "INSERT INTO packages (id, name, kind, size, months, unit_price, price, recommended, position) "
        "VALUES (1, 'p', 'notice', 100, 12, 400, 4000, false, 0)",
        *(
            f"INSERT INTO orders (id, number, customer_id, package_id, goods_amount, amount, state, created_at) "
            f"VALUES ({key}, 'O{key}', {customer.id}, 1, 4000, 4000, '{state}', {stamp})"
            for key, state in ((1, "unpaid"), (2, "paid"), (3, "granted"), (4, "void"))
        ),
        *(
            f"INSERT INTO payments (id, order_id, number, amount, state, received_at, fate, note, created_at) "
            f"VALUES ({key}, {key}, 'P{key}', 4000, '{state}', {got}, {fate}, '', {stamp})"
            for key, state, got, fate in (
                (1, "open", "NULL", "NULL"),
                (2, "paid", stamp, "'granting'"),
                (3, "paid", stamp, "'granting'"),
                (4, "superseded", stamp, "'refund_due'"),
            )
        ),
        "UPDATE grants SET order_id = 3",
    )
    assert rules() == set()


ENTRY = "INSERT INTO ledger_entries (grant_id, hold_id, kind, segments, by, reason, created_at) VALUES "
MESSAGE = "(SELECT min(id) FROM messages WHERE state = '{}')"


BROKEN = [
    (2, "UPDATE grants SET size = size + 1"),
    (2, "UPDATE grants SET used = used + 1"),
    (2, "UPDATE grants SET held = held - 1"),
    (2, "UPDATE grants SET lapsed = lapsed + 1"),
    (3, "UPDATE holds SET settled = settled + 1 WHERE batch_id = 1"),
    (3, "UPDATE holds SET released = released - 1 WHERE batch_id = 2"),
    (3, "UPDATE batches SET state = 'done' WHERE id = 3"),
    (4, "UPDATE batches SET delivered = delivered + 1, failed = failed - 1 WHERE id = 1"),
    (4, "UPDATE batches SET queued = 11 WHERE id = 3"),
    (4, "UPDATE daily_volumes SET messages = messages + 1"),
    (4, "UPDATE daily_volumes SET delivered_segments = delivered_segments - 1"),
    (4, "UPDATE daily_volumes SET failed = 0"),
    (4, "UPDATE daily_volumes SET day = '2026-11-21'"),
    (4, "DELETE FROM daily_volumes"),
    (5, "UPDATE orders SET state = 'paid' WHERE id = 3"),
    (5, "UPDATE orders SET state = 'granted' WHERE id = 1"),
    (5, "UPDATE payments SET fate = NULL WHERE id = 4"),
    (5, "UPDATE payments SET received_at = NULL WHERE id = 2"),
    (5, "UPDATE payments SET fate = 'granting' WHERE id = 4"),
    (5, "UPDATE payments SET order_id = 3 WHERE id = 2"),
    (6, "UPDATE caps SET used = used + 1"),
    (6, "UPDATE caps SET held = 0"),
]
MOVED = [
    f"UPDATE messages SET state = 'failed' WHERE id = {MESSAGE.format('delivered')}",
    f"DELETE FROM messages WHERE id = {MESSAGE.format('delivered')}",
    f"UPDATE messages SET chunk_id = 999 WHERE id = {MESSAGE.format('accepted')}",
    f"UPDATE messages SET segments = 2 WHERE id = {MESSAGE.format('delivered')}",
]


def rules_after(monkeypatch: pytest.MonkeyPatch, statement: str) -> set[int]:
    """The rules found broken after a change that is then taken back."""
    db.session.rollback()
    with db.engine.connect() as connection, monkeypatch.context() as patch:
        patch.setattr(books, "snapshot", lambda: nullcontext(connection))
        connection.execute(text(statement))
        found = {breach.rule for breach in check_books()}
        connection.rollback()
    return found


def test_exactly_the_broken_rule_is_told(busy: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for rule, statement in BROKEN:
        found = rules_after(monkeypatch, statement)
        # A cap is compared with its member's holds, so a hold that was changed shows there too.
        assert found - ({6} if "holds" in statement else set()) == {rule}, statement
    for statement in MOVED:  # a message that moved alone breaks the counters and what its batch is charged
        assert rules_after(monkeypatch, statement) == {3, 4}, statement
    assert rules() == set()


@pytest.mark.parametrize("figures", ["used = -1", "held = -1", "lapsed = -1", "used = size + 1", "size = -1"])
def test_the_first_rule_is_the_databases_own(any_app: Flask, samples: Samples, figures: str) -> None:
    samples.customer(segments=10)
    with pytest.raises(Exception, match=r"(?i)balances"):
        tamper(f"UPDATE grants SET {figures}")
    if db.engine.dialect.name == "postgresql":  # and where the constraint is gone, the check still sees it
        constraint = (
            "SELECT conname FROM pg_constraint WHERE conrelid = 'grants'::regclass AND conname LIKE '%balances'"
        )
        with db.engine.connect() as connection:
            name = connection.execute(text(constraint)).scalar_one()
        tamper(f'ALTER TABLE grants DROP CONSTRAINT "{name}"', f"UPDATE grants SET {figures}")
        assert 1 in rules()


def test_an_entry_nobody_moved_is_told(busy: Flask) -> None:
    tamper(ENTRY + "(1, NULL, 'assignment', 5, 'x', '', '2026-11-20 04:00:00')")
    assert rules() == {2}


@pytest.mark.parametrize(
    "values", ["(1, NULL, 'hold', 0, 'x', '', '2026-11-20')", "(1, NULL, 'settle', -1, 'x', '', '2026-11-20')"]
)
def test_an_entry_is_of_something(busy: Flask, values: str) -> None:
    with pytest.raises(Exception, match=r"(?i)signed"):
        tamper(
            "INSERT INTO ledger_entries (grant_id, hold_id, kind, segments, by, reason, created_at) VALUES " + values
        )


def test_an_order_has_one_grant(busy: Flask, samples: Samples) -> None:
    samples.customer(segments=5)
    with pytest.raises(Exception, match=r"(?i)unique"):
        tamper("UPDATE grants SET order_id = 3")


def test_a_breach_reads_as_a_sentence(busy: Flask) -> None:
    tamper("UPDATE grants SET size = size + 1")
    db.session.rollback()
    (breach,) = check_books()
    assert str(breach) == "rule 2: grant 1, size: expected 100 by its entries, found 101"
