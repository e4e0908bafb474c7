"""One process looks at the time: the holder of a lock that is freed when it dies, by whatever cause."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

log = logging.getLogger(__name__)

_ADVISORY_KEY = 0x706F7374  # "post"; the lock is one of the database's own
_LOOK_EVERY = 2.0


class Lock(Protocol):
    def take(self) -> bool:
        """Take it, or see that it is still ours. False where another has it or nobody can tell."""

    def free(self) -> None: ...


class FileLock:
    """For SQLite, where all processes are on this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> bool:
        if self._file is not None:
            return True
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._file = file
        return True

    def free(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class DatabaseLock:
    """For PostgreSQL: an advisory lock on a connection of its own. A lost connection is a lost lock."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3,
                          "tcp_user_timeout": 10_000, "application_name": "posthouse leader"},
        )
        self._connection: Any = None

    def take(self) -> bool:
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return True
            connection = self._engine.connect()
            if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY_KEY}):
                self._connection = connection
                return True
            connection.close()
        except SQLAlchemyError:
            self.free()
        return False

    def free(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.invalidate()  # closes it for good, and the lock with it
                connection.close()
            except SQLAlchemyError:
                log.debug("the connection of the leader's lock was gone already")


def leader_lock(app: Flask) -> Lock:
    url: str = app.config["SQLALCHEMY_DATABASE_URI"]
    if url.startswith("sqlite"):
        return FileLock(Path(app.config["POSTHOUSE_HOME"]) / "leader.lock")
    return DatabaseLock(url)


class Leader:
    """Calls `begin` when this process becomes the one, and `end` when it is not any more."""

    def __init__(self, lock: Lock, *, begin: Callable[[], None], end: Callable[[], None],
                 look_every: float = _LOOK_EVERY) -> None:
        self._lock = lock
        self._begin, self._end = begin, end
        self._look_every = look_every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="leader", daemon=True)
        self.leads = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                self._look()
            except Exception:
                log.exception("the leader's lock could not be looked at")
            self._stop.wait(self._look_every)
        self._leave()
        self._lock.free()

    def _look(self) -> None:
        holds = self._lock.take()
        if holds and not self.leads:
            log.info("this process looks at the time")
            self._begin()
            self.leads = True
        elif self.leads and not holds:
            log.warning("the leader's lock was lost; another process may have it")
            self._leave()

    def _leave(self) -> None:
        if self.leads:
            self.leads = False
            self._end()
