"""How calls travel: the SDK signs and sends, over one pool of kept connections for each endpoint.

The SDK keeps one `requests` session for each endpoint in `DaraCore._sessions` and offers no way
to hand one in, yet its own session reads proxies from the environment and follows redirects. So a
session of ours is put there before each call; the tests fail should a new SDK stop looking there.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from alibabacloud_tea_openapi.utils_models import Config
from darabonba.core import DaraCore
from requests import PreparedRequest, Response, Session

from app.gateways.sms import Credentials

POOL_SIZE = 64  # connections kept for each endpoint; more threads than this open short-lived ones
_IDLE_SECONDS = 30.0
_lock = threading.Lock()


class DirectSession(Session):
    """Sends each request once, straight to its host: no proxy, no redirect, no cookies."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self._last_used = time.monotonic()

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        now = time.monotonic()
        if now - self._last_used > _IDLE_SECONDS:
            # A router on the way may have forgotten idle connections without telling either
            # end; a request lost on one would have to be treated as perhaps taken.
            self.close()
        self._last_used = now
        # The adapter alone: `Session.send` would add a cookie jar and follow redirects, and a
        # redirect followed is a second request, which a send must never become.
        response = self.get_adapter(request.url or "").send(
            request, timeout=kwargs.get("timeout"), verify=kwargs.get("verify", True), cert=kwargs.get("cert")
        )
        response.content  # noqa: B018 - reads the body and gives the connection back to the pool
        return response


def configure(credentials: Credentials, url: str, *, connect_timeout: float, read_timeout: float) -> tuple[Config, str]:
    """The SDK's settings for `url` and the key of the session it will use. Raises `ValueError` on an unusable URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise ValueError(f"an endpoint is http(s)://host[:port], not {url!r}")
    config = Config(
        access_key_id=credentials.key,
        access_key_secret=credentials.secret,
        endpoint=parts.netloc,
        protocol=parts.scheme,
        connect_timeout=round(connect_timeout * 1000),
        read_timeout=round(read_timeout * 1000),
        max_idle_conns=POOL_SIZE,
    )
    return config, f"{parts.scheme}://{parts.netloc}:80:pool={POOL_SIZE}"


def ensure_session(key: str) -> None:
    """See to it that the SDK's next call to this endpoint uses a session of ours."""
    if isinstance(DaraCore._sessions.get(key), DirectSession):
        return
    scheme = key.partition("://")[0]
    with _lock:
        if not isinstance(DaraCore._sessions.get(key), DirectSession):
            session = DirectSession()
            session.mount(f"{scheme}://", DaraCore.get_adapter(scheme, pool_size=POOL_SIZE))
            DaraCore._sessions[key] = session


def _forget_sessions() -> None:
    """A forked child must not speak on its parent's connections: answers would get mixed up."""
    global _lock
    _lock = threading.Lock()
    DaraCore._sessions.clear()


os.register_at_fork(after_in_child=_forget_sessions)
