"""Everything in one process: what a small machine needs."""

from __future__ import annotations

from typing import Any

import click
import waitress
from flask import Flask

from app.commands.house import House, end_on_sigterm, end_saying, log_to_terminal
from app.commands.migrate import check_migrated
from app.jobs.shift import Shift

_WEB_THREADS = 8


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port to listen on.")
@click.pass_obj
def serve(house: House, host: str, port: int) -> None:
    """Web, clock and dispatch in one process.

    A new SQLite database is set up at the first start. SIGTERM and Ctrl-C end it once the calls under way are done.
    """
    log_to_terminal()
    end_on_sigterm()
    app = house.application(web=True)
    check_migrated(app, may_begin=app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"))
    shift = Shift(app, works=True, leads=True)
    try:
        shift.start()
        serve_web(app, host, port)
    finally:
        shift.stop()


def serve_web(app: Flask, host: str, port: int) -> None:
    """Answer HTTP in this thread until the process is told to end."""
    server = open_web(app, host, port)
    try:
        server.run()
    finally:
        server.close()


def open_web(app: Flask, host: str, port: int) -> Any:
    """A server that listens already; `run()` answers until `close()`."""
    try:
        server = waitress.create_server(app, host=host, port=port, threads=_WEB_THREADS, ident=None)
    except OSError as taken:
        end_saying(f"Cannot listen on {host}:{port}: {taken.strerror}.")
    listens_on = getattr(server, "effective_port", port)  # a name that means several addresses has one port for all
    click.echo(f"Posthouse is up at http://{host}:{listens_on}/")
    return server
