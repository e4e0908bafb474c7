"""The application, put together. Reads like a table of contents."""

from __future__ import annotations

from typing import Any

from flask import Flask

import config
from app import models  # noqa: F401  every table is known before anything asks for one
from app.extensions import babel, csrf, db, migrate
from app.jobs.bell import install_bell


def create_app(overrides: dict[str, Any] | None = None, *, web: bool = True) -> Flask:
    """An application with settings from the environment and `overrides` on top of them.

    `web=False` leaves the doors for browsers and programs out: what a worker, the clock or a command needs.
    """
    app = Flask(__name__)
    app.config.update(config.load())
    app.config.update(overrides or {})
    if overrides and "SQLALCHEMY_DATABASE_URI" in overrides and "SQLALCHEMY_ENGINE_OPTIONS" not in overrides:
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = config.engine_options(overrides["SQLALCHEMY_DATABASE_URI"], 24)

    db.init_app(app)
    migrate.init_app(app, db, directory=str(config.ROOT / "migrations"), render_as_batch=False)
    install_bell(app)
    if web:
        _open_doors(app)
    else:
        babel.init_app(app)
    return app


def _open_doors(app: Flask) -> None:
    """Everything that answers HTTP. Imported here, so that a worker does not pay for it."""
    from app import api, assets, portal, security, views

    csrf.init_app(app)  # before Flask-AppBuilder: without it a GET on its delete address deletes
    security.install(app)
    assets.install(app)
    api.register(app)
    with app.app_context():
        views.register(app)
        portal.register(app)
