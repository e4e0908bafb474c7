"""Queued → handed over, with a provider that takes 20 ms to answer (row 3)."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask, current_app

from app.gateways.sms import Credentials
from app.models.states import Lane
from app.services.providers import provider_for
from app.services.sending import dispatch
from benchmarks import bare, bare_line, grounds, sheets
from benchmarks.bare_line import run_threads
from benchmarks.measure import Child, Figure, at_the_line, busy, in_process, seconds
from standins.spawn import running

PROVIDER_SECONDS = 0.020
TARGET = 33_000
ALL_LANES = (Lane.CODE, Lane.SINGLE, Lane.BULK)


class Sleeper:
    """A provider in this process that accepts everything after 20 ms."""

    def send(self, *, out_id: str, **_call: Any) -> str:
        time.sleep(PROVIDER_SECONDS)
        return f"biz-{out_id}"


def figures(quick: bool) -> Iterator[Figure]:
    for kind in grounds.KINDS:
        for personal in (True,) if quick else (False, True):
            for workers in (8,) if quick else (8, 32):
                yield _figure(kind, personal, workers, quick, sdk=False)
        if kind == "postgresql" and not quick:
            yield from _two_processes()
    for kind in grounds.KINDS[:1] if quick else grounds.KINDS:
        for personal in (True,) if quick else (False, True):
            yield _figure(kind, personal, 8, quick, sdk=True)


def _name(personal: bool, workers: str, sdk: bool) -> str:
    size = "100 personal" if personal else "1000 alike"
    return f"dispatch, {size}, {workers}, {'SDK' if sdk else '20 ms sleep'}"


def _count(personal: bool, quick: bool) -> int:
    return (10_000 if quick else 60_000) if personal else (100_000 if quick else 200_000)


def _figure(kind: str, personal: bool, workers: int, quick: bool, *, sdk: bool) -> Figure:
    name = _name(personal, f"{workers} threads", sdk)
    target = TARGET if workers == 8 else None
    if trouble := grounds.trouble_with(kind):
        return Figure(name, kind, None, "/s", target=target, bound=trouble)
    times = 1 if quick or workers > 8 else 2
    given = dict(personal=personal, workers=workers, count=_count(personal, quick), times=times)
    with _provider(sdk) as endpoint, grounds.database(kind) as url:
        found = in_process("dispatch:hand_over", url=url, endpoint=endpoint, **given)
    return Figure(name, kind, found["ours"], "/s", found["raw"], target, _bound(found, workers))


def _bound(found: dict[str, Any], workers: int) -> str:
    parts = ", ".join(f"{name} {milliseconds:.2f}" for name, milliseconds in found["cpu_ms"].items())
    words = f"{found['share'] * 100:.0f} % of one core in this process; CPU a call in ms: {parts}"
    if "sdk_alone" in found:
        words += (f"; the SDK against the stand-ins without any database makes {found['sdk_alone']:,.0f}/s, so that is "
                  "the bound" if found["ours"] > 0.75 * found["sdk_alone"] else
                  f"; the SDK against the stand-ins with no database makes {found['sdk_alone']:,.0f}/s")
    elif found["share"] < 0.7:
        words += (f"; the provider allows {workers / PROVIDER_SECONDS:,.0f} calls a second, the rest is waiting for "
                  "the database and for other threads' units")
    else:
        words += "; the interpreter's lock is the bound"
    return words + "."


@contextmanager
def _provider(sdk: bool) -> Iterator[str]:
    """The address of stand-ins that answer after 20 ms, or "" for the sleeper."""
    if not sdk:
        yield ""
        return
    with running(settings={"behaviour": {"latency_ms": PROVIDER_SECONDS * 1000, "receipts": False,
                                         "frequency": False}}) as control:
        yield control.base_url


def hand_over(url: str, endpoint: str, personal: bool, workers: int, count: int, times: int) -> dict[str, Any]:
    """Several batches in turn: one by the bare loop, one by the product."""
    more: dict[str, Any] = {} if endpoint else {"SMS_PROVIDER": lambda _: Sleeper()}
    raw, ours, alone, shares = [], [], [], []
    clock = Clock()
    with grounds.application(url, **more) as app, clock:
        ground = grounds.furnish(endpoint)
        for _ in range(times):
            ids = queue_batches(ground, personal, count, 2)
            if endpoint:
                alone.append(count / seconds(lambda: sdk_alone(endpoint, personal, workers, count)))
            raw.append(count / seconds(partial(bare_line.dispatch, url, ids[0], workers, PROVIDER_SECONDS)))
            with busy() as usage:
                work_the_line(app, workers)
            ours.append(count / usage.wall)
            shares.append(usage.share)
            _assert_accepted(url, ids[1], count)
    found = {"raw": median(raw), "ours": median(ours), "share": median(shares), "cpu_ms": clock.milliseconds_a_call()}
    return found | ({"sdk_alone": median(alone)} if alone else {})


def queue_batches(ground: grounds.Ground, personal: bool, count: int, batches: int) -> list[int]:
    with tempfile.TemporaryDirectory() as folder:
        path = sheets.write(Path(folder, "list.csv" if personal else "list.txt"), count)
        return [grounds.queue_batch(ground, path, personal=personal) for _ in range(batches)]


def _assert_accepted(url: str, batch_id: int, count: int) -> None:
    row = bare.Bare(url).run("SELECT accepted, queued, state FROM batches WHERE id = ?", batch_id).fetchone()
    assert tuple(row) == (count, 0, "sent"), row


def work_the_line(app: Flask, workers: int, lanes: Sequence[Lane] = ALL_LANES) -> None:
    """Let `workers` threads take chunks until none is left."""

    def work(place: int) -> None:
        with app.app_context():
            while dispatch.dispatch_next(lanes, worker=f"bench-{place}") is not dispatch.Turn.IDLE:
                pass

    run_threads(workers, work)


def sdk_alone(endpoint: str, personal: bool, workers: int, count: int) -> None:
    """The same calls with nothing recorded: what the SDK and the stand-ins allow."""
    size = 100 if personal else 1000
    phones = [str(13_000_000_000 + index) for index in range(size)]
    variables = [{"name": "王芳", "order": f"NO{index:08d}"} for index in range(size)] if personal else None
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    credentials = Credentials("standin-key", "standin-secret", endpoint, endpoint, endpoint)
    code = (grounds.PERSONAL if personal else grounds.ALIKE)[0]

    def work(place: int) -> None:
        with app.app_context():
            provider = provider_for(credentials)
            for number in range(count // size // workers):
                provider.send(signature=grounds.SIGNATURE, template_code=code, phones=phones, variables=variables,
                              out_id=f"alone-{place}-{number}")

    run_threads(workers, work)


class Clock:
    """CPU time that threads spend in the three steps of a call, while the block lasts."""

    _STEPS = (("claim", "claim_chunk"), ("call", "_call"), ("record", "record_answer"))

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.calls = 0
        self.lock = threading.Lock()
        self.before: dict[str, Any] = {}

    def __enter__(self) -> Clock:
        for step, name in self._STEPS:
            self.before[name] = getattr(dispatch, name)
            setattr(dispatch, name, self._timed(step, self.before[name]))
        return self

    def __exit__(self, *_: object) -> None:
        for name, work in self.before.items():
            setattr(dispatch, name, work)

    def _timed(self, step: str, work: Any) -> Any:
        def timed(*args: Any, **kwargs: Any) -> Any:
            began = time.thread_time()
            try:
                return work(*args, **kwargs)
            finally:
                with self.lock:
                    self.spent[step] += time.thread_time() - began
                    self.calls += step == "call"

        return timed

    def milliseconds_a_call(self) -> dict[str, float]:
        return {step: self.spent[step] / max(self.calls, 1) * 1000 for step, _ in self._STEPS}


def _two_processes() -> Iterator[Figure]:
    for personal in (False, True):
        name = _name(personal, "2 processes × 4", False)
        if trouble := grounds.trouble_with("postgresql"):
            yield Figure(name, "postgresql", None, "/s", target=TARGET, bound=trouble)
            continue
        count = _count(personal, quick=False)
        with grounds.database("postgresql") as url:
            batch_id = in_process("dispatch:prepare", url=url, personal=personal, count=count)
            children = [Child("dispatch:share", {"url": url, "workers": 4}) for _ in range(2)]
            for child in children:
                child.wait_ready()
            began = time.perf_counter()
            for child in children:
                child.go()
            shares = [child.result() for child in children]
            taken = time.perf_counter() - began
            _assert_accepted(url, batch_id, count)
        words = " and ".join(f"{share * 100:.0f} %" for share in shares)
        yield Figure(name, "postgresql", count / taken, "/s", target=TARGET,
                     bound=f"{words} of a core in the two processes; the rest is waiting for the database.")


def prepare(url: str, personal: bool, count: int) -> int:
    with grounds.application(url):
        return queue_batches(grounds.furnish(), personal, count, 1)[0]


def share(url: str, workers: int) -> float:
    with grounds.application(url, SMS_PROVIDER=lambda _: Sleeper()) as app:
        provider_for(Credentials("", ""))
        at_the_line()
        with busy() as usage:
            work_the_line(app, workers)
    return usage.share
