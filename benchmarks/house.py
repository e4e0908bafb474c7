"""A whole house in one process, as `run.py serve` starts it: its memory (row 5), and codes beside bulk (row 6)."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask

from app.extensions import db
from app.jobs.shift import Shift
from app.services.sending.compose import Order, compose_file
from app.services.sending.submit import submit_batch
from benchmarks import bare, grounds, sheets
from benchmarks.dispatch import PROVIDER_SECONDS, Sleeper
from benchmarks.measure import Child, Figure, at_the_line, in_process, peak_mb

_WAIT = 300.0


def memory_figures(quick: bool) -> Iterator[Figure]:
    count = 10_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = str(sheets.write(Path(folder, "list.xlsx"), count))
        for kind in grounds.KINDS[:1] if quick else grounds.KINDS:
            row = f"peak memory, submit and dispatch of {count // 1000}k"
            if trouble := grounds.trouble_with(kind):
                yield Figure(row, kind, None, "MB", target=300, bound=trouble)
                continue
            with grounds.database(kind) as url:
                found = in_process("house:send_all", url=url, path=path, count=count)
            yield Figure(row, kind, found["own"], "MB", found["idle"], 300,
                         "raw is the house at rest, web, clock and threads running; the child that parses the "
                         f"workbook takes {found['child']:.0f} MB and ends.")


def send_all(url: str, path: str, count: int) -> dict[str, float]:
    """A personal workbook through web application, clock and dispatch threads of one process."""
    with grounds.application(url, web=True, SMS_PROVIDER=lambda _: Sleeper()) as app:
        ground = grounds.furnish()
        Shift(app, works=True, leads=True).start()
        time.sleep(1.0)
        idle = peak_mb()[0]
        batch_id = grounds.queue_batch(ground, path, personal=True)
        db.session.remove()
        plain = bare.Bare(url)
        until = time.monotonic() + _WAIT
        while plain.run("SELECT accepted FROM batches WHERE id = ?", batch_id).fetchone()[0] < count:
            plain.commit()
            assert time.monotonic() < until, "the batch was not handed over in time"
            time.sleep(0.1)
        own, child = peak_mb()
    return {"own": own, "child": child, "idle": idle}


def code_figures(quick: bool) -> Iterator[Figure]:
    codes, bulk = (10, 6_000) if quick else (60, 60_000)
    for kind in grounds.KINDS:
        target = 30 if kind == "postgresql" else 100
        row = f"a code beside bulk ({bulk // 1000}k sent, {bulk // 1000}k read)"
        if trouble := grounds.trouble_with(kind):
            yield Figure(row, kind, None, "ms", target=target, bound=trouble)
            continue
        with grounds.database(kind) as url:
            found = in_process("house:codes_beside_bulk", url=url, codes=codes, bulk=bulk)
        yield Figure(f"{row}: accepted, p95", kind, found["accepted"], "ms", found["accepted_idle"], target,
                     "raw is the same on an idle line; the service without HTTP, for there is no interface yet; "
                     f"half of them take {found['accepted_half']:.0f} ms, of which {found['cpu']:.0f} ms are its own "
                     "processor time; the rest is waiting for a core and for locks.")
        yield Figure("  then handed to the provider, p95", kind, found["handed"], "ms", found["handed_idle"], 100,
                     f"half of them take {found['handed_half']:.0f} ms; bulk ran beside "
                     f"{found['beside'] * 100:.0f} % of them.")


def codes_beside_bulk(url: str, codes: int, bulk: int) -> dict[str, float]:
    """Codes every 50 ms, first on an idle line, then while one batch is sent and another is read, over and over.

    On SQLite all is one process; on PostgreSQL bulk has a worker of its own, as such a house is run.
    """
    apart = not url.startswith("sqlite")
    threads: dict[str, Any] = {"DISPATCH_THREADS": 3} if apart else {}
    with (
        tempfile.TemporaryDirectory() as home,
        grounds.application(url, SMS_PROVIDER=lambda _: Sleeper(), **threads) as app,
    ):
        ground = grounds.furnish()
        csv = str(sheets.write(Path(home, "bulk.csv"), bulk))
        Shift(app, works=True, leads=False).start()
        _codes(ground, url, home, 0, 3)  # what is paid once
        idle = _codes(ground, url, home, 1000, codes // 3)
        grounds.queue_batch(ground, csv, personal=True)
        if apart:
            worker = Child("house:bulk_worker", {"url": url, "path": csv, "ground": asdict(ground)})
            worker.wait_ready()
            worker.go()
        else:
            _read_on(app, ground, csv)
        beside = _codes(ground, url, home, 1_000_000, codes)
        if apart:
            worker.process.kill()
            worker.process.communicate()
    accepted, handed = ([each[place] for each in beside] for place in (0, 1))
    return {
        "accepted": _share(accepted, 0.95), "accepted_half": _share(accepted, 0.5), "handed": _share(handed, 0.95),
        "handed_half": _share(handed, 0.5), "accepted_idle": _share([each[0] for each in idle], 0.95),
        "handed_idle": _share([each[1] for each in idle], 0.95),
        "cpu": _share([each[3] for each in beside], 0.5), "beside": sum(each[2] for each in beside) / len(beside),
    }


def bulk_worker(url: str, path: str, ground: dict[str, int]) -> None:
    with grounds.application(url, SMS_PROVIDER=lambda _: Sleeper()) as app:
        at_the_line()
        Shift(app, works=True, leads=False).start()
        _read_on(app, grounds.Ground(**ground), path).join()


def _read_on(app: Flask, ground: grounds.Ground, path: str) -> threading.Thread:
    """Compose and submit the same file without end, in a thread."""

    def read() -> None:
        with app.app_context():
            while True:
                grounds.queue_batch(ground, path, personal=True)
                db.session.remove()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


_CALLED = (
    "SELECT attempts.ended_at FROM messages JOIN attempts ON attempts.chunk_id = messages.chunk_id "
    "WHERE messages.phone = ? AND attempts.state = 'accepted'"
)
_BULK = "SELECT count(*) FROM batches WHERE lane = 2 AND state IN ('preparing', 'queued', 'sending')"


def _codes(ground: grounds.Ground, url: str, home: str, first: int, count: int) -> list[tuple[float, ...]]:
    """For each code: milliseconds until accepted, then until handed over, whether bulk was due, and of processor time.

    Handed over is the provider's time before the answer was there, whichever process made the call.
    """
    plain = bare.Bare(url)
    order = Order(ground.customer_id, ground.signature_id, ground.code_id, by="bench", variables={"code": "123456"})
    found: list[tuple[float, ...]] = []
    for index in range(count):
        phone = str(15_000_000_000 + first + index)
        path = Path(home, "one.txt")
        path.write_text(phone)
        began, cpu = time.time(), time.thread_time()
        submit_batch(compose_file(order, path), by="bench")
        accepted, cpu = time.time(), time.thread_time() - cpu
        db.session.remove()
        beside = plain.run(_BULK).fetchone()[0] > 0
        while (row := plain.run(_CALLED, phone).fetchone()) is None and time.time() < accepted + 30:
            plain.commit()
            time.sleep(0.01)
        plain.commit()
        ended = row[0] if not plain.sqlite else datetime.fromisoformat(row[0]).replace(tzinfo=UTC)
        handed = max(ended.timestamp() - PROVIDER_SECONDS - accepted, 0.0)
        found.append(((accepted - began) * 1000, handed * 1000, beside, cpu * 1000))
        time.sleep(0.05)
    plain.close()
    return found


def _share(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
