"""The broker goes away, the database is restarted, the provider's money runs out: the batch ends, the books balance."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from app.extensions import db
from app.models.access_keys import AccessKey, Trouble
from app.models.batches import Batch
from app.models.settings import Notice
from app.models.states import BatchState
from app.services.access_keys import resume_access_key
from standins.spawn import running
from tests import databases
from tests.reliability.doors import door
from tests.reliability.house import assert_all_is_well, batch_row, compose_people, furnish, house, wait_for
from tests.services_at_hand import postgres_url, redis_url

PEOPLE = 10_000


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_broker_is_lost_during_a_batch(tmp_path: Path) -> None:
    redis = make_url(redis_url())
    with (
        databases.database("postgresql", tmp_path) as url,
        running() as control,
        door(redis.host or "127.0.0.1", redis.port or 6379) as broker,
    ):
        address = f"redis://127.0.0.1:{broker.port}/{redis.database or 0}"
        with house(url, tmp_path, control, BROKER_URL=address, DISPATCH_THREADS="4") as (own, _):
            ids = furnish(control)
            control.set(latency_ms=300)
            batch_id = compose_people(PEOPLE, ids)
            for words in ("clock", "worker", "worker"):
                own.start(words)
            wait_for(lambda: batch_row(batch_id).queued < PEOPLE, seconds=30, why="the start of the batch", house=own)
            broker.shut()
            assert batch_row(batch_id).queued > 0, "the broker was lost too late to matter"
            second = compose_people(500, ids, start=13_900_000_000)
            for each in (batch_id, second):
                wait_for(
                    lambda each=each: batch_row(each).state is BatchState.DONE, seconds=90, why="the end", house=own
                )
            broker.open()
            third = compose_people(500, ids, start=15_900_000_000)
            wait_for(
                lambda: batch_row(third).state is BatchState.DONE, seconds=60, why="the end of the third", house=own
            )
            _everything_is_well(control)


def _everything_is_well(control: object) -> None:
    from app.services.books import check_books

    total = db.session.scalar(select(func.sum(Batch.delivered + Batch.failed + Batch.expired)))
    summary = control.journal_summary()  # type: ignore[attr-defined]
    assert summary["repeated"] == []
    assert summary["numbers"] == total
    assert [str(breach) for breach in check_books()] == []


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_database_is_restarted_during_a_batch(tmp_path: Path) -> None:
    """What a restart is to whoever is connected: every connection breaks at once, and for a while there is no other."""
    with (
        databases.database("postgresql", tmp_path) as url,
        running() as control,
        house(url, tmp_path, control, BROKER_URL=redis_url(), DISPATCH_THREADS="4") as (own, _),
    ):
        ids = furnish(control)
        control.set(latency_ms=300, receipt_delay_ms=200)
        batch_id = compose_people(PEOPLE, ids)
        for words in ("clock", "worker", "worker"):
            own.start(words)
        wait_for(lambda: batch_row(batch_id).queued < PEOPLE, seconds=30, why="the start of the batch", house=own)
        for _ in range(2):
            _restart(url)
            time.sleep(1)
        db.engine.dispose()
        wait_for(lambda: batch_row(batch_id).state is BatchState.DONE, seconds=90, why="the end", house=own)
        assert_all_is_well(batch_id, control)


def _restart(url: str) -> None:
    parts = make_url(postgres_url())
    name = make_url(url).database
    db.session.remove()
    with psycopg.connect(
        host=parts.host,
        port=parts.port,
        user=parts.username,
        password=parts.password,
        dbname=parts.database,
        autocommit=True,
    ) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        time.sleep(2)
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("resumed_by", ["a person", "the probe"])
def test_upstream_out_of_money_everything_waits_and_goes_on_together(tmp_path: Path, resumed_by: str) -> None:
    slow_probe = {"TROUBLE_PROBE_SECONDS": "600" if resumed_by == "a person" else "1"}
    with (
        databases.database("sqlite", tmp_path) as url,
        running() as control,
        house(url, tmp_path, control, **slow_probe) as (own, _),
    ):
        ids = furnish(control)
        control.set(latency_ms=50, out_of_money=True)
        batches = [compose_people(300, ids, start=start) for start in (13_800_000_000, 13_900_000_000)]
        own.start("serve", "--port", "0")
        wait_for(lambda: _key().trouble is Trouble.ACCOUNT, seconds=30, why="the suspension", house=own)
        time.sleep(1.5)
        assert control.journal_summary()["numbers"] == 0
        assert all(batch_row(each).state in (BatchState.QUEUED, BatchState.SENDING) for each in batches)
        assert all(batch_row(each).failed == 0 for each in batches)
        notice = db.session.scalars(select(Notice).where(Notice.kind == "provider-account")).one()
        assert "AMOUNT_NOT_ENOUGH" in notice.detail and notice.cleared_at is None
        control.set(out_of_money=False)
        if resumed_by == "a person":
            resume_access_key(_key().id, by="test")
        for each in batches:
            wait_for(lambda each=each: batch_row(each).state is BatchState.DONE, seconds=40, why="the end", house=own)
        _everything_is_well(control)
        db.session.expire_all()
        assert db.session.scalars(select(Notice).where(Notice.kind == "provider-account")).one().cleared_at is not None


def _key() -> AccessKey:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(AccessKey)).one()
