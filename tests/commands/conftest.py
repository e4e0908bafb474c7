from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from app import create_app
from app.commands import House, main
from tests import databases

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """A command on the same database as `app`, in this process."""

    def make(*, web: bool = True) -> Flask:
        url, home = app.config["SQLALCHEMY_DATABASE_URI"], app.config["POSTHOUSE_HOME"]
        return create_app(databases.settings(url, home, SMS_PROVIDER=app.config["SMS_PROVIDER"]), web=web)

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments), obj=House(make), catch_exceptions=False)

    return command
