"""A missing server is a skipped test at a desk and a failed one where a change is judged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import services_at_hand

NOWHERE = {
    "TEST_DATABASE_URL": "postgresql+psycopg://someone:secret@127.0.0.1:1/none",
    "TEST_REDIS_URL": "redis://:secret@127.0.0.1:1/0",
}


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("ask", [services_at_hand.postgres_url, services_at_hand.redis_url])
def test_a_missing_server_skips_and_says_so(ask: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"does not answer at .*127\.0\.0\.1:1") as skipped:
        ask()
    assert "secret" not in str(skipped.value)


@pytest.mark.parametrize("ask", [services_at_hand.postgres_url, services_at_hand.redis_url])
def test_a_missing_server_fails_where_it_is_required(ask: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="does not answer"):
        ask()
