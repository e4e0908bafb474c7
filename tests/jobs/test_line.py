from __future__ import annotations

import threading

from flask import Flask

from app.jobs.line import ALL, Line, drain
from app.models.states import BatchState, Lane
from app.services.sending.progress import progress_of
from tests.samples import FakeCall, FakeProvider, Samples, phones
from tests.waiting import until


def test_a_drain_takes_everything_that_is_due(app: Flask, samples: Samples, provider: FakeProvider) -> None:
    samples.access_key()
    customer = samples.customer(segments=100)
    batches = [samples.batch(customer.id, phones(12, 13_800_000_000 + 100 * place)) for place in range(3)]
    assert drain(app, ALL, "test", seconds=10) == 3
    assert [progress_of(batch).state for batch in batches] == [BatchState.SENT] * 3


def test_a_drain_ends_when_its_time_is_over(app: Flask, samples: Samples) -> None:
    samples.access_key()
    samples.batch(samples.customer(segments=100).id, phones(12))
    assert drain(app, ALL, "test", seconds=0) == 0


def test_bulk_never_takes_the_threads_kept_for_single_sends(
    app: Flask, samples: Samples, provider: FakeProvider
) -> None:
    held, let_go, bulk = threading.Semaphore(0), threading.Event(), "13800000"

    def answer(call: FakeCall) -> str:
        if call.phones[0].startswith(bulk):
            held.release()
            assert let_go.wait(20)
        return f"biz-{call.out_id}"

    provider.answer = answer
    app.config.update(DISPATCH_THREADS=4, DISPATCH_FAST_THREADS=2)
    samples.access_key()
    customer = samples.customer(segments=1000)
    for place in range(6):
        samples.batch(customer.id, phones(11, 13_800_000_000 + 100 * place))
    line = Line(app)
    line.start()
    try:
        line.wake(Lane.BULK)
        for _ in range(2):
            assert held.acquire(timeout=10)
        single = samples.batch(customer.id, ["15900000001"])
        line.wake(Lane.SINGLE)
        until(lambda: progress_of(single).state is BatchState.SENT, 5)
        assert not held.acquire(timeout=0.3)  # the two that are free do not begin a third bulk call
    finally:
        let_go.set()
        assert line.stop(10)


def test_a_stopped_line_has_finished_its_calls(app: Flask, samples: Samples, provider: FakeProvider) -> None:
    begun = threading.Event()

    def answer(call: FakeCall) -> str:
        begun.set()
        threading.Event().wait(0.5)
        return f"biz-{call.out_id}"

    provider.answer = answer
    samples.access_key()
    batch = samples.batch(samples.customer(segments=100).id, phones(12))
    line = Line(app)
    line.start()
    assert begun.wait(10)
    assert line.stop(10)
    assert progress_of(batch).state is BatchState.SENT
