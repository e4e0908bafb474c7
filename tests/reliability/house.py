"""A whole house of real processes, to be killed: the stand-ins, a database, and `run.py` as an operator starts it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

import config
from app import create_app
from app.domain.message_types import MessageType
from app.extensions import db
from app.models.batches import Batch, Chunk
from app.models.messages import Message
from app.models.states import MessageState
from app.services import access_keys
from app.services.books import check_books
from app.services.sending.compose import Order, compose_file
from app.services.sending.submit import submit_batch
from standins.accounts import DEFAULT_UID as UID
from standins.control import Control
from tests.databases import settings
from tests.samples import Samples, phones

# Waits that take minutes in life take seconds here; their order is the same.
QUICK = {
    "PROVIDER_CONNECT_TIMEOUT": "1",
    "PROVIDER_READ_TIMEOUT": "1.5",
    "LEASE_SECONDS": "5",
    "ASK_AFTER_SECONDS": "1,2,4",
    "BACKOFF_SECONDS": "0.2",
    "BREAKER_SECONDS": "1",
    "TROUBLE_PROBE_SECONDS": "1",
    "RECEIVE_WAIT_SECONDS": "1",
    "EXPIRE_AFTER_HOURS": "0.025",  # what the provider never tells of, in 90 s instead of three days
    "CLOCK_SCALE": "0.2",
}
NAME = "您好${name}，您的订单${order}已发货，请留意查收。"
CODE = "SMS_200001"


@dataclass
class House:
    """Where everything is, and which processes run."""

    url: str
    home: Path
    control: Control
    more: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        return plain | QUICK | {"DATABASE_URL": self.url, "POSTHOUSE_HOME": str(self.home)} | self.more

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """`run.py` with these words, its log in the house's folder."""
        log = (self.home / f"{words[0]}-{len(self.running)}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "run.py", *words],
            cwd=config.ROOT,
            env=self.environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.running.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """`kill -9` of the process and of every process it started: nothing is written down, nothing is said."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        self.running.remove(process)

    def stop_all(self) -> None:
        for process in list(self.running):
            self.kill(process)

    def logs(self) -> str:
        return "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in self.home.glob("*.log")
        )


@contextmanager
def house(url: str, home: Path, control: Control, **more: str) -> Iterator[tuple[House, Flask]]:
    """A house with nobody in it yet, and an application of ours on the same database to look and to order with."""
    built = House(url, home, control, more)
    app = create_app(settings(url, home, **_own_settings()))
    try:
        with app.app_context():
            yield built, app
    finally:
        built.stop_all()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _own_settings() -> dict[str, Any]:
    return {
        "PROVIDER_CONNECT_TIMEOUT": 1.0,
        "PROVIDER_READ_TIMEOUT": 1.5,
        "LEASE_SECONDS": 5.0,
        "ASK_AFTER_SECONDS": (1.0, 2.0, 4.0),
    }


def furnish(control: Control, *, segments: int = 100_000) -> tuple[int, int, int]:
    """An access key at the stand-ins, a customer with segments; ids of customer, signature and personal template."""
    control.reset(everything=True)
    control.set(frequency=False)
    control.add_template(CODE, NAME, kind=1)
    control.add_template("SMS_100003", "您的订单已发货，请留意查收。", kind=1)
    samples = Samples()
    account = access_keys.save_access_key(
        key="standin-key",
        secret="standin-secret",
        by="test",
        endpoint=control.base_url,
        token_endpoint=control.base_url,
        queue_endpoint=control.base_url,
        receipt_queue=f"Alicom-Queue-{UID}-SmsReport",
        reply_queue=f"Alicom-Queue-{UID}-SmsUp",
        rate=5000,
    )
    assert account.id
    customer = samples.customer(segments=segments)
    signature, template = samples.wording(customer.id, content=NAME, code=CODE, kind=MessageType.NOTICE)
    return customer.id, signature, template


def compose_people(count: int, ids: tuple[int, int, int], *, start: int = 13_800_000_000) -> int:
    """A submitted batch of `count` people with a text each."""
    path = Samples().file("\n".join(f"{phone},客户{i},N{i}" for i, phone in enumerate(phones(count, start))))
    order = Order(customer_id=ids[0], signature_id=ids[1], template_id=ids[2], by="test")
    batch_id = compose_file(order, path)
    path.unlink()
    submit_batch(batch_id, by="test")
    return batch_id


def batch_row(batch_id: int) -> Batch:
    """The batch as it stands now."""
    db.session.rollback()
    db.session.expire_all()
    batch = db.session.get(Batch, batch_id)
    assert batch is not None
    return batch


def wait_for(what: Callable[[], bool], *, seconds: float, why: str, house: House, every: float = 0.2) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return
        time.sleep(every)
    raise AssertionError(f"{why} did not happen within {seconds} s\n{house.logs()}")


def assert_all_is_well(batch_id: int, control: Control) -> None:
    """Every message final, none in the stand-in's journal twice, ours and theirs the same, the books balance."""
    batch = batch_row(batch_id)
    assert batch.final == batch.good, f"{batch.good - batch.final} messages without a last state"
    assert batch.cancelled == 0
    assert control.journal_summary()["repeated"] == []
    theirs = {phone for call in control.journal() for phone in call["phones"]}
    ours = _phones(batch_id, MessageState.DELIVERED) | _phones(batch_id, MessageState.FAILED)
    expired = _phones(batch_id, MessageState.EXPIRED)
    assert ours <= theirs, "a verdict on somebody who was never written to"
    assert theirs - ours <= expired, "somebody was written to whose message says nothing of it"
    assert len(expired) < batch.good // 50, "more than the provider's silence can explain"
    assert [str(breach) for breach in check_books()] == []


def _phones(batch_id: int, state: MessageState) -> set[str]:
    query = select(Message.phone).join(Chunk, Chunk.id == Message.chunk_id)
    return set(db.session.scalars(query.where(Chunk.batch_id == batch_id, Message.state == state)))
