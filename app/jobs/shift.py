"""Everything that a process does besides answering the web, started and ended together."""

from __future__ import annotations

import gc
from pathlib import Path

from flask import Flask

from app.extensions import db
from app.jobs import tasks
from app.jobs.arrivals import arrivals_crew
from app.jobs.bell import LocalBell
from app.jobs.clock import Clock
from app.jobs.leader import Leader, leader_lock
from app.jobs.line import Line
from app.jobs.receivers import Receivers
from app.services.restore import beat

_LONGEST_CALL = 20.0  # seconds a call under way may still take when the process is told to end


def collect_less() -> None:
    """What is loaded stays, so a collection need not walk through it; and a bulk of a thousand receipts makes many
    thousand short-lived objects, none of which needs one. Applying receipts took a third longer without this."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class Shift:
    """`works`: threads that dispatch and apply. `leads`: stands for leader, and runs clock and receivers as one."""

    def __init__(self, app: Flask, *, works: bool, leads: bool) -> None:
        self._app = app
        self._line = Line(app) if works else None
        self._arrivals = arrivals_crew(app) if works else None
        self._clock: Clock | None = None
        self._receivers: Receivers | None = None
        self._leader = Leader(leader_lock(app), begin=self._begin, end=self._end) if leads else None

    def start(self) -> None:
        collect_less()
        if self._leader is not None:
            self._look_whether_restored()
        if self._line is not None and self._arrivals is not None:
            bell = LocalBell(self._line, self._arrivals)
            self._app.extensions["bell"] = bell
            tasks.answer_with(bell)
            self._line.start()
            self._arrivals.start()
        if self._leader is not None:
            self._leader.start()

    def stop(self) -> None:
        """Finish what is under way, begin nothing more, and give the lead to another."""
        if self._leader is not None:
            self._leader.stop()
        if self._arrivals is not None:
            self._arrivals.ask_to_stop()
        if self._line is not None:
            self._line.stop(_LONGEST_CALL)
        if self._arrivals is not None:
            self._arrivals.stop(5.0)

    @property
    def leads(self) -> bool:
        return self._leader is not None and self._leader.leads

    def _look_whether_restored(self) -> None:
        """Before the first call: a database out of a back-up must not send (services/restore.py)."""
        with self._app.app_context():
            try:
                beat(Path(self._app.config["POSTHOUSE_HOME"]))
            finally:
                db.session.remove()

    def _begin(self) -> None:
        self._look_whether_restored()
        self._clock, self._receivers = Clock(self._app), Receivers(self._app)
        self._receivers.start()
        self._clock.start()

    def _end(self) -> None:
        if self._receivers is not None:
            self._receivers.stop()
        if self._clock is not None:
            self._clock.stop()
