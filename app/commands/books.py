"""The verdict of the books."""

from __future__ import annotations

import sys

import click

from app.commands.house import House
from app.commands.migrate import check_migrated
from app.services import books


@click.command("check-books")
@click.pass_obj
def check_books(house: House) -> None:
    """Check the six rules of the books: a line for each breach, and exit status 1 if there is one."""
    app = house.application()
    check_migrated(app)
    with app.app_context():
        breaches = books.check_books()
    for breach in breaches:
        click.echo(str(breach))
    if breaches:
        sys.exit(1)
    click.echo("books balance")
