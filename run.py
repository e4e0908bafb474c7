#!/usr/bin/env python
"""The command line (`python run.py --help`), and the WSGI application for any server: `run:wsgi`.

The application is made when it is asked for, so that `--help` is quick and a command chooses what it needs.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Flask

from app import create_app
from app.commands import House, main


@cache
def _application() -> Flask:
    return create_app()


def __getattr__(name: str) -> Any:
    if name in ("wsgi", "app", "application"):
        return _application()
    raise AttributeError(name)


if __name__ == "__main__":
    main(obj=House(create_app))
