"""A fresh, migrated database for each test: a copied file on SQLite, a copied template on PostgreSQL.

Tests here use real commits and real threads, so each has a database of its own instead of a rolled-back transaction.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import psycopg
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy.engine import make_url

import config
from app import create_app
from app.extensions import db
from tests.services_at_hand import postgres_url


def settings(url: str, home: Path, **more: Any) -> dict[str, Any]:
    """Settings of an application under test; waits that a person would not notice are short."""
    return {
        "TESTING": True,
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": config.engine_options(url, 20),
        "POSTHOUSE_HOME": str(home),
        "POSTHOUSE_KEY": config.load({"POSTHOUSE_HOME": str(home)})["POSTHOUSE_KEY"],  # as its processes find it
        "BROKER_URL": "",
        "LIMITER_URL": "",
        "WTF_CSRF_ENABLED": True,
        **more,
    }


def migrate(url: str, home: Path) -> None:
    app = create_app(settings(url, home))
    with app.app_context():
        upgrade(directory=str(config.ROOT / "migrations"))
        db.engine.dispose()


@cache
def _sqlite_template() -> Path:
    path = Path(mkdtemp(prefix="posthouse-test-")) / "template.db"
    migrate(f"sqlite:///{path}", path.parent)
    return path


def sqlite_url(folder: Path) -> str:
    path = folder / f"{uuid.uuid4().hex}.db"
    shutil.copy(_sqlite_template(), path)
    return f"sqlite:///{path}"


def _admin(url: str) -> psycopg.Connection[Any]:
    parts = make_url(url)
    return psycopg.connect(
        host=parts.host,
        port=parts.port,
        user=parts.username,
        password=parts.password,
        dbname=parts.database,
        autocommit=True,
    )


@cache
def _postgres_template() -> str:
    name = f"posthouse_template_{uuid.uuid4().hex[:12]}"
    url = make_url(postgres_url())
    with _admin(postgres_url()) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    folder = Path(mkdtemp(prefix="posthouse-test-"))
    migrate(url.set(database=name).render_as_string(hide_password=False), folder)
    return name


def drop_postgres_template() -> None:
    if _postgres_template.cache_info().currsize:
        with _admin(postgres_url()) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{_postgres_template()}" WITH (FORCE)')


@contextmanager
def postgres_database() -> Iterator[str]:
    """The address of a new database, dropped afterwards."""
    template = _postgres_template()
    name = f"posthouse_test_{uuid.uuid4().hex[:12]}"
    with _admin(postgres_url()) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield make_url(postgres_url()).set(database=name).render_as_string(hide_password=False)
    finally:
        with _admin(postgres_url()) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """`kind` is "sqlite" or "postgresql"."""
    if kind == "sqlite":
        yield sqlite_url(folder)
    else:
        with postgres_database() as url:
            yield url


@contextmanager
def application(kind: str, folder: Path, **more: Any) -> Iterator[Flask]:
    with database(kind, folder) as url:
        app = create_app(settings(url, folder, **more))
        try:
            yield app
        finally:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
