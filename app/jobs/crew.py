"""Threads that sleep until they are woken, and look by themselves every so often in case a ring was lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from flask import Flask

from app.extensions import db

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0


class Crew:
    """`size` threads that do turns of `work` while a turn says that there may be more.

    `work(worker)` does one turn in an application context of its own and returns whether it found something. A thread
    that found something wakes one that sleeps, so one ring is enough for any amount of work and many rings do no
    harm. What goes wrong in a turn is logged and tried again later and later: the rows are still there.
    """

    def __init__(
        self, app: Flask, name: str, size: int, work: Callable[[str], bool], *, look_every: float = 2.0
    ) -> None:
        self.name = name
        self._app = app
        self._work = work
        self._look_every = look_every
        self._change = threading.Condition()
        self._rings = 0
        self._idle = 0
        self._next_look = 0.0
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._live, args=(f"{name}-{place}",), name=f"{name}-{place}", daemon=True)
            for place in range(size)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Something may be waiting. Kept until a thread is free to look; one that is not asleep looks anyway."""
        with self._change:
            self._rings = min(self._rings + 1, len(self._threads))
            self._change.notify()

    @property
    def idle(self) -> int:
        """How many threads sleep and have not been called yet."""
        with self._change:
            return max(self._idle - self._rings, 0)

    def ask_to_stop(self) -> None:
        """Every thread finishes the turn it is in and begins no other."""
        self._stop.set()
        with self._change:
            self._change.notify_all()

    def stop(self, seconds: float = 20.0) -> bool:
        """Ask and wait; False where a turn still runs after `seconds` (its lease will see to it)."""
        self.ask_to_stop()
        until = time.monotonic() + seconds
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(until - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in self._threads)

    def _live(self, worker: str) -> None:
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            try:
                while not self._stop.is_set() and self._turn(worker):
                    pause = _FIRST_PAUSE
                    self._wake_one()
            except Exception:
                log.exception("%s: a turn failed; again in %.1f s", worker, pause)
                self._stop.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            self._sleep()

    def _turn(self, worker: str) -> bool:
        with self._app.app_context():
            try:
                return self._work(worker)
            finally:
                db.session.remove()

    def _wake_one(self) -> None:
        with self._change:
            if self._idle > self._rings:
                self._rings += 1
                self._change.notify()

    def _sleep(self) -> None:
        """Until there is a ring, or until it is time that one of the crew looks without."""
        with self._change:
            self._idle += 1
            try:
                while not self._stop.is_set():
                    if self._rings:
                        self._rings -= 1
                        return
                    now = time.monotonic()
                    if now >= self._next_look:
                        self._next_look = now + self._look_every
                        return
                    self._change.wait(self._next_look - now)
            finally:
                self._idle -= 1
