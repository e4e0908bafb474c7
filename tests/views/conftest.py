"""An application as a server sees it, with an administrator and browsers that sign in through the form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.services import sign_ins
from app.views import sync_permissions
from tests import databases
from tests.samples import FakeProvider

PASSWORD = "letme1n!"


on_both = pytest.mark.parametrize("web", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def web(request: pytest.FixtureRequest, tmp_path: Path, provider: FakeProvider) -> Iterator[Flask]:
    """On SQLite; a test marked `on_both` runs on PostgreSQL too."""
    with databases.application(getattr(request, "param", "sqlite"), tmp_path, SMS_PROVIDER=lambda _: provider) as app:
        with app.app_context():
            sign_ins.create_admin("root", "root@example.com", PASSWORD, by="test")
        yield app


@pytest.fixture
def nobody(web: Flask) -> FlaskClient:
    return web.test_client()


@pytest.fixture
def admin(web: Flask) -> FlaskClient:
    sync_permissions(web)
    client = web.test_client()
    assert sign_in(client, "root", PASSWORD).status_code == 302
    return client


def token_of(answer: TestResponse) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.text)
    assert found
    return found.group(1)


def sign_in(client: FlaskClient, username: str, password: str, target: str = "/login/") -> TestResponse:
    token = token_of(client.get(target))
    return client.post(target, data={"csrf_token": token, "username": username, "password": password})


