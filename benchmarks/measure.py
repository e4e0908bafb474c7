"""Timing in processes of their own, so that no measurement pays for the one before it.

A target is named "module:function" inside this package; it takes and returns what JSON can carry.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Figure:
    """One line of the table. `unit` is "s", "ms" or "MB", where less is better, or "/s", where more is.

    `bound` is one sentence on what holds the figure where it is, from what was measured in the same run.
    """

    row: str
    database: str
    ours: float | None
    unit: str
    raw: float | None = None
    target: float | None = None
    bound: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the bare limit ours takes; 1 is the limit itself."""
        if not self.raw or not self.ours:
            return None
        return self.raw / self.ours if self.unit == "/s" else self.ours / self.raw

    @property
    def met(self) -> bool | None:
        if self.target is None or self.ours is None:
            return None
        return self.ours >= self.target if self.unit == "/s" else self.ours <= self.target


class Child:
    """A target running in a new process. It may wait for `go()` by calling `at_the_line()`."""

    def __init__(self, target: str, given: dict[str, Any]) -> None:
        command = [sys.executable, "-m", "benchmarks.measure", target, json.dumps(given)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def wait_ready(self) -> str:
        """Wait until the target stands at the line; what it said there."""
        return self._read("ready ").strip()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def result(self) -> Any:
        """What the target returned. Raises RuntimeError where it failed; its own traceback is on stderr."""
        found = self._read("result ")
        self.process.communicate()
        return json.loads(found)

    def _read(self, word: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(word):
                return line.removeprefix(word)
        raise RuntimeError(f"the measurement failed: exit status {self.process.wait()}")


def in_process(target: str, /, **given: Any) -> Any:
    """Run a target in a new process and return what it returned."""
    return Child(target, given).result()


def at_the_line(word: str = "") -> None:
    """In a target: say that all is prepared, and a word to whoever waits for it, and wait for `go()`."""
    print(f"ready {word}", flush=True)
    sys.stdin.readline()


def seconds(work: Callable[[], Any]) -> float:
    """Wall time of one run."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turn(times: int, *works: Callable[[], Any]) -> list[float]:
    """Median seconds of each, run one after the other `times` over, so that a busy moment strikes all alike."""
    taken = [[seconds(work) for work in works] for _ in range(times)]
    return [median(column) for column in zip(*taken, strict=True)]


@dataclass
class Busy:
    """Filled when its block ends: how long it took and how much of one core this process used meanwhile."""

    wall: float = 0.0
    cpu: float = 0.0

    @property
    def share(self) -> float:
        return self.cpu / self.wall if self.wall else 0.0


@contextmanager
def busy() -> Iterator[Busy]:
    found = Busy()
    wall, cpu = time.perf_counter(), time.process_time()
    yield found
    found.wall, found.cpu = time.perf_counter() - wall, time.process_time() - cpu


def peak_mb() -> tuple[float, float]:
    """Peak resident memory of this process and of its largest child, in MB.

    Read from /proc where there is one: ru_maxrss also remembers the process that this one was started from.
    """
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        own = int(line.split()[1]) / 1024
    return own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _main(target: str, given: str) -> None:
    module, _, name = target.partition(":")
    result = getattr(importlib.import_module(f"benchmarks.{module}"), name)(**json.loads(given))
    print("result " + json.dumps(result), flush=True)
    os._exit(0)  # threads that still wait for work must not hold the process


if __name__ == "__main__":
    _main(*sys.argv[1:])
