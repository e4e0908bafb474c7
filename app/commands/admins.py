"""The first sign-in."""

from __future__ import annotations

import click

from app.commands.house import House, end_refused
from app.commands.migrate import check_migrated
from app.domain.errors import Refused
from app.services import sign_ins


@click.command("create-admin")
@click.option("--username", prompt=True, help="Name to sign in with.")
@click.option("--email", prompt=True, help="E-mail address.")
@click.password_option(help="6 to 18 characters of at least two kinds; asked for where it is not given.")
@click.option("--replace", is_flag=True, help="Give a sign-in that exists the new password.")
@click.pass_obj
def create_admin(house: House, username: str, email: str, password: str, replace: bool) -> None:
    """Open a sign-in for the reseller's staff."""
    app = house.application()
    check_migrated(app)
    try:
        with app.app_context():
            new = sign_ins.create_admin(username, email, password, by="command", replace=replace)
    except Refused as refusal:
        end_refused(refusal)
    if new:
        click.echo(f"{username} can sign in now.")
    elif replace:
        click.echo(f"{username} has a new password.")
    else:
        click.echo(f"{username} can sign in already; nothing was changed. --replace sets a new password.")
