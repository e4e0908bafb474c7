"""The web alone, by gunicorn, for as many machines as wanted."""

from __future__ import annotations

from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from app.commands.house import House, log_to_terminal
from app.commands.migrate import check_migrated


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port to listen on.")
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--threads", default=8, show_default=True, help="Threads of each process.")
@click.pass_obj
def web(house: House, host: str, port: int, workers: int, threads: int) -> None:
    """The pages and the interface, without clock and dispatch.

    Run `clock` and `worker` beside it, all with the same DATABASE_URL and BROKER_URL.
    """
    log_to_terminal()
    check_migrated(house.application())
    Web(house, {
        "bind": f"{host}:{port}", "workers": workers, "threads": threads, "worker_class": "gthread",
        "graceful_timeout": 20, "timeout": 60, "proc_name": "posthouse-web", "control_socket_disable": True,
    }).run()


class Web(BaseApplication):  # type: ignore[misc]
    """gunicorn with the application made in each process, so that no connection is shared by a fork."""

    def __init__(self, house: House, options: dict[str, Any]) -> None:
        self._house, self._options = house, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._house.application(web=True)
