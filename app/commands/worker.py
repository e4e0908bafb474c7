"""Threads that dispatch and apply, woken over Celery."""

from __future__ import annotations

import click

from app.commands.clock import keep
from app.commands.house import House, end_on_sigterm, log_to_terminal
from app.commands.migrate import check_migrated
from app.jobs.celery_app import listen
from app.jobs.shift import Shift


@click.command()
@click.pass_obj
def worker(house: House) -> None:
    """Dispatch and receipts, for as many machines as wanted.

    Celery on BROKER_URL wakes it; while the broker is away, or without one, it looks every two seconds by itself.
    """
    log_to_terminal()
    end_on_sigterm()
    app = house.application()
    check_migrated(app)
    shift = Shift(app, works=True, leads=False)
    if not app.config["BROKER_URL"]:
        keep(shift)
        return
    try:
        shift.start()
        listen(app.extensions["celery"])
    finally:
        shift.stop()
