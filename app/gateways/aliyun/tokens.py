"""The temporary token with which an account reads its own receipts from Aliyun's queues."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions
from mns.auth import Credentials as TemporaryKey

from app.gateways.aliyun.codes import judge
from app.gateways.aliyun.failures import failure_of, short_words
from app.gateways.aliyun.reports import beijing
from app.gateways.aliyun.transport import configure, ensure_session
from app.gateways.sms import Credentials, Outcome, SmsError

REFRESH_SECONDS = 120.0  # before expiry, as Aliyun's own examples do
_SHORTEST_LIFE = 1.0


@dataclass(frozen=True, slots=True)
class _Token:
    key: Any
    stale_at: float  # by the monotonic clock


class QueueToken:
    """Asks QueryTokenForMnsQueue for a token and keeps it until shortly before it expires.

    It is what the queue SDK calls a credentials provider: `get_credentials` is asked before each
    request. Not for sharing between threads.
    """

    def __init__(
        self,
        credentials: Credentials,
        kind: str,
        queue_name: str,
        *,
        refresh: float = REFRESH_SECONDS,
        connect_timeout: float = 5,
        read_timeout: float = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        config, self._session_key = configure(
            credentials, credentials.token_endpoint, connect_timeout=connect_timeout, read_timeout=read_timeout
        )
        self._client = Client(config)
        self._query = {"MessageType": kind, "QueueName": queue_name}
        self._refresh = refresh
        self._clock = clock
        self._token: _Token | None = None

    def get_credentials(self) -> Any:
        """The token in the queue SDK's own type. Raises `SmsError`, never UNKNOWN: asking changes nothing."""
        if self._token is None or self._clock() >= self._token.stale_at:
            self._token = self._ask()
        return self._token.key

    def forget(self) -> None:
        """Ask anew next time: the queue did not take the token."""
        self._token = None

    def _ask(self) -> _Token:
        asked_at = self._clock()
        ensure_session(self._session_key)
        params = Params(
            action="QueryTokenForMnsQueue",
            version="2017-05-25",
            protocol="HTTPS",  # the scheme of the endpoint goes first
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        try:
            body = self._client.call_api(params, OpenApiRequest(query=dict(self._query)), RuntimeOptions())["body"]
        except Exception as error:
            raise harmless(failure_of(error)) from error
        return self._read(body, asked_at)

    def _read(self, body: Any, asked_at: float) -> _Token:
        code = body.get("Code") if isinstance(body, dict) else None
        if isinstance(code, str) and code != "OK":
            raise harmless(SmsError(judge(code), code, short_words(str(body.get("Message") or ""))))
        try:
            found = body["MessageTokenDTO"]
            # An absent token must reach the queue SDK as "": it breaks on None.
            key = TemporaryKey(found["AccessKeyId"], found["AccessKeySecret"], found.get("SecurityToken") or "")
            begins, ends = beijing(found.get("CreateTime")), beijing(found.get("ExpireTime"))
        except (AttributeError, KeyError, TypeError) as error:
            raise SmsError(Outcome.TRANSIENT, "unreadable", "the answer carries no token") from error
        # Reckoned from the answer's own two times, so that a wrong clock here does not matter.
        life = (ends - begins).total_seconds() if begins and ends else 2 * self._refresh
        return _Token(key, asked_at + max(life - self._refresh, life / 2, _SHORTEST_LIFE))


def harmless(error: SmsError) -> SmsError:
    """The same failure of a call that may be repeated at will: try later, or someone must act."""
    later = error.outcome in (Outcome.TRANSIENT, Outcome.UNKNOWN)
    outcome = Outcome.TRANSIENT if later else Outcome.ACCOUNT
    return SmsError(outcome, error.code, error.message, retry_after=error.retry_after, connection=error.connection)
