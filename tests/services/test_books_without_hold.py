"""A batch that sends must hold what it costs: rule 3 looks at batches without any hold too."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from app.services.books import check_books
from app.services.work import current_session, unit_of_work
from tests.samples import NOON, FakeProvider, Samples, phones, send_all


def breaches() -> list[tuple[int, str, str, str]]:
    current_session().rollback()
    return [(breach.rule, breach.subject, breach.expected, breach.found) for breach in check_books()]


@pytest.fixture
def batch_id(any_app: Flask, samples: Samples) -> int:
    """A batch of four that was never submitted and holds nothing."""
    samples.access_key()
    return samples.batch(samples.customer(segments=9).id, phones(4), submit=False, now=NOON)


def submit_unpaid() -> None:
    with unit_of_work() as session:
        session.execute(text("UPDATE batches SET state = 'queued', submitted_at = '2026-11-20 04:00:00'"))
        session.execute(text("UPDATE chunks SET due_at = '2026-11-20 04:00:00'"))


def test_a_batch_never_submitted_needs_no_hold(batch_id: int) -> None:
    assert breaches() == []


def test_what_waits_without_a_hold_is_told(batch_id: int) -> None:
    submit_unpaid()
    assert breaches() == [(3, f"batch {batch_id}, held", "4 by its messages", "0")]


def test_what_was_charged_without_a_hold_is_told(batch_id: int, provider: FakeProvider) -> None:
    submit_unpaid()
    send_all(NOON)
    with unit_of_work() as session:  # as a receipt would, were the ledger not to refuse it
        session.execute(text("UPDATE messages SET state = 'delivered'"))
    assert (3, f"batch {batch_id}, settled", "4 by its messages", "0") in breaches()
