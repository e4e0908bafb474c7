"""Settings, each read from the environment and each with a default that works on one small machine."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent


def key_from_file(path: Path, make: Any) -> str:
    """The key kept in `path`, made at the first start and readable by its owner alone (mode 600).

    Two processes that start together end with the same key: the file is created exclusively and the loser reads.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(make())
        try:
            os.link(draft, path)  # fails where another process was first; its key wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(",") if part.strip())


def load(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Everything the application needs to know before it starts, as Flask's configuration."""
    env = os.environ if environ is None else environ
    home = Path(env.get("POSTHOUSE_HOME") or ROOT / "instance").resolve()
    home.mkdir(parents=True, exist_ok=True)
    database = env.get("DATABASE_URL") or f"sqlite:///{home / 'posthouse.db'}"
    if database.startswith(("postgres://", "postgresql://")):
        database = "postgresql+psycopg://" + database.split("://", 1)[1]
    broker = env.get("BROKER_URL", "")
    settings: dict[str, Any] = {
        "POSTHOUSE_HOME": str(home),
        # -- where things are kept
        "SQLALCHEMY_DATABASE_URI": database,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(database, int(env.get("DATABASE_POOL", "24"))),
        "BROKER_URL": broker,  # empty: the clock's own threads do the work
        "LIMITER_URL": env.get("LIMITER_URL") or (broker if broker.startswith("redis") else ""),
        "SECRET_KEY": env.get("SECRET_KEY") or key_from_file(home / "secret.key", lambda: secrets.token_hex(32)),
        "POSTHOUSE_KEY": env.get("POSTHOUSE_KEY")
        or key_from_file(home / "posthouse.key", lambda: Fernet.generate_key().decode("ascii")),
        # -- the line
        "WORKERS": int(env.get("WORKERS", "1")),  # processes that send: the share of each while the limiter is away
        "DISPATCH_THREADS": int(env.get("DISPATCH_THREADS", "8")),
        "DISPATCH_FAST_THREADS": int(env.get("DISPATCH_FAST_THREADS", "2")),  # kept free of bulk
        "PROVIDER_CONNECT_TIMEOUT": float(env.get("PROVIDER_CONNECT_TIMEOUT", "5")),
        "PROVIDER_READ_TIMEOUT": float(env.get("PROVIDER_READ_TIMEOUT", "10")),
        "LEASE_SECONDS": float(env.get("LEASE_SECONDS", "60")),  # longer than both time-outs together
        "ASK_AFTER_SECONDS": _numbers(env.get("ASK_AFTER_SECONDS", "300,1800,7200")),
        "MAX_TRIES": int(env.get("MAX_TRIES", "8")),
        "BACKOFF_SECONDS": float(env.get("BACKOFF_SECONDS", "2")),
        "BREAKER_FAILURES": int(env.get("BREAKER_FAILURES", "5")),
        "BREAKER_SECONDS": float(env.get("BREAKER_SECONDS", "30")),
        "TROUBLE_PROBE_SECONDS": float(env.get("TROUBLE_PROBE_SECONDS", "300")),
        "EXPIRE_AFTER_HOURS": float(env.get("EXPIRE_AFTER_HOURS", "72")),
        "LATE_SCHEDULE_MINUTES": float(env.get("LATE_SCHEDULE_MINUTES", "30")),
        "CLOCK_SCALE": float(env.get("CLOCK_SCALE", "1")),  # tests let the clock run faster
        "RECEIVERS_PER_QUEUE": int(env.get("RECEIVERS_PER_QUEUE", "2")),
        "RECEIVE_WAIT_SECONDS": int(env.get("RECEIVE_WAIT_SECONDS", "10")),
        "METRICS_TOKEN": env.get("METRICS_TOKEN", ""),  # empty: /metrics answers this machine only
        # -- Flask, Flask-AppBuilder, Babel
        "FAB_CREATE_DB": False,
        "FAB_UPDATE_PERMS": False,
        "FAB_ADD_SECURITY_API": False,
        "FAB_API_SWAGGER_UI": False,
        "APP_NAME": "Posthouse",
        "BABEL_DEFAULT_LOCALE": "zh",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
        "LANGUAGES": {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "gb", "name": "English"}},
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": env.get("SESSION_COOKIE_SECURE", "") == "1",
        # How many reverse proxies of ours stand in front: only their word about the asker's address is taken.
        "PROXIES": int(env.get("PROXIES", "0")),
        "MAX_CONTENT_LENGTH": 64 * 1024 * 1024,
        "WTF_CSRF_TIME_LIMIT": None,
    }
    if settings["LEASE_SECONDS"] <= settings["PROVIDER_CONNECT_TIMEOUT"] + settings["PROVIDER_READ_TIMEOUT"]:
        raise ValueError(
            "LEASE_SECONDS must be more than PROVIDER_CONNECT_TIMEOUT + PROVIDER_READ_TIMEOUT"
        )
    return settings


def engine_options(database: str, pool: int) -> dict[str, Any]:
    """One pool a process. A wait of 30 s for a connection or for SQLite's write lock is an error worth seeing.

    An error's parameters are people's numbers and texts, and errors are logged.
    """
    options: dict[str, Any] = {"pool_size": pool, "max_overflow": pool, "pool_timeout": 30, "hide_parameters": True}
    if database.startswith("sqlite"):
        options["connect_args"] = {"timeout": 30, "check_same_thread": False}
        if database in ("sqlite://", "sqlite:///:memory:"):
            return {"connect_args": {"check_same_thread": False}, "hide_parameters": True}
    else:
        options["pool_pre_ping"] = True  # a restarted database costs one round trip, not an error
    return options
