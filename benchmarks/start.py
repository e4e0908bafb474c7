"""How long a process needs before it can work: a web worker and a line's worker, beside the bare libraries."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.measure import ROOT, Figure

BARE = "import flask, flask_login, flask_babel, flask_sqlalchemy, sqlalchemy.orm, wtforms, flask_appbuilder"
OURS = "from app import create_app; create_app({settings!r}, web={web})"


def figures(quick: bool) -> Iterator[Figure]:
    runs = 3 if quick else 9
    with tempfile.TemporaryDirectory() as home:
        settings = {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{home}/start.db"}
        idle = _taken("pass", runs)
        bare = _taken(BARE, runs) - idle
        for name, web in (("start of a line's worker", False), ("start of a web worker", True)):
            yield Figure(name, "sqlite", _taken(OURS.format(settings=settings, web=web), runs) - idle, "s", bare, 0.5,
                         f"Fresh processes, median of {runs}, the interpreter's own {idle:.2f} s taken off; "
                         "raw is importing the libraries alone.")


def _taken(code: str, runs: int) -> float:
    """Median seconds of a fresh process that runs `code`; a first one warms the disk."""
    taken = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        taken.append(time.perf_counter() - began)
    return median(taken[1:])
