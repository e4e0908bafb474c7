"""The bell, as services see it: who answers it is decided by whoever starts the process (jobs/bell.py).

The row is the queue. A ring that is lost, or that nobody hears, is made good by the clock.
"""

from __future__ import annotations

from typing import Protocol

from flask import current_app

from app.models.states import Lane
from app.services.work import after_commit


class Bell(Protocol):
    def line(self, lane: int) -> None:
        """Something is due on this lane."""

    def receipts(self) -> None:
        """Something has come back from the provider."""


def _bell() -> Bell | None:
    bell: Bell | None = current_app.extensions.get("bell")
    return bell


def ring_line(lane: Lane | int) -> None:
    """After the commit: something is due."""
    bell = _bell()
    if bell is not None:
        after_commit(lambda: bell.line(int(lane)))


def ring_receipts() -> None:
    bell = _bell()
    if bell is not None:
        after_commit(bell.receipts)
