"""List pages over a house in its third year (crowd.py): first page, a filtered one, a deep one; statements a page."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from statistics import median, quantiles
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.extensions import db
from app.services import sign_ins
from app.services.roles import sync_roles
from app.views import rights_of
from benchmarks import crowd, grounds
from benchmarks.measure import Figure, in_process

RUNS = 40
STATEMENTS = 8  # at most, a page
_PASSWORD = "letme1n!"

# name: (address, the bare statement of the same page); {n} changes with each run, {last} is the end of the pages
PAGES = {
    "messages, first page": ("/messages/list/", "SELECT * FROM messages ORDER BY id DESC LIMIT 25"),
    "messages, one phone": (
        "/messages/list/?_flt_0_phone=1{n:010d}",
        "SELECT * FROM messages WHERE phone = '1{n:010d}' ORDER BY id DESC LIMIT 25"),
    "messages, a phone's beginning": (
        "/messages/list/?_flt_0_phone=13{k}",
        "SELECT * FROM messages WHERE phone >= '13{k}' AND phone < '13{k}:' LIMIT 25"),
    "messages, one customer": (
        "/messages/list/?_flt_0_customer={c}",
        "SELECT * FROM messages WHERE customer_id = {c} ORDER BY id DESC LIMIT 25"),
    "messages, deep page": (
        "/messages/list/?page_MessageRoom=399", "SELECT * FROM messages ORDER BY id DESC LIMIT 25 OFFSET 9975"),
    "messages, older": (
        "/messages/list/?older_MessageRoom={n}", "SELECT * FROM messages WHERE id < {n} ORDER BY id DESC LIMIT 25"),
    "batches, first page": ("/batches/list/", "SELECT * FROM batches ORDER BY id DESC LIMIT 25"),
    "batches, by state": (
        "/batches/list/?_flt_0_state=paused",
        "SELECT * FROM batches WHERE state = 'paused' ORDER BY id DESC LIMIT 25"),
    "batches, customer and period": (
        "/batches/list/?_flt_0_customer=1&_flt_1_created_at=2024-06-01&_flt_2_created_at=2025-06-01",
        "SELECT * FROM batches WHERE customer_id = 1 ORDER BY id DESC LIMIT 25"),
    "batches, deep page": (
        "/batches/list/?page_BatchRoom=399", "SELECT * FROM batches ORDER BY id DESC LIMIT 25 OFFSET 9975"),
    "a batch's recipients": (
        "/batches/show/{b}",
        "SELECT * FROM messages WHERE chunk_id = {b} ORDER BY phone LIMIT 25"),
    "customers, first page": ("/customers/list/", "SELECT * FROM customers ORDER BY id DESC LIMIT 25"),
    "customers, beginning of a name": (
        "/customers/list/?_flt_0_name=公司{c}",
        "SELECT * FROM customers WHERE name >= '公司{c}' ORDER BY id DESC LIMIT 25"),
    "customers, deep page": (
        "/customers/list/?page_CustomerRoom=399", "SELECT * FROM customers ORDER BY id DESC LIMIT 25 OFFSET 9975"),
    "log, first page": ("/log/list/", "SELECT * FROM audit_entries ORDER BY id DESC LIMIT 25"),
}


def figures(quick: bool) -> Iterator[Figure]:
    for kind in grounds.KINDS[:1] if quick else grounds.KINDS:
        if trouble := grounds.trouble_with(kind):
            yield Figure("list pages", kind, None, "ms", target=100, bound=trouble)
            continue
        with grounds.database(kind) as url:
            found = in_process("lists:pages", url=url, quick=quick)
        rows = f"{found['messages']:,} messages, {found['batches']:,} batches, {found['customers']:,} customers."
        yield Figure("seeding the crowd", kind, found["seeding"], "s", bound=rows)
        for name, (ours, raw, middle, statements) in found["pages"].items():
            many = "" if statements <= STATEMENTS else f" MORE THAN {STATEMENTS}."
            yield Figure(f"p95 {name}", kind, ours, "ms", raw, 100,
                         f"{statements} statements a page{many}; median {middle:.1f} ms.")


def pages(url: str, quick: bool) -> dict[str, Any]:
    size = crowd.QUICK if quick else crowd.FULL
    with grounds.application(url, web=True, WTF_CSRF_ENABLED=False) as app:
        began = time.perf_counter()
        crowd.fill(size)
        seeding = time.perf_counter() - began
        sync_roles(rights_of(app))
        sign_ins.create_admin("root", "root@example.com", _PASSWORD, by="bench")
        db.session.remove()
    with grounds.application(url, web=True, WTF_CSRF_ENABLED=False) as app:
        pass
    return {"seeding": seeding, "messages": size.messages, "batches": size.batches, "customers": size.customers,
            "pages": measured(app, size)}


def measured(app: Flask, size: crowd.Crowd) -> dict[str, tuple[float, float, float, int]]:
    """name → (p95 ms, p95 ms of the bare statement, median ms, statements) of each page, outside any context."""
    client = app.test_client()
    assert client.post("/login/", data={"username": "root", "password": _PASSWORD}).status_code == 302
    counted: list[str] = []
    with app.app_context():
        engine = db.engine
        event.listen(engine, "before_cursor_execute", lambda *given: counted.append(given[2]))
    found = {}
    for name, (address, bare) in PAGES.items():
        _page(client, _filled(address, RUNS + 1, size))
        taken = [_page(client, _filled(address, run, size)) for run in range(RUNS)]
        counted.clear()
        _page(client, _filled(address, RUNS, size))
        statements = len([statement for statement in counted if statement != "BEGIN"])
        with engine.connect() as connection:
            raws = [_ms(lambda: connection.exec_driver_sql(_filled(bare, run, size)).fetchall())  # noqa: B023
                    for run in range(RUNS)]
        found[name] = (_p95(taken), _p95(raws), median(taken), statements)
    return found


def _filled(pattern: str, run: int, size: crowd.Crowd) -> str:
    number = (run + 1) * 7919
    return pattern.format(n=3_000_000_000 + number if "010d" in pattern else size.messages - number % size.messages,
                          k=run % 80 + 10, c=run % (size.customers - 1) + 2, b=run * 37 % size.batches + 1)


def _page(client: FlaskClient, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    taken = 1000 * (time.perf_counter() - began)
    assert answer.status_code == 200 and re.search("<h1>", answer.text), address
    return taken


def _ms(work: Any) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]
