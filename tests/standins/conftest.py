"""The stand-ins as a process of its own, and the official SDKs pointed at it."""

from collections.abc import Iterator

import pytest

from standins.accounts import DEFAULT_KEY, DEFAULT_SECRET, DEFAULT_UID
from standins.control import Control
from standins.spawn import running
from tests.standins.provider import Provider


@pytest.fixture(scope="session")
def standins() -> Iterator[str]:
    """The address of a running process; it ends with the session."""
    with running() as control:
        yield control.base_url


@pytest.fixture
def control(standins: str, monkeypatch: pytest.MonkeyPatch) -> Control:
    """The control desk, with everything forgotten that an earlier test did."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    control = Control(standins)
    control.reset(everything=True)
    control.set(receipt_delay_ms=0)
    return control


@pytest.fixture
def provider(control: Control) -> Provider:
    """The default account, through the SDKs."""
    return Provider(control.endpoint, DEFAULT_KEY, DEFAULT_SECRET, DEFAULT_UID)
