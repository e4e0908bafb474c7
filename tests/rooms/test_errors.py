"""What goes wrong is told in the face of the house and in the reader's language, and gives nothing away."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from app.extensions import db
from tests import databases
from tests.samples import FakeProvider

CODES = (400, 403, 404, 405, 413, 429, 500, 418, 503)


def break_down() -> str:
    raise RuntimeError("the secret of the house")


def lose_the_database() -> str:
    raise OperationalError("SELECT secret", {}, Exception("gone"))


@pytest.fixture
def broken(tmp_path: Path, provider: FakeProvider) -> Iterator[Flask]:
    """A house with addresses that go wrong in each way there is."""
    with databases.application("sqlite", tmp_path, SMS_PROVIDER=lambda _: provider, PROPAGATE_EXCEPTIONS=False) as app:
        for code in CODES:
            app.add_url_rule(f"/wrong/{code}", f"wrong{code}", lambda code=code: abort(code), methods=["GET", "POST"])
        app.add_url_rule("/wrong/broken", "broken", break_down)
        app.add_url_rule("/wrong/lost", "lost", lose_the_database)
        yield app


@pytest.fixture
def client(broken: Flask) -> FlaskClient:
    return broken.test_client()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("language", "way_out"), [("zh", "返回首页"), ("en", "To the first page")])
def test_a_page_for_each(client: FlaskClient, code: int, language: str, way_out: str) -> None:
    client.get(f"/language/{language}")
    answer = client.get(f"/wrong/{code}")
    assert answer.status_code == code and answer.headers["Cache-Control"] == "no-store"
    assert way_out in answer.text and "ph-wrong" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/wrong/broken", "/wrong/lost"])
def test_what_broke_is_in_the_log_and_only_there(
    client: FlaskClient, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get(address)
    assert answer.status_code == 500
    number = answer.text.split('class="code">')[1].split("<")[0]
    assert len(number) == 8 and number in caplog.text
    for told in ("secret", "Traceback", "RuntimeError", "SELECT"):
        assert told not in answer.text


def test_the_page_works_where_the_database_does_not(broken: Flask, client: FlaskClient, tmp_path: Path) -> None:
    with broken.app_context():
        db.engine.dispose()
    for file in tmp_path.rglob("*.db*"):
        file.write_bytes(b"no database at all")
    answer = client.get("/login/")
    assert answer.status_code == 500 and "ph-wrong" in answer.text


@pytest.mark.parametrize("headers", [{"Accept": "application/json"}, {"Accept": "application/json, text/html;q=0.5"}])
def test_a_program_is_told_in_its_own_words(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.get("/wrong/404", headers=headers)
    assert answer.status_code == 404 and answer.json is not None and answer.json["code"] == 404


def test_a_form_that_was_open_for_too_long(client: FlaskClient) -> None:
    client.get("/language/en")
    answer = client.post("/login/", data={"username": "a", "password": "b", "csrf_token": "old"})
    assert answer.status_code == 400 and "open for too long" in answer.text


def test_the_wrong_way_in_says_the_right_one(client: FlaskClient) -> None:
    assert set(client.get("/logout/").headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_a_file_that_is_too_large(broken: Flask, client: FlaskClient) -> None:
    broken.config["MAX_CONTENT_LENGTH"] = 1000
    answer = client.post("/login/", data={"username": "x" * 2000, "password": "y"})
    assert answer.status_code == 413 and "ph-wrong" in answer.text
