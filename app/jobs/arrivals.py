"""One thread of a process applies what has come back; on PostgreSQL several processes share the work."""

from __future__ import annotations

import logging

from flask import Flask

from app.jobs.crew import Crew
from app.services.sending.receipts import apply_receipts
from app.services.sending.replies import apply_replies

log = logging.getLogger(__name__)


def apply_some(_worker: str) -> bool:
    """One bulk of receipts and one of replies; False where neither waits.

    Each is tried even where the other fails. Raises what went wrong where nothing was done.
    """
    done = 0
    failed: Exception | None = None
    for apply in (apply_receipts, apply_replies):
        try:
            done += apply()
        except Exception as error:
            failed = error
            log.exception("%s failed", apply.__name__)
    if failed is not None and not done:
        raise failed
    return done > 0


def arrivals_crew(app: Flask) -> Crew:
    return Crew(app, "arrivals", 1, apply_some, look_every=2.0 * app.config.get("CLOCK_SCALE", 1.0))
