"""A batch ends whatever becomes of the bell, the broker and the database's connections."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from app import create_app
from app.extensions import db
from app.jobs.shift import Shift
from app.models.states import BatchState
from app.services.books import check_books
from app.services.sending.progress import progress_of
from tests import databases
from tests.samples import FakeCall, FakeProvider, Samples, phones
from tests.waiting import until

FASTER = {"CLOCK_SCALE": 0.1, "LEASE_SECONDS": 30}


class Deaf:
    """A bell that nobody hears."""

    def line(self, lane: int) -> None: ...

    def receipts(self) -> None: ...


@contextmanager
def on_shift(app: Flask, *, works: bool = True, leads: bool = True) -> Iterator[Shift]:
    shift = Shift(app, works=works, leads=leads)
    shift.start()
    try:
        yield shift
    finally:
        shift.stop()


def test_from_the_ring_to_the_last_receipt(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    any_app.config.update(FASTER)
    samples.access_key()
    customer = samples.customer(segments=100)
    with on_shift(any_app):
        batch = samples.batch(customer.id, phones(12))
        until(lambda: progress_of(batch).state is BatchState.SENT)
        call = provider.calls[0]
        samples.arrive([samples.receipt(call, phone) for phone in call.phones])
        until(lambda: progress_of(batch).state is BatchState.DONE)
    assert check_books() == []


def test_a_bell_that_nobody_hears_loses_nothing(app: Flask, samples: Samples, provider: FakeProvider) -> None:
    app.config.update(FASTER)
    samples.access_key()
    customer = samples.customer(segments=100)
    with on_shift(app, leads=False):  # no clock either: the threads look by themselves
        app.extensions["bell"] = Deaf()
        batch = samples.batch(customer.id, phones(12))
        until(lambda: progress_of(batch).state is BatchState.SENT)
        samples.arrive([samples.receipt(provider.calls[0], phone) for phone in phones(12)])
        until(lambda: progress_of(batch).state is BatchState.DONE)


def test_the_clock_rings_for_what_is_due(app: Flask, samples: Samples) -> None:
    app.config.update(FASTER)
    samples.access_key()
    batch = samples.batch(samples.customer(segments=100).id, phones(12))
    rung: list[object] = []

    class Heard(Deaf):
        def line(self, lane: int) -> None:
            rung.append(lane)

        def receipts(self) -> None:
            rung.append("receipts")

    app.extensions["bell"] = Heard()
    with on_shift(app, works=False):
        until(lambda: 2 in rung)
        samples.arrive([{"phone_number": "13800000000"}])
        until(lambda: "receipts" in rung)
    assert progress_of(batch).state is BatchState.QUEUED


@pytest.mark.postgres
def test_a_batch_ends_without_the_broker(tmp_path: Path, samples: Samples, provider: FakeProvider) -> None:
    """The web rings at an address where no broker is; the worker's own look brings the batch to its end."""
    nowhere = {"BROKER_URL": "redis://127.0.0.1:1/0", "SMS_PROVIDER": lambda _: provider, **FASTER}
    with databases.application("postgresql", tmp_path, **nowhere) as web:
        url = web.config["SQLALCHEMY_DATABASE_URI"]
        worker = create_app(databases.settings(url, tmp_path, **nowhere), web=False)
        with web.app_context(), on_shift(worker, leads=False):
            samples.access_key()
            customer = samples.customer(segments=100)
            began = time.monotonic()
            batch = samples.batch(customer.id, phones(12))
            assert time.monotonic() - began < 20  # submitting does not wait for the broker
            until(lambda: progress_of(batch).state is BatchState.SENT)
        with worker.app_context():
            db.engine.dispose()


@pytest.mark.postgres
def test_a_batch_ends_although_the_database_drops_every_connection(
    tmp_path: Path, samples: Samples, provider: FakeProvider
) -> None:
    """As a restart of PostgreSQL looks from here: again and again all sessions are gone in the middle of a unit."""

    def slowly(call: FakeCall) -> str:
        time.sleep(0.05)
        return f"biz-{call.out_id}"

    provider.answer = slowly
    with (
        databases.application("postgresql", tmp_path, SMS_PROVIDER=lambda _: provider, **FASTER) as app,
        app.app_context(),
    ):
        samples.access_key()
        customer = samples.customer(segments=1000)
        batches = [samples.batch(customer.id, phones(11, 13_800_000_000 + 100 * place)) for place in range(30)]
        admin = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], isolation_level="AUTOCOMMIT")
        with on_shift(app), admin.connect() as connection:
            for _ in range(4):
                time.sleep(0.15)
                connection.execute(text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"))
            until(lambda: all(progress_of(batch).state is BatchState.SENT for batch in batches), 30)
        admin.dispose()
        assert len({call.out_id for call in provider.calls}) == len(provider.calls) == 30
        assert check_books() == []
