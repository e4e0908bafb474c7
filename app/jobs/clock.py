"""When: each job calls one service. Every one of them may run twice, late or not at all without doing harm."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from flask import Flask, current_app

from app.extensions import db
from app.models.types import utc_now
from app.services.books_watch import watch_books
from app.services.frequency import forget_old_counters
from app.services.grants import expire_due_grants
from app.services.restore import beat
from app.services.retention import forget_raw_receipts
from app.services.sending.discard import sweep_orphans
from app.services.sending.due import ring_what_is_due
from app.services.sending.receipts import expire_silent
from app.services.sending.running import resume_due_batches, tidy_lines
from app.services.sending.submit import cancel_forgotten, start_due_batches
from app.services.sending.unknown import ask_due, sweep_leases
from app.services.work import unit_of_work

log = logging.getLogger(__name__)

MINUTE, HOUR = 60.0, 3600.0
_MOST_ROUNDS = 500  # of one job; what is left then waits for its next time


def _rounds(work: Callable[[], int], full: int) -> None:
    """Repeat a job that does `full` at a time while it is full."""
    for _ in range(_MOST_ROUNDS):
        if work() < full:
            return


def _expire() -> None:
    hours = current_app.config["EXPIRE_AFTER_HOURS"]
    _rounds(lambda: expire_silent(hours=hours, most=20), 20)


def _sweep() -> None:
    _rounds(lambda: sweep_leases(most=200), 200)


def _beat() -> None:
    beat(Path(current_app.config["POSTHOUSE_HOME"]))


def _forget_counters() -> None:
    with unit_of_work() as session:
        forget_old_counters(session, now=utc_now())


JOBS: tuple[tuple[str, float, Callable[[], Any]], ...] = (
    ("beat", 10, _beat),
    ("ring what is due", 1, ring_what_is_due),
    ("start scheduled batches", 1, start_due_batches),
    ("resume paused batches", 1, resume_due_batches),
    ("sweep leases", 2, _sweep),
    ("ask the provider", 5, ask_due),
    ("tidy lines", 10, tidy_lines),
    ("expire what nobody reports on", 5 * MINUTE, _expire),
    ("expire grants", 5 * MINUTE, expire_due_grants),
    ("sweep orphans", HOUR, sweep_orphans),
    ("cancel forgotten batches", HOUR, cancel_forgotten),
    ("forget counters", HOUR, _forget_counters),
)
# By the hour and not by an interval: a process that is started anew every day must come to them too.
AT_NIGHT: tuple[tuple[str, int, Callable[[], Any]], ...] = (
    ("forget raw receipts", 0, forget_raw_receipts),
    ("check the books", 30, watch_books),
)


class Clock:
    """The jobs in an APScheduler of this process; only the leader starts one. CLOCK_SCALE shortens every interval."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        scale = float(app.config.get("CLOCK_SCALE", 1.0))
        self._scheduler = BackgroundScheduler(
            timezone="Asia/Shanghai",
            executors={"default": ThreadPoolExecutor(6)},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": 3600},
        )
        for name, seconds, service in JOBS:
            self._scheduler.add_job(self._run, "interval", seconds=seconds * scale, args=(name, service), name=name)
        for name, minute, service in AT_NIGHT:
            at_night = CronTrigger(hour=4, minute=minute, timezone="Asia/Shanghai")
            self._scheduler.add_job(self._run, at_night, args=(name, service), name=name)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no other job; one that runs is finished by whoever leads next."""
        self._scheduler.shutdown(wait=False)

    def _run(self, name: str, service: Callable[[], Any]) -> None:
        """One job, in a context of its own. What goes wrong is told; the next time comes anyway."""
        try:
            with self._app.app_context():
                try:
                    service()
                finally:
                    db.session.remove()
        except Exception:
            log.exception("the clock could not %s; it tries again", name)
