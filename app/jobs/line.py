"""Draining the line: some threads are kept free of bulk, so that a verification code never waits behind it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Sequence

from flask import Flask

from app.extensions import db
from app.jobs.crew import Crew
from app.models.states import Lane
from app.services.sending.dispatch import Turn, dispatch_next

FAST = (Lane.CODE, Lane.SINGLE)
ALL = (*FAST, Lane.BULK)


def worker_name(thread: str) -> str:
    """What an attempt remembers of who made it: machine, process, thread."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{thread}"[:80]


def take_turn(lanes: Sequence[Lane], thread: str) -> bool:
    """One call, or one chunk put aside; False where nothing is due."""
    return dispatch_next(lanes, worker=worker_name(thread)) is not Turn.IDLE


def drain(app: Flask, lanes: Sequence[Lane], worker: str, seconds: float) -> int:
    """Take turns until nothing is due or `seconds` are over; returns how many found something."""
    until = time.monotonic() + seconds
    turns = 0
    while time.monotonic() < until:
        with app.app_context():
            try:
                if not take_turn(lanes, worker):
                    break
            finally:
                db.session.remove()
        turns += 1
    return turns


class Line:
    """DISPATCH_THREADS threads, of which DISPATCH_FAST_THREADS never touch bulk. The others take fast chunks too."""

    def __init__(self, app: Flask) -> None:
        threads = max(int(app.config["DISPATCH_THREADS"]), 2)
        fast = min(max(int(app.config["DISPATCH_FAST_THREADS"]), 1), threads - 1)
        look_every = 2.0 * app.config.get("CLOCK_SCALE", 1.0)
        self._fast = Crew(app, "fast", fast, lambda worker: take_turn(FAST, worker), look_every=look_every)
        self._bulk = Crew(app, "bulk", threads - fast, lambda worker: take_turn(ALL, worker), look_every=look_every)

    def start(self) -> None:
        self._fast.start()
        self._bulk.start()

    def wake(self, lane: int) -> None:
        """A ring for this lane. A fast one goes to whoever is free, the fast threads first."""
        bulk = lane == Lane.BULK or (not self._fast.idle and self._bulk.idle)
        (self._bulk if bulk else self._fast).wake()

    def stop(self, seconds: float = 20.0) -> bool:
        """Finish the calls under way and begin no other."""
        self._bulk.ask_to_stop()
        self._fast.ask_to_stop()
        until = time.monotonic() + seconds
        return self._fast.stop(seconds) & self._bulk.stop(max(until - time.monotonic(), 0.0))
