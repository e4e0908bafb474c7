"""What every command is handed: how to make the application. run.py knows it; the doors do not."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import click
from flask import Flask

from app.domain.errors import Refused


@dataclass(frozen=True)
class House:
    """`create_app`, with or without the doors for browsers."""

    create_app: Callable[..., Flask]

    def application(self, *, web: bool = False) -> Flask:
        return self.create_app(web=web)


def log_to_terminal(level: int = logging.INFO) -> None:
    """What happens is told on standard error; standard output is for what was asked for."""
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    quiet = (("apscheduler", logging.ERROR), ("flask_appbuilder", logging.ERROR), ("alembic", logging.WARNING))
    for talkative, least in quiet:
        logging.getLogger(talkative).setLevel(least)


def end_on_sigterm(status: int = 0) -> None:
    """SIGTERM ends a command as Ctrl-C does: what is under way is finished, then everything is put away.

    Ctrl-C is asked for by name, since a shell starts what it runs in the background with it turned off.
    """

    def told(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(status)

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def end_refused(refusal: Refused, status: int = 1) -> NoReturn:
    """Print every reason of a refusal and end."""
    for reason in refusal.reasons:
        click.echo(str(reason), err=True)
    sys.exit(status)


def end_saying(sentence: str, status: int = 1) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(status)
