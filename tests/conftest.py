"""What every test may ask for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from flask import Flask

from tests import databases
from tests.samples import FakeProvider, Samples

# Times say nothing on a busy machine; and where a change is judged, the same change is judged alike each time.
hypothesis.settings.register_profile("calm", deadline=None)
hypothesis.settings.register_profile("judged", deadline=None, derandomize=True)
hypothesis.settings.load_profile("judged" if os.environ.get("CI") else "calm")


def pytest_sessionfinish() -> None:
    databases.drop_postgres_template()


@pytest.fixture
def provider() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def app(tmp_path: Path, provider: FakeProvider) -> Iterator[Flask]:
    """An application on SQLite, its context pushed."""
    with databases.application("sqlite", tmp_path, SMS_PROVIDER=lambda _: provider) as app, app.app_context():
        yield app


@pytest.fixture(params=["sqlite", "postgresql"])
def any_app(request: pytest.FixtureRequest, tmp_path: Path, provider: FakeProvider) -> Iterator[Flask]:
    """The same on both databases."""
    with databases.application(request.param, tmp_path, SMS_PROVIDER=lambda _: provider) as app, app.app_context():
        yield app


@pytest.fixture
def samples() -> Samples:
    """Makers of customers, grants and batches, for use inside an application's context."""
    return Samples()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How far the walk through every address went."""
    walked = getattr(sys.modules.get("tests.walk.test_every_route"), "WALKED", None)
    if walked:
        terminalreporter.write_line(
            f"walked {sum(walked.values()):,} addresses × methods: "
            + ", ".join(f"{number:,} as {who}" for who, number in sorted(walked.items()))
        )
