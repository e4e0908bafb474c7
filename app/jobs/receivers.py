"""Threads that read the provider's queues; the leader alone runs them."""

from __future__ import annotations

import logging
import threading
import time

from flask import Flask

from app.extensions import db
from app.models.inbox import RawKind
from app.services.sending.reception import QueueAway, QueueToRead, Reader, queues_to_read, tell_away, tell_back

log = logging.getLogger(__name__)

_LOOK_EVERY = 3.0  # seconds until a new access key, or one that has retired long enough, is noticed
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_TELL_AFTER = 180.0  # seconds without one good read


class _Trouble:
    """How long one reader has read nothing, and whether the reseller has been told."""

    def __init__(self, queue: QueueToRead) -> None:
        self._queue = queue
        self._since: float | None = None
        self._told = True  # perhaps by the process before this one

    def lasts(self, code: str) -> None:
        moment = time.monotonic()
        self._since = self._since or moment
        if moment - self._since >= _TELL_AFTER:
            tell_away(self._queue, code)
            self._since, self._told = moment, True  # told again after as long

    def is_over(self) -> None:
        self._since = None
        if self._told:
            tell_back(self._queue)
            self._told = False


class Receivers:
    """RECEIVERS_PER_QUEUE threads for each queue of receipts and one for each of replies."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._stop = threading.Event()
        self._running: dict[tuple[QueueToRead, int], threading.Event] = {}
        self._watch = threading.Thread(target=self._look_after, name="receivers", daemon=True)

    def start(self) -> None:
        self._watch.start()

    def stop(self) -> None:
        """Begin no other read. One that waits at an empty queue is left to its own time-out: it holds nothing."""
        self._stop.set()
        for ended in list(self._running.values()):
            ended.set()

    def _look_after(self) -> None:
        while not self._stop.is_set():
            try:
                with self._app.app_context():
                    try:
                        wanted = {(queue, place) for queue in queues_to_read() for place in range(self._places(queue))}
                    finally:
                        db.session.remove()
                self._adjust(wanted)
            except Exception:
                log.exception("the queues to read could not be looked up")
            self._stop.wait(_LOOK_EVERY)

    def _places(self, queue: QueueToRead) -> int:
        return int(self._app.config["RECEIVERS_PER_QUEUE"]) if queue.kind is RawKind.RECEIPT else 1

    def _adjust(self, wanted: set[tuple[QueueToRead, int]]) -> None:
        for gone in self._running.keys() - wanted:
            self._running.pop(gone).set()
        for new in wanted - self._running.keys():
            ended = self._running[new] = threading.Event()
            name = f"{new[0].kind.value}-{new[0].access_key_id}-{new[1]}"
            threading.Thread(target=self._read, args=(new[0], ended), name=name, daemon=True).start()

    def _read(self, queue: QueueToRead, ended: threading.Event) -> None:
        """Read until told to end. A queue's trouble is waited out, logged once, and told if it lasts."""
        reader, trouble = Reader(queue), _Trouble(queue)
        pause, told = _FIRST_PAUSE, ""
        while not (ended.is_set() or self._stop.is_set()):
            try:
                with self._app.app_context():
                    try:
                        reader.take_in(wait_seconds=int(self._app.config["RECEIVE_WAIT_SECONDS"]))
                        trouble.is_over()
                    finally:
                        db.session.remove()
                if told:
                    log.info("queue %s of access key %s can be read again", queue.name, queue.access_key_id)
                pause, told = _FIRST_PAUSE, ""
                continue
            except QueueAway as away:
                if ended.is_set() or self._stop.is_set():
                    return
                if told != str(away)[:40]:
                    told = str(away)[:40]
                    log.warning("queue %s of access key %s cannot be read: %s", queue.name, queue.access_key_id, away)
                self._note(trouble, away.code)
            except Exception as error:
                log.exception("what queue %s delivered could not be stored; it comes again", queue.name)
                self._note(trouble, type(error).__name__)
            ended.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _note(self, trouble: _Trouble, code: str) -> None:
        try:
            with self._app.app_context():
                try:
                    trouble.lasts(code)
                finally:
                    db.session.remove()
        except Exception:
            log.exception("a queue's trouble could not be told; it is tried again")
