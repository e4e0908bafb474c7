"""The application put together: twice in a process, with and without its doors, and what every answer carries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, User, ViewMenu
from flask_babel import force_locale, gettext
from sqlalchemy import event, select

from app import create_app
from app.domain.roles import Role as Kind
from app.extensions import db
from app.services.audit import asking_from
from app.services.roles import sync_roles
from app.services.work import unit_of_work
from app.views import rights_of
from tests import databases
from tests.views.conftest import on_both


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """What the database is asked within the block."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


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


@pytest.mark.parametrize("address", [
    "/users/list/", "/roles/list/", "/groups/list/", "/users/add", "/users/delete/1", "/resetpassword/form?pk=1",
    "/userinfo", "/lang/en", "/back", "/static/appbuilder/css/bootstrap.min.css", "/static/appbuilder/js/ab.js",
])
def test_stock_pages_and_files_are_not_served(admin: FlaskClient, address: str) -> None:
    assert admin.get(address).status_code == 404
    assert "appbuilder" not in admin.get("/customers/list/").text


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "", "x"])
def test_a_change_of_language_leads_to_no_other_house(nobody: FlaskClient, back: str) -> None:
    answer = nobody.get("/language/en", query_string={"back": back})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert nobody.get("/language/zh?back=/login/?next=/x").headers["Location"] == "/login/?next=/x"


@on_both
def test_rights_are_brought_up_to_date_as_often_as_one_likes(web: Flask) -> None:
    with web.app_context():
        rights = rights_of(web)
        assert sync_roles(rights) > 10
        assert sync_roles(rights) == 0
        roles = {role.name: {(str(pair.permission), str(pair.view_menu)) for pair in role.permissions}
                 for role in db.session.scalars(select(Role))}
    for role in Kind:
        assert roles[role.value] == {right for right, holders in rights.items() if role in holders}
    assert roles["Public"] == set()


@on_both
def test_a_right_that_no_room_names_any_more_is_taken_away(web: Flask) -> None:
    with web.app_context():
        rights = rights_of(web)
        sync_roles({**rights, ("can_old", "GoneRoom"): frozenset(Kind)})
        with unit_of_work() as session:
            root, gone = session.scalars(select(User)).one(), Role(name="Clerk")
            session.add(gone)
            gone.permissions = list(session.scalars(select(PermissionView)))
            root.roles.append(gone)
        assert sync_roles(rights) > 0 and sync_roles(rights) == 0
        db.session.expire_all()
        pairs = db.session.scalars(select(PermissionView)).all()
        assert {str(pair.view_menu) for pair in pairs}.isdisjoint({"GoneRoom"})
        for model, name in ((Permission, "can_old"), (ViewMenu, "GoneRoom"), (Role, "Clerk")):
            assert db.session.scalar(select(model.id).where(model.name == name)) is None
        assert [role.name for role in db.session.scalars(select(User)).one().roles] == ["Administrator"]


def test_bringing_rights_up_to_date_again_writes_nothing(web: Flask) -> None:
    with web.app_context():
        sync_roles(rights_of(web))
        with statements(web) as seen:
            sync_roles(rights_of(web))
    assert {one.split()[0] for one in seen} == {"BEGIN", "SELECT"}


def test_who_asks_is_read_by_two_statements_a_request(web: Flask, admin: FlaskClient) -> None:
    """One for the sign-in, one for all its roles and rights, however many things on the page ask for one."""
    with statements(web) as seen:
        assert admin.get("/staff/list/").status_code == 200
    about = [one for one in seen if "FROM ab_" in one]
    assert len([one for one in about if "ab_permission" in one]) == 1
    # Besides these two: the people that the page shows, and their roles.
    assert len(about) <= 4


@on_both
@pytest.mark.parametrize("both", [False, True])
def test_an_older_house_keeps_its_administrators(web: Flask, both: bool) -> None:
    with web.app_context():
        with unit_of_work() as session:
            admin = session.scalars(select(Role).where(Role.name == "Administrator")).one()
            if both:
                old = Role(name="Admin")
                session.add(old)
                session.scalars(select(User)).one().roles = [old]
            else:
                admin.name = "Admin"
        sync_roles(rights_of(web))
        db.session.expire_all()
        assert [role.name for role in db.session.scalars(select(User)).one().roles] == ["Administrator"]
        assert db.session.scalar(select(Role).where(Role.name == "Admin")) is None


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.7")])
def test_only_our_own_proxies_are_believed(tmp_path: Path, proxies: int, seen: str) -> None:
    settings = databases.settings(databases.sqlite_url(tmp_path), tmp_path) | {"PROXIES": proxies}
    app = create_app(settings)
    app.add_url_rule("/where", "where", lambda: asking_from.get())
    answer = app.test_client().get("/where", headers={"X-Forwarded-For": "1.2.3.4, 198.51.100.7, 203.0.113.9"})
    assert answer.text == seen
