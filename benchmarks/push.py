"""Receipts over HTTP, pushed as Aliyun pushes them, from the first post to the last message that is final (row 4)."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from typing import Any

import waitress
from sqlalchemy import select

from app.extensions import db
from app.jobs.shift import Shift
from app.models.access_keys import AccessKey
from benchmarks import bare, grounds, mail
from benchmarks.bare_line import run_threads
from benchmarks.measure import Child, Figure, at_the_line, in_process

TARGET = 20_000
_POSTERS = 4  # as the stand-ins
_IN_A_POST = 100
_WEB_THREADS = 8  # as run.py serve
_ANSWER = b'{"code":0,"msg":"OK"}'


def figures(quick: bool) -> Iterator[Figure]:
    count = 5_000 if quick else 100_000
    raw = _against("push:bare_server", count)
    for kind in grounds.KINDS[:1] if quick else grounds.KINDS:
        row = f"receipts by push, HTTP, {_IN_A_POST} a post, {count // 1000}k"
        if trouble := grounds.trouble_with(kind):
            yield Figure(row, kind, None, "/s", target=TARGET, bound=trouble)
            continue
        with grounds.database(kind) as url:
            batch_id = in_process("mail:lay_out", url=url, messages=count)
            ours = _against("push:server", count, url=url, batch_id=batch_id)
        yield Figure(
            row, kind, ours["rate"], "/s", raw["rate"], TARGET,
            f"raw is the same server storing nothing; all posts were answered after {ours['answered'] * 100:.0f} % of "
            "the time, the rest is applying; the sender has a part of the same two cores.",
        )


def _against(target: str, count: int, **given: Any) -> dict[str, float]:
    server = Child(target, given)
    port, _, path = server.wait_ready().partition(" ")
    try:
        found: dict[str, float] = in_process("push:post", port=int(port), path=path, count=count, **given)
    finally:
        server.process.kill()
        server.process.communicate()
    return found


def server(url: str, batch_id: int) -> None:
    """The web and the threads that apply, in one process, as `run.py serve` has them."""
    with grounds.application(url, web=True) as app:
        secret = db.session.scalar(select(AccessKey.push_secret))
        db.session.remove()
        Shift(app, works=True, leads=False).start()
        _serve(app, f"/push/{secret}/receipts")


def bare_server() -> None:
    def answer(environ: dict[str, Any], start: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(_ANSWER)))])
        return [_ANSWER]

    _serve(answer, "/")


def _serve(app: Any, path: str) -> None:
    web = waitress.create_server(app, host="127.0.0.1", port=0, threads=_WEB_THREADS, ident=None)
    threading.Thread(target=web.run, daemon=True).start()
    at_the_line(f"{web.effective_port} {path}")


def post(port: int, path: str, count: int, url: str = "", batch_id: int = 0) -> dict[str, float]:
    """Post the receipts of `count` messages; done when all are final, or, at the bare server, when all are answered."""
    bodies = [body.encode() for body in mail.arrays(mail.keys(1, count), _IN_A_POST)]

    def work(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for body in bodies[place::_POSTERS]:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            taken = answer.read()
            assert answer.status == 200 and b'"code":0' in taken, (answer.status, taken)

    began = time.perf_counter()
    run_threads(_POSTERS, work)
    answered = time.perf_counter() - began
    if url:
        _wait_for_the_last(url, batch_id, count)
    taken = time.perf_counter() - began
    return {"rate": count / taken, "answered": answered / taken}


def _wait_for_the_last(url: str, batch_id: int, count: int) -> None:
    plain = bare.Bare(url)
    until = time.monotonic() + 300
    while plain.run("SELECT delivered + failed FROM batches WHERE id = ?", batch_id).fetchone()[0] < count:
        plain.commit()
        if time.monotonic() > until:
            raise RuntimeError("receipts were pushed and not applied within 300 s")
        time.sleep(0.05)
    plain.close()
