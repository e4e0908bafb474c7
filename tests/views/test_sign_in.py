"""Administrators are made by command and sign in through the form."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import select
from werkzeug.security import check_password_hash

from app.domain.errors import Refused
from app.extensions import db
from app.models.audit import AuditEntry
from app.services import sign_ins
from app.services.work import unit_of_work
from tests.views.conftest import PASSWORD, on_both, sign_in, token_of


def root() -> User:
    db.session.expire_all()
    return db.session.scalars(select(User).where(User.username == "root")).one()


@on_both
def test_in_and_out(web: Flask, nobody: FlaskClient) -> None:
    answer = sign_in(nobody, "root", PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert nobody.get("/line").status_code == 200
    assert nobody.get("/login/").status_code == 302
    assert nobody.get("/logout/").status_code == 405  # a picture in a mail signs nobody out
    assert nobody.post("/logout/").status_code == 400 and nobody.get("/line").status_code == 200
    nobody.post("/logout/", data={"csrf_token": token_of(nobody.get("/"))})
    assert nobody.get("/line").status_code == 404
    with web.app_context():
        assert root().login_count == 1 and root().last_login is not None


def test_by_e_mail_address(nobody: FlaskClient) -> None:
    assert sign_in(nobody, "root@example.com", PASSWORD).status_code == 302


@on_both
def test_a_wrong_password_keeps_the_name_and_is_counted(web: Flask, nobody: FlaskClient) -> None:
    answer = sign_in(nobody, "root", "wrong1")
    assert answer.status_code == 200 and 'value="root"' in answer.text and 'role="alert"' in answer.text
    assert "wrong1" not in answer.text and nobody.get("/line").status_code == 404
    with web.app_context():
        assert root().fail_login_count == 1
    sign_in(nobody, "root", PASSWORD)
    with web.app_context():
        assert root().fail_login_count == 0


@on_both
@pytest.mark.parametrize(("username", "password"), [
    ("nobody", PASSWORD), ("", PASSWORD), ("root", ""), ("x" * 9999, "\0"), ("root\0", PASSWORD),
])
def test_others_stay_outside(nobody: FlaskClient, username: str, password: str) -> None:
    assert sign_in(nobody, username, password).status_code == 200
    assert nobody.get("/line").status_code == 404


def test_the_form_needs_its_token(nobody: FlaskClient) -> None:
    data = {"username": "root", "password": PASSWORD}
    assert nobody.post("/login/", data=data).status_code == 400
    assert nobody.post("/login/", data=data | {"csrf_token": "x"}).status_code == 400
    assert nobody.get("/line").status_code == 404
    assert token_of(nobody.get("/login/"))


@pytest.mark.parametrize(("next_page", "lands"), [("/users/list/", "/users/list/"), ("//evil.example/", "/"),
                                                  ("https://evil.example/", "/")])
def test_it_leads_only_to_our_own_pages(nobody: FlaskClient, next_page: str, lands: str) -> None:
    assert sign_in(nobody, "root", PASSWORD, f"/login/?next={next_page}").headers["Location"] == lands


def test_a_change_of_language_comes_back_to_the_form(nobody: FlaskClient) -> None:
    link = re.search(r'href="(/language/en[^"]*)"', nobody.get("/login/?next=/log/list/").text)
    assert link and nobody.get(link.group(1)).headers["Location"] == "/login/?next=/log/list/"


def test_an_inactive_sign_in_is_none(web: Flask, nobody: FlaskClient) -> None:
    sign_in(nobody, "root", PASSWORD)
    with web.app_context(), unit_of_work() as session:
        session.scalars(select(User)).one().active = False
    assert nobody.get("/line").status_code == 404
    assert sign_in(web.test_client(), "root", PASSWORD).status_code == 200


@on_both
def test_an_administrator_is_made_once(web: Flask) -> None:
    with web.app_context():
        assert sign_ins.create_admin("root", "root@example.com", "other1!", by="test") is False
        assert check_password_hash(root().password or "", PASSWORD)
        assert sign_ins.create_admin("root", "root@example.com", "other1!", by="test", replace=True) is False
        assert check_password_hash(root().password or "", "other1!")
        assert [role.name for role in root().roles] == ["Administrator"]
        entries = list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)))
        assert [entry.action for entry in entries] == ["create admin", "replace password"]
        assert "other1!" not in str([(entry.before, entry.after) for entry in entries])


@on_both
def test_replace_lets_in_again(web: Flask) -> None:
    with web.app_context():
        with unit_of_work() as session:
            user = session.scalars(select(User)).one()
            user.active, user.roles = False, []
        with pytest.raises(Refused, match="no administrator"):
            sign_ins.create_admin("root", "root@example.com", PASSWORD, by="test")
        sign_ins.create_admin("ROOT", "root@example.com", PASSWORD, by="test", replace=True)
        assert root().active and [role.name for role in root().roles] == ["Administrator"]
        assert len(list(db.session.scalars(select(Role).where(Role.name == "Administrator")))) == 1


@pytest.mark.parametrize(("username", "email", "password", "code"), [
    ("a", "a@example.com", "short", "password"),
    ("a", "a@example.com", "1" * 19, "password"),
    ("a", "a@example.com", "onlyletters", "password"),
    ("a", "a@example.com", "12345678", "password"),
    ("a", "a@example.com", "with 1 space", "password"),
    ("", "a@example.com", PASSWORD, "username"),
    ("a" * 129, "a@example.com", PASSWORD, "username"),
    ("a", "nonsense", PASSWORD, "email"),
    ("a", "a@", PASSWORD, "email"),
    ("a\0", "a@example.com", PASSWORD, "username"),
    ("a", "a\0@example.com", PASSWORD, "email"),
    ("a", "ROOT@example.com", PASSWORD, "email"),
])
def test_what_is_refused(web: Flask, username: str, email: str, password: str, code: str) -> None:
    with web.app_context():
        with pytest.raises(Refused) as refused:
            sign_ins.create_admin(username, email, password, by="test")
        assert refused.value.code == code
        assert len(list(db.session.scalars(select(User)))) == 1


@pytest.mark.parametrize("password", ["abc123", "密码密码密1", "......a", "1.1.1.", "A1" * 9])
def test_what_is_a_password(password: str) -> None:
    sign_ins.check_password(password)
