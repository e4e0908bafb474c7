"""The one who looks at the time."""

from __future__ import annotations

import threading

import click

from app.commands.house import House, end_on_sigterm, log_to_terminal
from app.commands.migrate import check_migrated
from app.jobs.shift import Shift


@click.command()
@click.pass_obj
def clock(house: House) -> None:
    """Clock and receivers: what is due is begun, receipts are fetched.

    One process does it; a second one waits and takes over when the first is gone. Without BROKER_URL its threads
    dispatch as well.
    """
    log_to_terminal()
    end_on_sigterm()
    app = house.application()
    check_migrated(app)
    keep(Shift(app, works=not app.config["BROKER_URL"], leads=True))


def keep(shift: Shift) -> None:
    """Run a shift until the process is told to end."""
    try:
        shift.start()
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        shift.stop()
