"""Reading that breaks off: nothing half-read is ever sent or kept, and the same request twice is one batch."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.domain.sheets import Row
from app.extensions import db
from app.models.batches import Batch
from app.models.states import BatchState
from app.services.books import check_books
from app.services.sending import compose, reading
from app.services.sending.compose import compose_file
from app.services.sending.discard import sweep_orphans
from app.services.sending.running import cancel_batch
from app.services.sending.submit import submit_batch
from tests.domain.workbooks import write_xlsx
from tests.samples import NOON, Samples, phones, rows
from tests.services.sending.crowd import at_once
from tests.services.sending.test_compose import messages, nothing_is_left, order
from tests.services.sending.test_dispatch import batch


def only_batch() -> int:
    db.session.rollback()
    return db.session.scalars(db.select(Batch.id)).one()


def rows_then(monkeypatch: pytest.MonkeyPatch, count: int, happens: Any) -> None:
    """After `count` rows of the file something happens, then the rest of the rows comes."""

    def read(path: Any, **_: Any) -> Iterator[Row]:
        for line, phone in enumerate(phones(20_000), 1):
            if line == count:
                happens()
            yield line, [phone]

    monkeypatch.setattr(compose, "rows_of", read)


@pytest.fixture
def workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that is parsed in a process of its own."""
    monkeypatch.setattr(reading, "_SMALL", 1000)
    return write_xlsx(tmp_path / "a.xlsx", [["手机", "备注"], *([phone, "备注" * 30] for phone in phones(12_000))])


def test_a_large_workbook_is_read_by_a_child(app: Flask, samples: Samples, workbook: Path) -> None:
    batch_id = compose_file(order(samples, samples.customer().id), workbook)
    assert messages(batch_id) == list(enumerate(phones(12_000), 2))


def test_a_childs_refusal_is_ours(app: Flask, samples: Samples, workbook: Path) -> None:
    content = workbook.read_bytes()
    workbook.write_bytes(content[: len(content) // 2] + bytes(len(content) // 2))
    with pytest.raises(Refused) as caught:
        compose_file(order(samples, samples.customer().id), workbook)
    assert caught.value.code == "sheet_broken"
    nothing_is_left()


@pytest.mark.parametrize("after", [0, 1, 5_000, 7_000])
def test_a_child_that_is_killed_leaves_nothing(
    app: Flask, samples: Samples, workbook: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    children: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def watched(*args: Any, **more: Any) -> subprocess.Popen[bytes]:
        children.append(start(*args, **more))
        return children[-1]

    real = reading._rows_of_child

    def read(*args: Any) -> Iterator[Row]:
        for count, row in enumerate(real(*args)):
            if count == after:
                children[0].send_signal(signal.SIGKILL)
                children[0].wait()
            yield row

    monkeypatch.setattr(subprocess, "Popen", watched)
    monkeypatch.setattr(reading, "_rows_of_child", read)
    with pytest.raises(Refused) as caught:
        compose_file(order(samples, samples.customer().id), workbook)
    assert caught.value.code == "sheet_broken"
    nothing_is_left()


def test_a_child_that_dies_within_a_slice_is_noticed(tmp_path: Path) -> None:
    """What is in the pipe may end anywhere."""
    script = "import pickle, sys; sys.stdout.buffer.write(pickle.dumps([(1, ['13800138000'])] * 50, protocol=5)[:{}])"
    whole = len(pickle.dumps([(1, ["13800138000"])] * 50, protocol=5))
    for length in (0, 1, 12, whole // 2, whole - 1, whole):
        done = subprocess.run([sys.executable, "-c", script.format(length)], capture_output=True, check=True)
        path = tmp_path / "pipe"
        path.write_bytes(done.stdout)
        with path.open("rb") as stream, pytest.raises(Refused):
            list(reading._received(stream))


def test_an_orphan_is_swept_after_a_day(
    any_app: Flask, samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = order(samples, samples.customer(segments=9).id)

    def die() -> None:
        raise KeyboardInterrupt

    rows_then(monkeypatch, 11_000, die)
    with pytest.raises(KeyboardInterrupt):
        compose_file(made, tmp_path / "a", now=NOON)
    batch_id = only_batch()
    assert (batch(batch_id).state, len(messages(batch_id))) == (BatchState.PREPARING, 10_000)
    with pytest.raises(Refused):
        submit_batch(batch_id, by="test")
    before = rows()
    assert sweep_orphans(now=NOON + timedelta(hours=24)) == 0
    assert rows() == before
    assert sweep_orphans(now=NOON + timedelta(hours=24, seconds=1)) == 1
    nothing_is_left(BatchState.CANCELLED)
    before = rows()
    assert sweep_orphans(now=NOON + timedelta(hours=50)) == 0
    assert rows() == before
    assert check_books() == []


def test_an_orphan_of_bad_rows_only_is_swept_too(app: Flask, samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: Any, **_: Any) -> Iterator[Row]:
        yield from ((line, ["x"]) for line in range(1, 5_001))
        raise KeyboardInterrupt

    monkeypatch.setattr(compose, "rows_of", read)
    with pytest.raises(KeyboardInterrupt):
        compose_file(order(samples, samples.customer().id), "a", now=NOON)
    sweep_orphans(now=NOON + timedelta(days=2))
    nothing_is_left(BatchState.CANCELLED)


@pytest.mark.parametrize("line", [1, 7_000, 20_000])
def test_cancelled_while_it_is_read(
    any_app: Flask, samples: Samples, monkeypatch: pytest.MonkeyPatch, line: int
) -> None:
    made = order(samples, samples.customer().id)
    rows_then(monkeypatch, line, lambda: at_once(any_app, lambda: cancel_batch(only_batch(), by="test")))
    with pytest.raises(Refused) as caught:
        compose_file(made, "a")
    assert caught.value.code == "cancelled"
    nothing_is_left(BatchState.CANCELLED)


def test_cancelled_after_its_last_row(app: Flask, samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    made = order(samples, samples.customer().id)
    finish = compose._finish

    def late(batch_id: int) -> None:
        cancel_batch(batch_id, by="test")
        finish(batch_id)

    rows_then(monkeypatch, 1, lambda: None)
    monkeypatch.setattr(compose, "_finish", late)
    with pytest.raises(Refused) as caught:
        compose_file(made, "a")
    assert caught.value.code == "cancelled"
    nothing_is_left(BatchState.CANCELLED)


def test_reading_holds_no_lock(app: Flask, samples: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is read slowly keeps nobody from writing, on a new database neither."""
    made = order(samples, samples.customer().id)
    rows_then(monkeypatch, 1, lambda: at_once(app, lambda: samples.customer(), seconds=5))
    compose_file(made, "a")


def test_an_idempotency_key(any_app: Flask, samples: Samples) -> None:
    customer_id = samples.customer().id
    made = order(samples, customer_id, idempotency_key="key", body_hash="one")
    path = samples.file("\n".join(phones(3)))
    first = compose_file(made, path, now=NOON)
    before = rows()
    assert compose_file(made, path, now=NOON + timedelta(days=7)) == first
    with pytest.raises(Refused) as caught:
        compose_file(replace(made, body_hash="two"), path, now=NOON + timedelta(days=7))
    assert caught.value.code == "conflict"
    assert rows() == before
    other = order(samples, samples.customer().id, idempotency_key="key", body_hash="two")
    assert compose_file(other, path, now=NOON) != first
    late = NOON + timedelta(days=7, seconds=1)
    second = compose_file(replace(made, body_hash="two"), path, now=late)
    assert second != first
    assert compose_file(replace(made, body_hash="two"), path, now=late) == second
    os.unlink(path)


def test_one_request_from_many_threads_is_one_batch(any_app: Flask, samples: Samples) -> None:
    made = order(samples, samples.customer().id, idempotency_key="key", body_hash="one")
    path = samples.file("\n".join(phones(2000)))
    found = at_once(any_app, *[lambda: compose_file(made, path)] * 6)
    assert len(set(found)) == 1
    assert batch(only_batch()).good == 2000
    os.unlink(path)


def test_an_order_of_things_that_are_not_the_customers(app: Flask, samples: Samples) -> None:
    mine, yours = samples.customer(), samples.customer()
    made, theirs = order(samples, mine.id), order(samples, yours.id)
    member = samples.member(yours.id)
    for wrong, code in (
        ({"customer_id": 999}, "customer"), ({"signature_id": theirs.signature_id}, "signature"),
        ({"template_id": theirs.template_id}, "template"), ({"member_id": member}, "member"),
    ):  # fmt: skip
        before = rows()
        with pytest.raises(Refused) as caught:
            compose_file(replace(made, **wrong), "a")  # type: ignore[arg-type]
        assert (caught.value.code, rows()) == (code, before)
