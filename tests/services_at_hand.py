"""Where the real PostgreSQL and Redis of the tests are.

A test that needs one asks here. Where none answers the test is skipped and says so; with REQUIRE_SERVICES=1, as in
.ci/run, it fails instead, so that a green run means that they were there.
"""

from __future__ import annotations

import functools
import os

import pytest
import redis
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

POSTGRES = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/9"
PATIENCE_SECONDS = 3


def postgres_url() -> str:
    """The address of a PostgreSQL that answers. Skips or fails the asking test where none does."""
    url = os.environ.get("TEST_DATABASE_URL", POSTGRES)
    return _at_hand("PostgreSQL", url, _postgres_trouble(url))


def redis_url() -> str:
    """The address of a Redis that answers. Skips or fails the asking test where none does."""
    url = os.environ.get("TEST_REDIS_URL", REDIS)
    return _at_hand("Redis", url, _redis_trouble(url))


def _at_hand(service: str, url: str, trouble: str) -> str:
    if not trouble:
        return url
    reason = f"{service} does not answer at {make_url(url).render_as_string(hide_password=True)} ({trouble})"
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@functools.cache
def _postgres_trouble(url: str) -> str:
    engine = create_engine(url, connect_args={"connect_timeout": PATIENCE_SECONDS})
    try:
        with engine.connect():
            return ""
    except SQLAlchemyError as error:
        return _first_line(error)
    finally:
        engine.dispose()


@functools.cache
def _redis_trouble(url: str) -> str:
    client = redis.Redis.from_url(url, socket_connect_timeout=PATIENCE_SECONDS, socket_timeout=PATIENCE_SECONDS)
    try:
        client.ping()
        return ""
    except redis.RedisError as error:
        return _first_line(error)
    finally:
        client.close()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
