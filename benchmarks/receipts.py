"""Receipts → final states (row 4), at the database layer and through the queues; the books over all that (row 7)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

from app.gateways.aliyun import AliyunQueue
from app.gateways.sms import Credentials
from app.models.inbox import RawKind
from app.services.books import check_books
from app.services.sending.arrivals import store_arrivals
from app.services.sending.receipts import apply_receipts
from app.services.sending.reception import Reader, queues_to_read
from benchmarks import bare, dispatch, grounds, mail
from benchmarks.bare_line import run_threads
from benchmarks.measure import Figure, busy, in_process, seconds
from standins.spawn import running

TARGET = 75_000


def figures(quick: bool) -> Iterator[Figure]:
    messages, count = (10_000, 5_000) if quick else (1_000_000, 100_000)
    size = f"{messages // 1000}k" if quick else "1M"
    for kind in grounds.KINDS:
        row = f"receipts into {size} messages, database layer"
        if trouble := grounds.trouble_with(kind):
            yield Figure(row, kind, None, "/s", target=TARGET, bound=trouble)
            continue
        with grounds.database(kind) as url:
            in_process("mail:lay_out", url=url, messages=messages)
            found = in_process("receipts:into_table", url=url, count=count)
            yield Figure(
                row, kind, found["ours"], "/s", found["raw"], TARGET,
                f"storing takes {found['storing'] * 100:.0f} %, applying the rest; {found['share'] * 100:.0f} % of one "
                "core in this process, what remains is the database.",
            )
            books = in_process("receipts:check", url=url)
            yield Figure(f"check-books over {size} messages", kind, books["ours"], "s", books["raw"], None,
                         f"raw is one count by chunk and state; {books['share'] * 100:.0f} % of one core here.")
    for kind in grounds.KINDS[:1] if quick else grounds.KINDS:
        yield _through_queues(kind, 1_000 if quick else 20_000)


def into_table(url: str, count: int) -> dict[str, float]:
    """Receipts for the first `count` messages by the bare loop, undone, then by the product."""
    keys = mail.keys(1, count)
    raw = seconds(lambda: bare.mark(url, keys))
    bare.unmark(url)
    keys = mail.keys(1 + count // mail.A_CALL, count)
    arrays = list(mail.arrays(keys, 1000))
    with grounds.application(url), busy() as usage:
        storing = seconds(lambda: [store_arrivals(RawKind.RECEIPT, [body], source="push") for body in arrays])
        while apply_receipts():
            pass
    row = bare.Bare(url).run("SELECT delivered + failed FROM batches").fetchone()
    assert row[0] == count, row
    return {"raw": count / raw, "ours": count / usage.wall, "storing": storing / usage.wall, "share": usage.share}


def check(url: str) -> dict[str, float]:
    plain = bare.Bare(url)
    counting = "SELECT chunk_id, state, count(*) FROM messages GROUP BY chunk_id, state"
    raw = seconds(lambda: plain.run(counting).fetchall())
    with grounds.application(url), busy() as usage:
        breaches = check_books()
    assert not breaches, breaches[:3]
    return {"ours": usage.wall, "raw": raw, "share": usage.share}


def _through_queues(kind: str, count: int) -> Figure:
    row = f"receipts through the queues, 2 receivers, {count // 1000}k"
    if trouble := grounds.trouble_with(kind):
        return Figure(row, kind, None, "/s", bound=trouble)
    behaviour = {"receipt_delay_ms": 0, "frequency": False}
    with running(settings={"behaviour": behaviour}) as control, grounds.database(kind) as url:
        found = in_process("receipts:from_queue", url=url, endpoint=control.base_url, count=count)
    return Figure(row, kind, found["ours"], "/s", found["raw"], None,
                  "raw is reading and deleting alone: 16 receipts a call, through the official SDK and the stand-ins "
                  f"on the same two cores; {found['share'] * 100:.0f} % of one core in this process.")


def from_queue(url: str, endpoint: str, count: int) -> dict[str, Any]:
    with grounds.application(url) as app:
        ground = grounds.furnish(endpoint)
        dispatch.sdk_alone(endpoint, False, 1, count)
        raw = seconds(lambda: _read_alone(endpoint, count))
        batch_id = dispatch.queue_batches(ground, False, count, 1)[0]
        dispatch.work_the_line(app, 2)
        taken, done = [0, 0], threading.Event()

        def work(place: int) -> None:
            with app.app_context():
                if place == 2:
                    while apply_receipts() or not done.is_set():
                        time.sleep(0.002)
                    return
                reader = Reader(next(each for each in queues_to_read() if each.kind is RawKind.RECEIPT))
                while sum(taken) < count:
                    taken[place] += reader.take_in(wait_seconds=1)
                done.set()

        with busy() as usage:
            run_threads(3, work)
        row = bare.Bare(url).run("SELECT delivered FROM batches WHERE id = ?", batch_id).fetchone()
        assert row[0] == count, row
    return {"raw": count / raw, "ours": count / usage.wall, "share": usage.share}


def _read_alone(endpoint: str, count: int) -> None:
    taken = [0, 0]

    def work(place: int) -> None:
        queue = AliyunQueue(Credentials("standin-key", "standin-secret", endpoint, endpoint, endpoint),
                            queue_name=grounds.RECEIPT_QUEUE)
        while sum(taken) < count:
            items = queue.receive(wait_seconds=1)
            queue.delete([item.handle for item in items])
            taken[place] += len(items)

    run_threads(2, work)
