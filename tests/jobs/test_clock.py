from __future__ import annotations

import pytest
from flask import Flask

from app.jobs import clock
from app.jobs.clock import JOBS, Clock
from tests.samples import Samples, phones
from tests.waiting import until


def test_every_job_does_its_work_on_a_house_in_use(any_app: Flask, samples: Samples) -> None:
    samples.access_key()
    samples.batch(samples.customer(segments=100).id, phones(12))
    for _name, _seconds, service in JOBS:
        service()
        service()


def test_a_job_that_fails_stops_neither_itself_nor_the_others(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []

    def fails() -> None:
        runs.append("fails")
        raise RuntimeError("the database is away")

    monkeypatch.setattr(clock, "JOBS", (("fail", 1, fails), ("work", 1, lambda: runs.append("works"))))
    app.config["CLOCK_SCALE"] = 0.05
    running = Clock(app)
    running.start()
    try:
        until(lambda: runs.count("fails") >= 2 and runs.count("works") >= 2)
    finally:
        running.stop()
