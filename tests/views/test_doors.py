"""The application put together: twice in a process, with and without its doors, and what every answer carries."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import PermissionView, Role, User
from flask_babel import force_locale, gettext
from sqlalchemy import func, select

from app import create_app
from app.extensions import db
from app.views import sync_permissions
from tests import databases
from tests.views.conftest import on_both


def test_two_applications_live_in_one_process(tmp_path: Path) -> None:
    for name in ("one", "two"):
        app = create_app(databases.settings(databases.sqlite_url(tmp_path), tmp_path / name))
        for address in ("/", "/login/", "/healthz", "/readyz", "/metrics"):
            assert app.test_client().get(address).status_code == 200, (name, address)
        with app.app_context():
            db.engine.dispose()


def test_a_worker_has_no_doors_but_speaks_both_languages(tmp_path: Path) -> None:
    app = create_app(databases.settings("sqlite://", tmp_path), web=False)
    assert "appbuilder" not in app.extensions
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == {"static"}
    with app.app_context():
        for locale, word in (("zh", "退出"), ("en", "Sign out")):
            with force_locale(locale):
                assert gettext("Sign out") == word


def test_the_doors_that_stay_shut(web: Flask) -> None:
    addresses = [rule.rule for rule in web.url_map.iter_rules()]
    shut = ("/api/", "/swagger", "/register", "/permission", "/viewmenus", "/userstats")
    assert [address for address in addresses if address.startswith(shut)] == []


@pytest.mark.parametrize("address", ["/", "/login/", "/line", "/healthz", "/nothing", "/static/posthouse.css"])
def test_every_answer_is_guarded(nobody: FlaskClient, address: str) -> None:
    headers = nobody.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_stock_page_runs_only_scripts_that_carry_its_nonce(admin: FlaskClient) -> None:
    answer = admin.get("/users/list/")
    nonce = answer.headers["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
    assert answer.status_code == 200 and len(nonce) > 16 and f'nonce="{nonce}"' in answer.text
    assert nonce not in admin.get("/users/list/").text


@pytest.mark.parametrize("address", ["/users/list/", "/roles/list/", "/groups/list/", "/users/add", "/users/show/1"])
def test_stock_pages_are_for_the_administrator(nobody: FlaskClient, admin: FlaskClient, address: str) -> None:
    assert nobody.get(address).headers["Location"].startswith("/login/")
    assert admin.get(address).status_code == 200


@on_both
def test_a_link_deletes_nobody(web: Flask, admin: FlaskClient) -> None:
    admin.get("/users/delete/1")
    assert admin.post("/users/delete/1").status_code == 400
    with web.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 1


@on_both
def test_permissions_are_brought_up_to_date_as_often_as_one_likes(web: Flask) -> None:
    def count() -> tuple[int, int]:
        with web.app_context():
            role = db.session.scalars(select(Role).where(Role.name == "Admin")).one()
            return db.session.scalar(select(func.count()).select_from(PermissionView)) or 0, len(role.permissions)

    sync_permissions(web)
    first = count()
    assert first[0] > 10 and first[0] == first[1]
    sync_permissions(web)
    assert count() == first
