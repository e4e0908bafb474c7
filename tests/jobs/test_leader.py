from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from app.extensions import db
from app.jobs.leader import DatabaseLock, FileLock, Leader, leader_lock
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
_HOLDER = """
import sys, time
from app.jobs.leader import DatabaseLock, FileLock
from pathlib import Path
kind, place = sys.argv[1:]
lock = FileLock(Path(place)) if kind == "file" else DatabaseLock(place)
print(lock.take(), flush=True)
time.sleep(60)
"""


@contextmanager
def held_by_another(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", _HOLDER, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "True\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_one_leads_and_the_next_follows_when_it_stops(any_app: Flask) -> None:
    told: list[str] = []
    first, second = [
        Leader(leader_lock(any_app), begin=lambda name=name: told.append(f"{name} begins"),  # type: ignore[misc]
               end=lambda name=name: told.append(f"{name} ends"), look_every=0.05)  # type: ignore[misc]
        for name in ("first", "second")
    ]
    first.start()
    until(lambda: first.leads)
    second.start()
    first._stop.wait(0.3)
    assert not second.leads
    first.stop()
    until(lambda: second.leads)
    second.stop()
    assert told == ["first begins", "first ends", "second begins", "second ends"]


def test_kill_9_frees_both_locks_at_once(any_app: Flask, tmp_path: Path) -> None:
    lock = leader_lock(any_app)
    if isinstance(lock, FileLock):
        arguments = ("file", str(tmp_path / "leader.lock"))
    else:
        arguments = ("database", any_app.config["SQLALCHEMY_DATABASE_URI"])
    with held_by_another(*arguments) as holder:
        assert not lock.take()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        until(lock.take, 3)
        lock.free()


def test_a_lost_connection_is_a_lost_lead(any_app: Flask) -> None:
    lock = leader_lock(any_app)
    if not isinstance(lock, DatabaseLock):
        return  # a file's lock cannot be lost while its process lives
    assert lock.take()
    with db.engine.connect() as connection:
        connection.execute(text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'posthouse leader' "
            "AND datname = current_database()"))
    assert not lock.take()
    until(lock.take, 3)
    lock.free()


def test_a_beginning_that_fails_is_tried_again(app: Flask) -> None:
    tries: list[int] = []

    def begin() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("the database is away")

    leader = Leader(leader_lock(app), begin=begin, end=lambda: None, look_every=0.05)
    leader.start()
    until(lambda: leader.leads)
    leader.stop()
    assert len(tries) == 2
