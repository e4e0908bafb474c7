"""Bringing the database to this version."""

from __future__ import annotations

import click
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import upgrade

from app.commands.house import House, end_saying, log_to_terminal
from app.extensions import db
from app.services.roles import sync_roles
from app.services.site import site_settings
from app.services.work import unit_of_work


@click.command()
@click.pass_obj
def migrate(house: House) -> None:
    """Bring the database to this version. Safe to run again."""
    log_to_terminal()
    app = house.application(web=True)
    migrate_database(app)
    with app.app_context():
        click.echo(f"The database is at version {_version()}.")


def migrate_database(app: Flask) -> None:
    """Tables to the newest version, the row of settings, and the rights that the pages ask for."""
    with app.app_context():
        upgrade(directory=_scripts())
        with unit_of_work() as session:
            site_settings(session)
        rights = app.extensions.get("posthouse.rights")
        if rights is not None:
            sync_roles(rights())
        db.session.remove()


def check_migrated(app: Flask, *, may_begin: bool = False) -> None:
    """End with a sentence where the database is of another version. `may_begin`: an empty one is set up instead."""
    with app.app_context():
        found, wanted = _version(), ScriptDirectory.from_config(_config()).get_current_head()
    if found == wanted:
        return
    if found is None and may_begin:
        migrate_database(app)
        return
    end_saying(f"The database is at version {found or 'none'}, this program needs {wanted}. Run: python run.py migrate")


def _version() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> str:
    return str(current_app.extensions["migrate"].directory)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", _scripts())
    return config
