"""Showing how a batch goes on, on a terminal as a bar and elsewhere as a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click

from app.services.sending.progress import Progress, progress_of

_LOOK_EVERY = 0.3
_LINE_EVERY = 5.0  # seconds between lines where there is no terminal
_STATES = {
    "queued": "queued", "accepted": "handed over", "unknown": "unknown", "delivered": "delivered", "failed": "failed",
    "expired": "expired", "cancelled": "cancelled",
}


def by_state(progress: Progress) -> str:
    """"3,000 handed over, 6,900 delivered": only what there is."""
    parts = [f"{progress.counts[state]:,} {word}" for state, word in _STATES.items() if progress.counts[state]]
    return ", ".join(parts) or "nothing yet"


def watch_batch(batch_id: int, *, patience: float, until: Callable[[Progress], bool] | None = None) -> Progress:
    """Show progress until the batch has ended, `until` says so, or nothing has moved for `patience` seconds."""
    show = _Bar() if sys.stdout.isatty() else _Lines()
    last, moved = None, time.monotonic()
    try:
        while True:
            progress = progress_of(batch_id)
            if progress != last:
                last, moved = progress, time.monotonic()
            enough = progress.ended or (until is not None and until(progress))
            enough = enough or time.monotonic() - moved > patience
            show(progress, enough)
            if enough:
                return progress
            time.sleep(_LOOK_EVERY)
    finally:
        show.end()


class _Bar:
    """One line that is written over."""

    _WIDTH = 30

    def __call__(self, progress: Progress, _last: bool) -> None:
        share = progress.final / max(progress.total, 1)
        bar = "█" * round(share * self._WIDTH)
        click.echo(f"\r\x1b[K  {bar:░<{self._WIDTH}} {share:4.0%}  {by_state(progress)}", nl=False)

    def end(self) -> None:
        click.echo()


class _Lines:
    """A line when something has changed and some seconds are over, and at the end."""

    def __init__(self) -> None:
        self._said = ""
        self._next = 0.0

    def __call__(self, progress: Progress, last: bool) -> None:
        line = f"  {progress.final:,} of {progress.total:,} ended: {by_state(progress)}"
        if line != self._said and (last or time.monotonic() >= self._next):
            click.echo(line)
            self._said, self._next = line, time.monotonic() + _LINE_EVERY

    def end(self) -> None:
        pass
