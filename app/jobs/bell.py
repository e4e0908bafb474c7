"""Who answers a ring: threads of this process, or whichever worker hears it over Celery.

Losing a ring loses nothing: the rows are the queue, and every worker and the clock look at them by themselves.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask

from app.models.states import Lane

if TYPE_CHECKING:
    from app.jobs.crew import Crew
    from app.jobs.line import Line

log = logging.getLogger(__name__)

_SILENT_SECONDS = 5.0  # after a failure nobody waits for the broker again for this long
_LOGGED_EVERY = 60.0


class LocalBell:
    """Wakes threads of this process."""

    def __init__(self, line: Line, arrivals: Crew) -> None:
        self._line = line
        self._arrivals = arrivals

    def line(self, lane: int) -> None:
        self._line.wake(lane)

    def receipts(self) -> None:
        self._arrivals.wake()


class CeleryBell:
    """Rings over the broker, once and without patience: a request of a customer must not wait for a broker."""

    def __init__(self, bulk_rings: int) -> None:
        self._bulk_rings = bulk_rings
        self._lock = threading.Lock()
        self._silent_until = 0.0
        self._log_at = 0.0

    def line(self, lane: int) -> None:
        from app.jobs.tasks import drain_line

        times = self._bulk_rings if lane == Lane.BULK else 1
        for _ in range(times):  # every worker should hear of a bulk batch
            if not self._ring(lambda: drain_line.apply_async((int(lane),), queue=queue_of(lane), retry=False)):
                return

    def receipts(self) -> None:
        from app.jobs.tasks import apply_arrivals

        self._ring(lambda: apply_arrivals.apply_async(queue="fast", retry=False))

    def _ring(self, send: Callable[[], object]) -> bool:
        now = time.monotonic()
        if now < self._silent_until:
            return False
        try:
            send()
            return True
        except Exception as error:
            with self._lock:
                self._silent_until = now + _SILENT_SECONDS
                if now >= self._log_at:
                    self._log_at = now + _LOGGED_EVERY
                    log.warning("the broker does not take rings (%s); the clock makes good for them", error)
            return False


def queue_of(lane: int) -> str:
    return "bulk" if lane == Lane.BULK else "fast"


def install_bell(app: Flask) -> None:
    """With a broker every process rings over it, until a worker puts its own threads in the bell's place."""
    if app.config["BROKER_URL"]:
        from app.jobs.celery_app import make_celery

        app.extensions["celery"] = make_celery(app)
        app.extensions["bell"] = CeleryBell(2)
