"""An application as a server sees it: no context around the requests, for `g` would be shared between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from app.models.access_keys import AccessKey
from tests import databases
from tests.samples import FakeProvider, Samples


@pytest.fixture(params=["sqlite", "postgresql"])
def web(request: pytest.FixtureRequest, tmp_path: Path, provider: FakeProvider) -> Iterator[Flask]:
    with databases.application(request.param, tmp_path, SMS_PROVIDER=lambda _: provider) as app:
        yield app


@pytest.fixture
def key(web: Flask) -> SimpleNamespace:
    """The id and the push secret of the active access key."""
    with web.app_context():
        entry: AccessKey = Samples().access_key()
        return SimpleNamespace(id=entry.id, secret=entry.push_secret)
