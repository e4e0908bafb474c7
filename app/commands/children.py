"""Processes that live no longer than the command that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """Linux ends the child when its parent is gone, however that came about; elsewhere the parent's `finally` does."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Children:
    """Started one by one, ended all together: asked first, killed where they do not listen."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[str]] = []

    def start(self, arguments: Sequence[str], *, log: Path | None = None, read: bool = False) -> subprocess.Popen[str]:
        """Run Python with `arguments` in a session of its own, so that Ctrl-C reaches it through us alone."""
        out = subprocess.PIPE if read else None
        errors = log.open("a", encoding="utf-8") if log else None
        try:
            child = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=os.environ.copy(), stdin=subprocess.DEVNULL,
                stdout=out or errors, stderr=errors, text=True, start_new_session=True, preexec_fn=_die_with_parent,
            )
        finally:
            if errors:
                errors.close()
        self._running.append(child)
        return child

    def fallen(self) -> list[subprocess.Popen[str]]:
        """Those that have ended by themselves."""
        return [child for child in self._running if child.poll() is not None]

    def stop(self, seconds: float = 25.0) -> None:
        """All at once, except that the first, which the others speak to, is ended last."""
        for some in (self._running[1:], self._running[:1]):
            for child in some:
                child.terminate()
            until = time.monotonic() + seconds
            for child in some:
                _end(child, max(until - time.monotonic(), 0.1))
        self._running.clear()


def _end(child: subprocess.Popen[str], seconds: float) -> None:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout:
        child.stdout.close()
