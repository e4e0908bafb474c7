from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import func, select

from app.gateways.sms import Credentials, Outcome, QueueItem, SmsError
from app.jobs import receivers as jobs
from app.jobs.receivers import Receivers
from app.models.access_keys import AccessKey, Trouble
from app.models.inbox import RawReceipt
from app.models.settings import Notice
from app.models.types import utc_now
from app.services.sending import reception
from app.services.work import current_session
from tests.samples import Samples
from tests.waiting import until


class Queues:
    """All queues of a provider; each item is given out until it is deleted."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.items: dict[str, list[QueueItem]] = {}
        self.away = False
        self.read: set[str] = set()
        self.stored_at_delete: list[int] = []

    def feed(self, name: str, count: int) -> None:
        for place in range(count):
            body = json.dumps({"phone_number": f"138{place:08d}", "success": True, "out_id": f"x{place}"})
            self.items.setdefault(name, []).append(QueueItem(body, f"{name}-{place}"))


class Queue:
    def __init__(self, queues: Queues, name: str) -> None:
        self.queues, self.name = queues, name

    def receive(self, *, wait_seconds: int) -> list[QueueItem]:
        with self.queues.lock:
            self.queues.read.add(self.name)
            if self.queues.away:
                raise SmsError(Outcome.TRANSIENT, "unreachable", connection=True)
            waiting = self.queues.items.get(self.name, [])
            given, self.queues.items[self.name] = waiting[:16], waiting[16:]
        if not given:
            threading.Event().wait(0.05 if wait_seconds else 0)
        return given

    def delete(self, handles: Sequence[str]) -> None:
        self.queues.stored_at_delete.append(len(handles))


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Queues:
    queues = Queues()

    def queue_for(_credentials: Credentials, name: str) -> Queue:
        return Queue(queues, name)

    monkeypatch.setattr(reception, "queue_for", queue_for)
    monkeypatch.setattr(jobs, "_LOOK_EVERY", 0.1)
    monkeypatch.setattr(jobs, "_FIRST_PAUSE", 0.05)
    return queues


def stored() -> int:
    session = current_session()
    count = session.scalar(select(func.coalesce(func.sum(RawReceipt.size), 0))) or 0
    session.rollback()
    return int(count)


def test_what_a_queue_holds_is_stored_and_then_deleted(app: Flask, samples: Samples, queues: Queues) -> None:
    samples.access_key(receipt_queue="reports", reply_queue="replies")
    queues.feed("reports", 100)
    receivers = Receivers(app)
    receivers.start()
    try:
        until(lambda: sum(queues.stored_at_delete) == 100)
        assert stored() == 100
        assert queues.read == {"reports", "replies"}
    finally:
        receivers.stop()


def test_nothing_is_deleted_that_could_not_be_stored(
    app: Flask, samples: Samples, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples.access_key(receipt_queue="reports")
    [queue] = reception.queues_to_read()
    queues.feed("reports", 5)

    def fails(*_args: object, **_more: object) -> int:
        raise RuntimeError("disk full")

    monkeypatch.setattr(reception, "store_arrivals", fails)
    with pytest.raises(RuntimeError):
        reception.Reader(queue).take_in(wait_seconds=0)
    assert queues.stored_at_delete == []


def test_a_queue_that_is_away_is_waited_for_and_sending_goes_on(app: Flask, samples: Samples, queues: Queues) -> None:
    key = samples.access_key(receipt_queue="reports")
    queues.away = True
    queues.feed("reports", 3)
    receivers = Receivers(app)
    receivers.start()
    try:
        until(lambda: "reports" in queues.read)
        queues.away = False
        until(lambda: sum(queues.stored_at_delete) == 3)
    finally:
        receivers.stop()
    session = current_session()
    assert session.scalar(select(AccessKey.trouble).where(AccessKey.id == key.id)) is Trouble.NONE


def test_a_new_access_key_is_read_beside_the_retired_one(app: Flask, samples: Samples, queues: Queues) -> None:
    samples.access_key(receipt_queue="old-reports")
    receivers = Receivers(app)
    receivers.start()
    try:
        until(lambda: "old-reports" in queues.read)
        samples.access_key(receipt_queue="new-reports")
        until(lambda: "new-reports" in queues.read)
        queues.read.clear()
        until(lambda: queues.read == {"old-reports", "new-reports"})
    finally:
        receivers.stop()


def notices() -> list[tuple[str, str, str, bool]]:
    session = current_session()
    session.rollback()
    query = select(Notice.key, Notice.kind, Notice.detail, Notice.cleared_at.is_(None)).order_by(Notice.id)
    return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


def test_a_queue_that_stays_away_is_told_until_it_is_back(
    any_app: Flask, samples: Samples, queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = samples.access_key(receipt_queue="reports")
    queues.away = True
    monkeypatch.setattr(jobs, "_TELL_AFTER", 0.2)
    monkeypatch.setattr(jobs, "_LONGEST_PAUSE", 0.1)
    receivers = Receivers(any_app)
    receivers.start()
    told = (f"queue-{key.id}-receipt", "queue-away", "reports: unreachable")
    try:
        until(lambda: notices() == [(*told, True)])
        queues.away = False
        until(lambda: notices() == [(*told, False)])
    finally:
        receivers.stop()


def test_a_secret_that_cannot_be_read_is_told_for_each_queue(any_app: Flask, samples: Samples) -> None:
    key = samples.access_key(receipt_queue="reports", reply_queue="replies")
    right = any_app.config["POSTHOUSE_KEY"]
    any_app.config["POSTHOUSE_KEY"] = Fernet.generate_key().decode()
    for _ in range(3):
        assert reception.queues_to_read() == []
    assert {(key, open_) for key, _, _, open_ in notices()} == {
        (f"queue-{key.id}-receipt", True),
        (f"queue-{key.id}-reply", True),
    }
    assert all(detail.startswith("rep") and "standin-secret" not in detail for _, _, detail, _ in notices())
    any_app.config["POSTHOUSE_KEY"] = right
    receipts, replies = reception.queues_to_read()
    reception.tell_back(receipts)
    assert [open_ for *_, open_ in notices()] == [False, True]
    assert reception.queues_to_read(now=utc_now() + timedelta(days=9)) == [receipts, replies]
    samples.access_key()  # the one before is read no more after 72 h
    assert reception.queues_to_read(now=utc_now() + timedelta(days=9)) == []
    assert [open_ for *_, open_ in notices()] == [False, False]
