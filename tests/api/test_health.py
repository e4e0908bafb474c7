"""Alive, and ready to serve."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.extensions import db
from tests import databases


def test_alive_without_a_database(tmp_path: Path) -> None:
    app = create_app(databases.settings("postgresql+psycopg://nobody@127.0.0.1:9/none", tmp_path))
    assert app.test_client().get("/healthz").status_code == 200
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"ready": False, "database": "does not answer", "migrations": "unknown"}


def test_ready_on_a_migrated_database(web: Flask) -> None:
    answer = web.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"ready": True, "database": "ok", "migrations": "ok"})


def test_not_ready_on_an_empty_database(tmp_path: Path) -> None:
    app = create_app(databases.settings(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path))
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"ready": False, "database": "ok", "migrations": "never run"}
    with app.app_context():
        db.engine.dispose()


def test_not_ready_behind_or_ahead_of_the_migrations(web: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.health.heads", lambda: frozenset({"9999"}))
    answer = web.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None and answer.json["migrations"].endswith("not at 9999")
