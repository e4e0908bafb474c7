from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import create_app
from app.jobs.bell import CeleryBell
from app.models.batches import Attempt
from app.models.states import Lane
from app.services.work import current_session
from standins import spawn as standins
from tests import databases
from tests.processes import running
from tests.samples import Samples, phones
from tests.services_at_hand import redis_url
from tests.waiting import until


def application(tmp_path: Path, broker: str) -> Flask:
    return create_app(databases.settings(databases.sqlite_url(tmp_path), tmp_path, BROKER_URL=broker), web=False)


def test_without_a_broker_nobody_rings(app: Flask) -> None:
    assert "bell" not in app.extensions


def test_a_broker_that_is_away_costs_no_time_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = application(tmp_path, "redis://127.0.0.1:1/0")
    bell = app.extensions["bell"]
    assert isinstance(bell, CeleryBell)
    began = time.monotonic()
    with app.app_context(), caplog.at_level(logging.WARNING, "app.jobs.bell"):
        for _ in range(100):
            bell.line(Lane.BULK)
            bell.receipts()
    assert time.monotonic() - began < 20
    assert len(caplog.records) == 1


@pytest.mark.redis
def test_a_ring_over_redis_wakes_a_worker(tmp_path: Path, samples: Samples) -> None:
    """The worker looks by itself only every half hour here, so what it does at once it does for the ring."""
    broker = redis_url().rpartition("/")[0] + "/11"
    app = application(tmp_path, broker)
    worker = running("worker", url=app.config["SQLALCHEMY_DATABASE_URI"], home=tmp_path, BROKER_URL=broker,
                     CLOCK_SCALE="1000", POSTHOUSE_KEY=app.config["POSTHOUSE_KEY"])
    with app.app_context(), standins.running() as control, worker:
        samples.access_key(endpoint=control.base_url)
        customer = samples.customer(segments=100)
        samples.batch(customer.id, phones(12))
        until(lambda: calls() == 1, 20)
        samples.batch(customer.id, phones(12, 15_900_000_000))
        until(lambda: calls() == 2, 10)


def calls() -> int:
    session = current_session()
    count = session.scalar(select(func.count()).select_from(Attempt)) or 0
    session.rollback()
    return count
