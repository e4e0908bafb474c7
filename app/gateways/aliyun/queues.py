"""The queues in which Aliyun leaves delivery receipts and replies (MNS)."""

from __future__ import annotations

import base64
import binascii
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, TypeVar

from mns.account import Account
from mns.mns_exception import MNSClientNetworkException, MNSServerException

from app.gateways.aliyun.failures import short_words
from app.gateways.aliyun.tokens import REFRESH_SECONDS, QueueToken
from app.gateways.sms import Credentials, Outcome, QueueItem, SmsError

KINDS = ("SmsReport", "SmsUp")
MOST_ITEMS = 16  # of one call
LONGEST_WAIT = 30  # seconds
_T = TypeVar("_T")

_TOKEN_REFUSED = (
    "AccessDenied",
    "Forbidden",
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "SecurityToken",
    "SignatureDoesNotMatch",
)
_FOR_SOMEONE = (*_TOKEN_REFUSED, "QueueNotExist", "TimeExpired", "InvalidQueueName")
_ALREADY_GONE = ("MessageNotExist", "ReceiptHandleError")


class AliyunQueue:
    """`ReceiptQueue` over one kept connection, for one thread.

    Named by `queue_name` in full, or by `kind` and the Aliyun account's number. Failures are
    `SmsError`s of outcome TRANSIENT (try later; reading and deleting may both be repeated) or
    ACCOUNT (someone must act). Raises `ValueError` on an unusable endpoint or name.
    """

    def __init__(
        self,
        credentials: Credentials,
        kind: Literal["SmsReport", "SmsUp"] | None = None,
        *,
        account_uid: str = "",
        queue_name: str = "",
        refresh: float = REFRESH_SECONDS,
        connect_timeout: float = 5,
        read_timeout: float = 10,
    ) -> None:
        name = queue_name or f"Alicom-Queue-{account_uid}-{kind}"
        wanted = kind or name.rpartition("-")[2]
        if wanted not in KINDS or not (queue_name or account_uid):
            raise ValueError(f"a queue is named Alicom-Queue-<account>-<{'|'.join(KINDS)}>, not {name!r}")
        if not credentials.queue_endpoint.startswith(("http://", "https://")):
            raise ValueError(f"an endpoint is http(s)://host[:port], not {credentials.queue_endpoint!r}")
        self.name = name
        self._read_timeout = read_timeout
        self._token = QueueToken(
            credentials,
            wanted,
            name,
            refresh=refresh,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        )
        self._account = Account(credentials.queue_endpoint, credentials_provider=self._token)
        self._queue = self._account.get_queue(name)
        # The SDK would fail the whole read for one body that is not base64.
        self._queue.set_encoding(False)

    def receive(self, *, wait_seconds: int) -> list[QueueItem]:
        """See `ReceiptQueue.receive`. `wait_seconds` is 0 to 30; bodies are text, whatever was in them."""
        wait = min(max(wait_seconds, 0), LONGEST_WAIT)
        found = self._attempt(partial(self._read, wait), patience=wait + self._read_timeout)
        return [QueueItem(body=body_text(message.message_body), handle=message.receipt_handle) for message in found]

    def delete(self, handles: Sequence[str]) -> None:
        """See `ReceiptQueue.delete`. Handles that have expired are passed over: their items come again."""
        for start in range(0, len(handles), MOST_ITEMS):
            some = list(handles[start : start + MOST_ITEMS])
            self._attempt(partial(self._forget, some), patience=self._read_timeout)

    def close(self) -> None:
        """Give up the connection; the next use opens a new one."""
        self._account.mns_client.close_connection()

    def _read(self, wait: int) -> list[Any]:
        try:
            messages: list[Any] = self._queue.batch_receive_message(MOST_ITEMS, wait)
        except MNSServerException as error:
            if error.type == "MessageNotExist":
                return []
            raise
        return messages

    def _forget(self, handles: list[str]) -> None:
        try:
            self._queue.batch_delete_message(handles)
        except MNSServerException as error:
            codes = [each.get("ErrorCode") for each in error.sub_errors or []] or [error.type]
            left = [code for code in codes if code not in _ALREADY_GONE]
            if left:
                raise MNSServerException(left[0], error.message, error.request_id, error.host_id) from error

    def _attempt(self, action: Callable[[], _T], *, patience: float) -> _T:
        """Do it, and once more where only an old token or a dropped connection stood in the way."""
        kept = self._limit(patience)
        try:
            try:
                return action()
            except MNSServerException as error:
                if not str(error.type).startswith(_TOKEN_REFUSED):
                    raise
                self._token.forget()
            except MNSClientNetworkException as error:
                # The far end closes what idles, and the SDK sees only one of the ways that shows.
                if not (kept and isinstance(error.__context__, ConnectionError)):
                    raise
            return action()
        except SmsError:
            raise
        except Exception as error:
            raise _failure_of(error) from error

    def _limit(self, seconds: float) -> bool:
        """Set how long one step of the connection may take (over HTTPS the SDK sets nothing); True if it is open."""
        connection = self._account.mns_client.http.conn
        connection.timeout = connection.connection_timeout = seconds
        if connection.sock is None:
            return False
        connection.sock.settimeout(seconds)
        return True


def body_text(raw: str | bytes) -> str:
    """A body as text: out of its base64 where it is that, wrong UTF-8 replaced."""
    data = raw.encode("utf-8", "replace") if isinstance(raw, str) else raw
    with contextlib.suppress(binascii.Error, ValueError):
        data = base64.b64decode(b"".join(data.split()), validate=True)
    return data.decode("utf-8", "replace")


def _failure_of(error: Exception) -> SmsError:
    if isinstance(error, MNSServerException):
        code = str(error.type or "unreadable")
        outcome = Outcome.ACCOUNT if code.startswith(_FOR_SOMEONE) else Outcome.TRANSIENT
        return SmsError(outcome, code, short_words(str(error.message or "")))
    if isinstance(error, MNSClientNetworkException) and error.type == "NetWorkException":
        return SmsError(Outcome.TRANSIENT, "unreachable", short_words(str(error.message)), connection=True)
    return SmsError(Outcome.TRANSIENT, "unreadable", short_words(str(error)), connection=True)
