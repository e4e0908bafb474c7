"""The house's commands as the processes they are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def surroundings(url: str, home: Path, **more: str) -> dict[str, str]:
    """An environment in which a command uses this database and this folder, and nothing of the machine's own."""
    ours = {"DATABASE_URL", "BROKER_URL", "LIMITER_URL", "POSTHOUSE_HOME", "POSTHOUSE_KEY", "SECRET_KEY"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {"POSTHOUSE_HOME": str(home), "DATABASE_URL": url} | more


@contextmanager
def running(*arguments: str, url: str, home: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """`python run.py …` while the block runs; its output is read through the process."""
    process = subprocess.Popen(
        [sys.executable, "run.py", *arguments], cwd=ROOT, env=surroundings(url, home, **more),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
