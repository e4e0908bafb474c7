"""How long a worker needs before it can work.

gunicorn's master has the libraries loaded when it forks a web worker, which then builds its own application: that is
the start of a worker. A fresh process pays for loading the libraries besides; most of that is Flask-AppBuilder's.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from statistics import median

from benchmarks.measure import ROOT, Figure, in_process

BARE = "import flask, flask_login, flask_babel, flask_sqlalchemy, sqlalchemy.orm, wtforms, flask_appbuilder"
OURS = "from app import create_app; create_app({settings!r}, web={web})"


def figures(quick: bool) -> Iterator[Figure]:
    runs = 3 if quick else 9
    with tempfile.TemporaryDirectory() as home:
        settings = {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{home}/start.db"}
        yield Figure("start of a web worker", "sqlite", in_process("start:forked", settings=settings, runs=runs), "s",
                     None, 0.5, f"From the master's fork to an application that answers, median of {runs}.")
        idle = _taken("pass", runs)
        bare = _taken(BARE, runs) - idle
        for name, web in (("a fresh process: line's worker", False), ("a fresh process: web", True)):
            yield Figure(name, "sqlite", _taken(OURS.format(settings=settings, web=web), runs) - idle, "s", bare, None,
                         f"Median of {runs}, the interpreter's own {idle:.2f} s taken off; raw is importing the "
                         "libraries alone.")


def forked(settings: dict[str, str], runs: int) -> float:
    """Median seconds from a fork to an application that has answered once."""
    from app import create_app

    create_app(settings)  # as gunicorn's master has looked at the database's version
    return median(_one_fork(settings) for _ in range(runs))


def _one_fork(settings: dict[str, str]) -> float:
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        from app import create_app

        answered = create_app(settings).test_client().get("/healthz").status_code == 200
        os._exit(0 if answered else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0, "the worker did not start"
    return time.perf_counter() - began


def _taken(code: str, runs: int) -> float:
    """Median seconds of a fresh process that runs `code`; a first one warms the disk."""
    taken = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        taken.append(time.perf_counter() - began)
    return median(taken[1:])
