"""File → queued (rows 1 and 2)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.domain.audience import sift
from app.domain.columns import lay_out
from app.domain.placeholders import Wording
from app.domain.sheets import Row
from app.services.sending.compose import compose_file
from app.services.sending.reading import rows_of
from app.services.sending.submit import submit_batch
from benchmarks import bare, grounds, sheets
from benchmarks.measure import Figure, in_process, in_turn, peak_mb, seconds

MOST_ROWS = 1_000_001


def figures(quick: bool) -> Iterator[Figure]:
    count = 20_000 if quick else 100_000
    target = 2.0 * count / 100_000
    kinds = ((".xlsx", True),) if quick else ((".xlsx", False), (".xlsx", True), (".csv", True))
    with tempfile.TemporaryDirectory() as folder:
        files = {ending: str(sheets.write(Path(folder, f"list{ending}"), count)) for ending in (".xlsx", ".csv")}
        for kind in grounds.KINDS:
            for ending, personal in kinds:
                name = f"{count // 1000}k {ending[1:]} → queued, {'personal' if personal else 'one text'}"
                yield _figure(name, kind, files[ending], personal, count, 1 if quick else 2, target)


def _figure(name: str, kind: str, path: str, personal: bool, count: int, times: int, target: float) -> Figure:
    if trouble := grounds.trouble_with(kind):
        return Figure(name, kind, None, "s", bound=trouble)
    with grounds.database(kind) as url:
        found = in_process("files:file_to_queued", url=url, path=path, personal=personal, count=count, times=times)
    raw, ours, read, sifted, submitted = (found[key] for key in ("raw", "ours", "read", "sifted", "submitted"))
    apart = ", in a process of its own" if path.endswith(".xlsx") else ""
    return Figure(
        name, kind, ours, "s", raw, max(target, 2.5 * raw),
        f"reading alone {read:.2f} s{apart}; with sifting {sifted:.2f} s; submitting {submitted:.2f} s; "
        f"so storing takes about {max(ours - sifted - submitted, 0):.2f} s.",
    )


def file_to_queued(url: str, path: str, personal: bool, count: int, times: int) -> dict[str, Any]:
    """Measured parts are taken away from behind: without storing, then without sifting."""
    with grounds.application(url):
        ground = grounds.furnish()
        submitting: list[float] = []

        def ours() -> None:
            batch_id = compose_file(ground.order(personal), path)
            submitting.append(seconds(lambda: submit_batch(batch_id, by="bench")))

        if times > 1:
            ours()  # the first run pays for what every process pays for once
        bare_time, our_time, sift_time, read_time = in_turn(
            times,
            lambda: bare.queue_file(url, path, personal),
            ours,
            lambda: sum(len(part.good) for part in _sifted(path, personal)),
            lambda: sum(1 for _ in _rows(path)),
        )
        plain = bare.Bare(url)
        stored = plain.run("SELECT count(*) FROM messages WHERE chunk_id >= 10000000").fetchone()[0]
        queued = plain.run("SELECT sum(queued), count(*) FROM batches WHERE state = 'queued'").fetchone()
        assert stored == count * times and queued[0] == count * queued[1], (stored, queued)
        return {"raw": bare_time, "ours": our_time, "sifted": sift_time, "read": read_time,
                "submitted": sorted(submitting)[len(submitting) // 2]}


def _rows(path: str) -> Iterator[Row]:
    return rows_of(path, filename=path, max_rows=MOST_ROWS)


def _sifted(path: str, personal: bool) -> Any:
    content = grounds.PERSONAL[1] if personal else grounds.ALIKE[1]
    wording = Wording(content)
    plan, _, body = lay_out(_rows(path), wording.names if personal else ())
    return sift(body, wording=wording, signature=grounds.SIGNATURE, plan=plan, personal=personal)


def large_figures(quick: bool) -> Iterator[Figure]:
    """A million rows: how long, and the peak memory of the process and of the child that parses a workbook."""
    if quick:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = str(sheets.write(Path(folder, "list.csv"), 1_000_000))
        for kind in grounds.KINDS:
            yield from _large(kind, path, True)
        # What a workbook adds is the child, whatever the database.
        yield from _large("sqlite", str(sheets.write(Path(folder, "list.xlsx"), 1_000_000)), True)


def _large(kind: str, path: str, personal: bool) -> Iterator[Figure]:
    ending = path.rpartition(".")[2]
    name = f"1M {ending} → queued, personal"
    if trouble := grounds.trouble_with(kind):
        yield Figure(name, kind, None, "s", bound=trouble)
        return
    with grounds.database(kind) as url:
        found = in_process("files:large_file", url=url, path=path, personal=personal)
    with grounds.database(kind) as url:
        raw = in_process("files:large_file_bare", url=url, path=path, personal=personal)
    yield Figure(name, kind, found["ours"], "s", raw["ours"], 20)
    if ending == "xlsx":
        yield Figure("  its peak memory, child that parses", kind, found["child_mb"], "MB", raw["mb"], 1000,
                     "the parser holds the whole sheet; the child ends with it.")
    yield Figure("  its peak memory, process", kind, found["mb"], "MB", None, 250,
                 f"{found['idle_mb']:.0f} MB of it are the libraries; the rest is which numbers and texts were seen.")


def large_file(url: str, path: str, personal: bool) -> dict[str, float]:
    with grounds.application(url):
        ground = grounds.furnish()
        idle, _ = peak_mb()
        taken = seconds(lambda: grounds.queue_batch(ground, path, personal=personal))
        own, child = peak_mb()
    return {"ours": taken, "mb": own, "child_mb": child, "idle_mb": idle}


def large_file_bare(url: str, path: str, personal: bool) -> dict[str, float]:
    return {"ours": seconds(lambda: bare.queue_file(url, path, personal)), "mb": peak_mb()[0]}
