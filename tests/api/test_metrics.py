"""The figures are those of the database, and only this machine or the bearer of the token reads them."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import OperationalError

from app.api import metrics
from app.models.access_keys import AccessKey, Trouble
from app.models.batches import Batch, Chunk
from app.models.states import BatchState, ChunkState, Lane
from app.models.statistics import FailureCount
from app.models.types import utc_now
from app.services import books_watch
from app.services.notices import clear_notice, raise_notice
from app.services.sending.dispatch import dispatch_next
from app.services.sending.receipts import apply_receipts
from app.services.work import unit_of_work
from tests.samples import FakeProvider, Samples, phones


def read(app: Flask) -> dict[str, float]:
    """Every sample by its name and labels: `posthouse_batches{state="done"}` as `posthouse_batches:done`."""
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    return {
        ":".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_figures_of_an_empty_house_are_there_and_nought(web: Flask) -> None:
    figures = read(web)
    assert len(figures) == 26 and set(figures.values()) == {0.0}
    assert "posthouse_queued_messages:bulk" in figures and "posthouse_batches:preparing" in figures


def test_a_batch_moves_through_the_figures(web: Flask, key: SimpleNamespace, provider: FakeProvider) -> None:
    samples = Samples()
    with web.app_context():
        customer = samples.customer(segments=100)
        samples.batch(customer.id, phones(5))
    figures = read(web)
    assert figures["posthouse_queued_messages:single"] == 5 and figures["posthouse_batches:queued"] == 1
    with web.app_context():
        dispatch_next(list(Lane), worker="test")
        call = provider.calls[0]
        good = [samples.receipt(call, phone) for phone in call.phones[:3]]
        samples.arrive([*good, samples.receipt(call, call.phones[3], delivered=False, code="MK:0001")])
    figures = read(web)
    assert figures["posthouse_handed_over_messages_total"] == 5
    assert figures["posthouse_raw_receipts_waiting:receipt"] == 1 and figures["posthouse_queued_messages:single"] == 0
    with web.app_context():
        apply_receipts()
    figures = read(web)
    assert figures["posthouse_receipts_total:delivered"] == 3 and figures["posthouse_receipts_total:failed"] == 1
    assert figures["posthouse_failures_total:MK:0001"] == 1 and figures["posthouse_raw_receipts_waiting:receipt"] == 0


def test_what_ended_is_added_up_once_and_never_twice(web: Flask, key: SimpleNamespace) -> None:
    def write(batch: int, state: BatchState, failed: int) -> None:
        with web.app_context(), unit_of_work() as session:
            session.execute(update(Batch).where(Batch.id == batch).values(state=state))
            session.execute(delete(FailureCount).where(FailureCount.batch_id == batch))
            session.add(FailureCount(batch_id=batch, code="MK:0001", messages=failed))

    with web.app_context():
        customer = Samples().customer(segments=100)
        first, last = (Samples().batch(customer.id, phones(1), content=f"第{n}号订单已发货。", code=f"SMS_{n}")
                       for n in range(2))
        with unit_of_work() as session:  # ids far apart: those close to the newest may still be in flight
            row = dict(session.execute(select(Batch.__table__).where(Batch.id == last)).mappings().one())
            session.execute(insert(Batch), [row | {"id": last + 1000, "idempotency_key": None}])
    write(first, BatchState.DONE, 2)
    write(last, BatchState.SENDING, 3)
    write(last + 1000, BatchState.SENDING, 5)
    name = "posthouse_failures_total:MK:0001"
    assert [read(web)[name], read(web)[name]] == [10, 10]
    write(last, BatchState.DONE, 4)
    write(last + 1000, BatchState.DONE, 6)
    assert [read(web)[name], read(web)[name]] == [12, 12]
    settled = web.extensions["settled_failures"]
    assert settled._read_to == last + 900 and settled._totals == {"MK:0001": 6}


def test_what_is_late_is_counted_in_seconds(web: Flask, key: SimpleNamespace) -> None:
    with web.app_context():
        customer = Samples().customer(segments=100)
        Samples().batch(customer.id, phones(5))
        with unit_of_work() as session:
            session.execute(update(Chunk).values(due_at=utc_now() - timedelta(seconds=90)))
    assert 90 <= read(web)["posthouse_oldest_due_seconds:single"] < 100
    with web.app_context(), unit_of_work() as session:
        session.execute(update(Chunk).values(state=ChunkState.UNKNOWN))
    figures = read(web)
    assert figures["posthouse_unknown_chunks"] == 1 and figures["posthouse_oldest_due_seconds:single"] == 0


def test_trouble_shows_and_goes(web: Flask, key: SimpleNamespace) -> None:
    with web.app_context(), unit_of_work() as session:
        session.execute(update(AccessKey).values(trouble=Trouble.ACCOUNT))
        raise_notice(session, books_watch.KEY, "books", "12: grant 3", now=utc_now())
    figures = read(web)
    assert figures["posthouse_access_key_trouble:account"] == 1 and figures["posthouse_access_key_trouble:breaker"] == 0
    assert figures["posthouse_open_notices"] == 1 and figures["posthouse_book_breaches"] == 12
    with web.app_context(), unit_of_work() as session:
        clear_notice(session, books_watch.KEY, now=utc_now())
    assert read(web)["posthouse_book_breaches"] == 0


@pytest.mark.parametrize(("address", "headers", "status"), [
    ("127.0.0.1", {}, 200),
    ("127.8.8.8", {}, 200),
    ("::1", {}, 200),
    ("::ffff:127.0.0.1", {}, 200),
    ("10.0.0.5", {}, 404),
    ("", {}, 404),
    ("10.0.0.5", {"X-Forwarded-For": "127.0.0.1"}, 404),
    ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
    ("127.0.0.1", {"X-Real-IP": "9.9.9.9"}, 404),
    ("10.0.0.5", {"Authorization": "Bearer s3cret"}, 200),
    ("127.0.0.1", {"Authorization": "Bearer s3cret", "X-Forwarded-For": "9.9.9.9"}, 200),
    ("10.0.0.5", {"Authorization": "Bearer wrong"}, 404),
    ("10.0.0.5", {"Authorization": "Bearer "}, 404),
    ("10.0.0.5", {"Authorization": "s3cret"}, 404),
])
def test_who_may_read(web: Flask, address: str, headers: dict[str, str], status: int) -> None:
    web.config["METRICS_TOKEN"] = "s3cret"
    answer = web.test_client().get("/metrics", environ_base={"REMOTE_ADDR": address}, headers=headers)
    assert answer.status_code == status


def test_without_a_token_none_fits(web: Flask) -> None:
    web.config["METRICS_TOKEN"] = ""
    client = web.test_client()
    for value in ("Bearer", "Bearer ", "bearer "):
        answer = client.get("/metrics", environ_base={"REMOTE_ADDR": "10.0.0.5"}, headers={"Authorization": value})
        assert answer.status_code == 404


def test_a_lost_database_is_said(web: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_registry: object) -> bytes:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(metrics, "generate_latest", gone)
    assert web.test_client().get("/metrics").status_code == 503
