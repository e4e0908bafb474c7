"""The switch of the whole line."""

from __future__ import annotations

import click

from app.commands.house import House
from app.commands.migrate import check_migrated
from app.services import site


@click.command("stop-sending")
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def stop_sending(house: House, reason: str) -> None:
    """Stop the line: no worker begins another call until `allow-sending`. Nothing fails, nothing is lost."""
    app = house.application()
    check_migrated(app)
    with app.app_context():
        site.stop_sending(by="command line", reason=reason)
    click.echo("Sending has stopped.")


@click.command("allow-sending")
@click.option("--reason", default="", help="Why; it stands in the log.")
@click.pass_obj
def allow_sending(house: House, reason: str) -> None:
    """Let the line go on, after `stop-sending` or after a restore from a back-up."""
    app = house.application()
    check_migrated(app)
    with app.app_context():
        site.allow_sending(by="command line", reason=reason)
    click.echo("Sending goes on.")
