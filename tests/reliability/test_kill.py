"""`kill -9` of any process at any moment: nobody is forgotten, nobody is written to twice, the books balance."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models.batches import Batch
from app.models.states import BatchState
from app.models.types import utc_now
from app.services.books import check_books
from app.services.sending.discard import sweep_orphans
from standins.spawn import running
from tests import databases
from tests.reliability.house import CODE, House, assert_all_is_well, batch_row, compose_people, furnish, house, wait_for
from tests.services_at_hand import redis_url

PEOPLE = 20_000
KILLS = 5
TROUBLE = {
    "latency_ms": 400,
    "latency_jitter_ms": 200,
    "accept_then_silent": 0.03,
    "http_5xx_after_accept": 0.02,
    "drop_connection": 0.02,
    "throttle": 0.02,
    "retry_after_ms": 200,
    "receipt_delay_ms": 300,
    "receipts_doubled": 0.1,
    "receipts_shuffled": True,
    "fail_share": {"MK:0001": 0.03},
}
MANNERS = {
    "sqlite": [["serve", "--port", "0"]],
    "postgresql": [["clock"], ["worker"], ["worker"], ["web", "--port", "0"]],
}


@pytest.mark.slow
@pytest.mark.timeout(360)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_batch_survives_the_death_of_every_process(kind: str, tmp_path: Path) -> None:
    more = {"BROKER_URL": redis_url(), "DISPATCH_THREADS": "4"} if kind == "postgresql" else {}
    chance = random.Random(20261120)
    with (
        databases.database(kind, tmp_path) as url,
        running() as control,
        house(url, tmp_path, control, **more) as (own, _),
    ):
        ids = furnish(control)
        control.set(**TROUBLE)
        batch_id = compose_people(PEOPLE, ids)
        for words in MANNERS[kind]:
            own.start(*words)
        hits = sum(_kill_one(own, chance, batch_id) for _ in range(KILLS))
        assert hits >= 3, "the batch was over before most of the kills"
        wait_for(
            lambda: batch_row(batch_id).state is BatchState.DONE, seconds=220, why="the end of the batch", house=own
        )
        assert_all_is_well(batch_id, control)


def _kill_one(own: House, chance: random.Random, batch_id: int) -> bool:
    """Kill a process at some moment and start its like anew; whether the batch was under way."""
    time.sleep(chance.uniform(1.0, 3.0))
    victim = chance.choice(own.running)
    words = [str(word) for word in victim.args[2:]]  # type: ignore[union-attr,index]
    under_way = batch_row(batch_id).state in (BatchState.QUEUED, BatchState.SENDING)
    own.kill(victim)
    own.start(*words)
    return under_way


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_half_a_file_is_never_sent(kind: str, tmp_path: Path) -> None:
    """The process that reads the file is killed while rows are being stored; what is whole goes out, once."""
    with databases.database(kind, tmp_path) as url, running() as control, house(url, tmp_path, control) as (own, _):
        ids = furnish(control)
        control.set(latency_ms=5)
        file = tmp_path / "people.csv"
        file.write_text("\n".join(f"{13_800_000_000 + i},客户{i},N{i}" for i in range(2 * PEOPLE)), encoding="utf-8")
        order = ["send", str(file), "--customer", str(ids[0]), "--signature", "云顶云", "--template", CODE]
        own.start("serve", "--port", "0")
        for killed in (1, 2):
            reader = own.start(*order, "--no-wait")
            wait_for(lambda n=killed: _half_read() >= n, seconds=20, why="rows being stored", house=own, every=0.005)
            own.kill(reader)
        last = own.start(*order, "--no-wait")
        assert last.wait(30) == 0
        wait_for(lambda: not _under_way(), seconds=60, why="the end of what was submitted", house=own)
        states = sorted(batch.state.value for batch in _batches())
        assert states == ["done", "preparing", "preparing"]
        assert control.journal_summary()["numbers"] == 2 * PEOPLE
        assert check_books() == []
        sweep_orphans(now=utc_now() + timedelta(hours=25))
        assert all(batch.queued == 0 for batch in _batches())
        assert sorted(batch.state.value for batch in _batches()) == ["cancelled", "cancelled", "done"]
        assert check_books() == []


def _half_read() -> int:
    """How many batches have some rows, but not all."""
    return sum(batch.state is BatchState.PREPARING and batch.good > 0 for batch in _batches())


def _batches() -> list[Batch]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Batch)))


def _under_way() -> bool:
    busy = (BatchState.QUEUED, BatchState.SENDING, BatchState.SENT)
    return any(batch.state in busy for batch in _batches())
