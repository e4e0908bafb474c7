"""The command line, one file for each noun."""

from __future__ import annotations

import click

from app.commands.admins import create_admin
from app.commands.books import check_books
from app.commands.clock import clock
from app.commands.demo import demo
from app.commands.house import House
from app.commands.migrate import migrate
from app.commands.send import send
from app.commands.sending import allow_sending, stop_sending
from app.commands.serve import serve
from app.commands.standins import standins
from app.commands.web import web
from app.commands.worker import worker

__all__ = ["House", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Posthouse sells, sends and accounts for text messages.

    Try it: `demo`. On one machine: `serve`. On several: `web`, `worker` and `clock`, with DATABASE_URL and
    BROKER_URL set. All settings come from the environment; config.py lists them.
    """


_COMMANDS = (
    demo,
    serve,
    web,
    worker,
    clock,
    standins,
    send,
    stop_sending,
    allow_sending,
    check_books,
    create_admin,
    migrate,
)
for _command in _COMMANDS:
    main.add_command(_command)
