"""Calls a second through one access key, held across workers (sending.md, "Rate limits hold across workers").

Bulk gets nine tenths of the rate, so that a code always finds room. Where the limiter's store is away, each worker
takes its share of the rate by itself: rate ÷ workers.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter
from sqlalchemy import select

from app.models.access_keys import AccessKey, KeyState
from app.models.states import Lane
from app.services.work import current_session, stand_outside

_log = logging.getLogger(__name__)
_LOOK_AGAIN = 5.0  # seconds after which a store that was away is tried again
_BULK_TENTHS = 9
_REMEMBERED = 1.0  # seconds for which a key's rate is not read again


@dataclass(frozen=True)
class Pace:
    """What an access key allows."""

    access_key_id: int
    rate: int


class Pacer:
    """One for a process. `lanes_with_room` takes one call's place where there is one."""

    def __init__(self, url: str, workers: int) -> None:
        self.workers = max(workers, 1)
        self.alone: RateLimiter = MovingWindowRateLimiter(MemoryStorage())
        self.shared: RateLimiter | None = None
        if url:
            storage = storage_from_string(url, socket_timeout=1, socket_connect_timeout=1, wrap_exceptions=True)
            self.shared = SlidingWindowCounterRateLimiter(storage)
        self.away_until = 0.0
        self.remembered: tuple[float, Pace | None] = (0.0, None)

    def pace(self) -> Pace | None:
        """Of the active access key; None where there is none."""
        until, pace = self.remembered
        if time.monotonic() >= until:
            query = select(AccessKey.id, AccessKey.rate).where(AccessKey.state == KeyState.ACTIVE)
            row = current_session().execute(query).first()
            stand_outside()
            pace = Pace(*row) if row is not None else None
            self.remembered = (time.monotonic() + _REMEMBERED, pace)
        return pace

    def lanes_with_room(self, pace: Pace, lanes: Sequence[Lane]) -> list[Lane]:
        """The lanes among `lanes` that one call may be made on now; one place is taken, none where none is left."""
        key = str(pace.access_key_id)
        if Lane.BULK in lanes and not self._hit(f"bulk:{key}", max(pace.rate * _BULK_TENTHS // 10, 1)):
            lanes = [lane for lane in lanes if lane is not Lane.BULK]
        if not lanes or not self._hit(f"all:{key}", max(pace.rate, 1)):
            return []
        return list(lanes)

    def _hit(self, key: str, rate: int) -> bool:
        if self.shared is not None and time.monotonic() >= self.away_until:
            try:
                return self.shared.hit(RateLimitItemPerSecond(rate), key)
            except StorageError as error:
                self.away_until = time.monotonic() + _LOOK_AGAIN
                _log.warning("the limiter's store is away, taking a share of 1/%s: %s", self.workers, error)
        share = rate if self.shared is None else max(rate // self.workers, 1)
        return self.alone.hit(RateLimitItemPerSecond(share), key)


_lock = threading.Lock()


def pacer() -> Pacer:
    """The process's own."""
    with _lock:
        known: Pacer | None = current_app.extensions.get("pacer")
        if known is None:
            known = Pacer(current_app.config["LIMITER_URL"], current_app.config["WORKERS"])
            current_app.extensions["pacer"] = known
        return known
