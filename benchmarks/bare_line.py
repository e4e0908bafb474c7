"""The bare limit of dispatch: claim a chunk, wait as long as the provider takes, mark it and its messages."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

from benchmarks.bare import Bare

_CLAIM = (
    "SELECT id FROM chunks WHERE batch_id = ? AND state = 'queued' AND due_at IS NOT NULL ORDER BY due_at, id LIMIT 1"
)


def dispatch(url: str, batch_id: int, workers: int, provider_seconds: float) -> int:
    """Hand over every chunk of a batch by `workers` threads with a connection each; how many calls that took."""
    gate = threading.Lock()
    calls = [0] * workers

    def work(place: int) -> None:
        bare = Bare(url)
        while _one(bare, batch_id, gate, provider_seconds):
            calls[place] += 1
        bare.close()

    run_threads(workers, work)
    return sum(calls)


def run_threads(count: int, work: Any) -> None:
    """Run `work(number)` in `count` threads to the end; a failure in one is raised here."""
    failures: list[BaseException] = []

    def guarded(place: int) -> None:
        try:
            work(place)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(place,), daemon=True) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _one(bare: Bare, batch_id: int, gate: Any, provider_seconds: float) -> bool:
    with gate if bare.sqlite else threading.Lock():
        bare.begin()
        row = bare.run(_CLAIM if bare.sqlite else f"{_CLAIM} FOR UPDATE SKIP LOCKED", batch_id).fetchone()
        if row is None:
            bare.commit()
            return False
        bare.run("UPDATE chunks SET state = 'sending' WHERE id = ? AND state = 'queued'", row[0])
        bare.run(
            "INSERT INTO attempts (chunk_id, access_key_id, out_id, state, code, message, worker, started_at) "
            "VALUES (?, 1, ?, 'open', '', '', '', CURRENT_TIMESTAMP)", row[0], secrets.token_hex(16),
        )
        bare.run("SELECT phone, variables FROM messages WHERE chunk_id = ?", row[0]).fetchall()
        bare.commit()
    time.sleep(provider_seconds)
    with gate if bare.sqlite else threading.Lock():
        bare.begin()
        bare.run("UPDATE chunks SET state = 'accepted', due_at = NULL WHERE id = ?", row[0])
        bare.run("UPDATE messages SET state = 'accepted' WHERE chunk_id = ? AND state = 'queued'", row[0])
        bare.commit()
    return True
