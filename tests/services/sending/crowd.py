"""Many threads at once, each with its own application context, let go together; whatever one raises, the test sees."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask

from app.extensions import db


def at_once(app: Flask, *tasks: Callable[[], Any], seconds: float = 60) -> Sequence[Any]:
    """What the tasks returned, in their order. Raises what the first of them raised, or that they took too long."""
    gate = threading.Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        with app.app_context():
            try:
                gate.wait(10)
                return task()
            finally:
                db.session.remove()

    db.session.rollback()
    started = time.monotonic()
    with ThreadPoolExecutor(len(tasks)) as pool:
        done = [future.result() for future in [pool.submit(run, task) for task in tasks]]
    took = time.monotonic() - started
    assert took < seconds, f"{took:.1f} s: somebody waited for somebody"
    return done
