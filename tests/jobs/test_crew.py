from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from app.jobs.crew import Crew
from tests.waiting import until


@contextmanager
def at_work(crew: Crew) -> Iterator[Crew]:
    crew.start()
    try:
        yield crew
    finally:
        assert crew.stop(5)


def test_one_ring_brings_every_thread_to_a_long_queue(app: Flask) -> None:
    left, lock, seen = [40], threading.Lock(), set()

    def work(worker: str) -> bool:
        with lock:
            if left[0] == 0:
                return False
            left[0] -= 1
            seen.add(worker)
        time.sleep(0.01)
        return True

    with at_work(Crew(app, "crew", 4, work, look_every=60)) as crew:
        until(lambda: crew.idle == 4)
        left[0] = 40
        crew.wake()
        until(lambda: left[0] == 0)
    assert len(seen) == 4


def test_a_lost_ring_is_made_good_by_looking(app: Flask) -> None:
    waiting, done = threading.Event(), threading.Event()

    def work(_worker: str) -> bool:
        if waiting.is_set():
            done.set()
        return False

    with at_work(Crew(app, "crew", 2, work, look_every=0.1)):
        waiting.set()  # and nobody rings
        assert done.wait(5)


def test_sleeping_threads_look_one_at_a_time(app: Flask) -> None:
    looks: list[float] = []

    def work(_worker: str) -> bool:
        looks.append(time.monotonic())
        return False

    with at_work(Crew(app, "crew", 8, work, look_every=0.2)):
        time.sleep(1.0)
    assert 3 <= len(looks) <= 8 + 7  # once each at the start, then five times a second for all together


def test_a_turn_that_fails_is_tried_again(app: Flask) -> None:
    tries: list[str] = []

    def work(worker: str) -> bool:
        tries.append(worker)
        if len(tries) == 1:
            raise RuntimeError("the database is away")
        return False

    with at_work(Crew(app, "crew", 1, work, look_every=60)):
        until(lambda: len(tries) >= 2)


def test_a_stop_waits_for_the_turn_under_way(app: Flask) -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(_worker: str) -> bool:
        begun.set()
        time.sleep(0.3)
        ended.set()
        return True

    crew = Crew(app, "crew", 1, work)
    crew.start()
    assert begun.wait(5)
    assert crew.stop(5)
    assert ended.is_set()
