"""From whatever the SDK raises to an `SmsError` that says what it means for the messages.

The line that matters runs between "never left this machine" (try again) and "left it" (perhaps
taken). When in doubt it left.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from typing import Any

import requests.exceptions as http
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException, ServerException, ThrottlingException
from darabonba.exceptions import RetryError
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from app.gateways.aliyun.codes import judge
from app.gateways.sms import Outcome, SmsError

# Refused port, unreachable network, unknown name (NameResolutionError) and connect time-out.
_NEVER_CONNECTED = (NewConnectionError, ConnectTimeoutError)
_ADDRESS = re.compile(r"\S*(?:[?&]|://)\S*")
_NUMBER = re.compile(r"(?<![0-9])(?:86)?1[3-9][0-9]{9}(?![0-9])")
_LONGEST_MESSAGE = 300
_NEVER_SENT = (http.InvalidURL, http.MissingSchema, http.InvalidSchema, http.InvalidHeader, http.InvalidProxyURL)


def failure_of(error: Exception, *, personal: bool = True) -> SmsError:
    """The meaning of an exception raised by an SDK call. `personal` as for `judge`."""
    if isinstance(error, SmsError):
        return error
    if isinstance(error, AlibabaCloudException):
        return _answered(error, personal)
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, http.RequestException):
            return _unanswered(cause)
    text = _plain(chain[-1])
    if any(isinstance(cause, UnicodeEncodeError) for cause in chain):
        # Half a surrogate pair in a shared text: the request could not even be written.
        return SmsError(Outcome.PERMANENT, "isv.UNSUPPORTED_CONTENT", text)
    if any(isinstance(cause, (OSError, RetryError)) for cause in chain):
        return SmsError(Outcome.UNKNOWN, "broken", text, connection=True)
    # What is left are answers the SDK choked on: not JSON, not an object, not text. Whoever
    # answers so is something on the way rather than the provider.
    return SmsError(Outcome.UNKNOWN, "unreadable", text, connection=True)


def _answered(error: AlibabaCloudException, personal: bool) -> SmsError:
    status = error.status_code or 0
    code = error.code if error.code and error.code != "None" else f"http_{status}"
    wait = error.retry_after / 1000 if error.retry_after else None  # the header counts milliseconds
    outcome = judge(code, personal=personal)
    if outcome is not Outcome.TRANSIENT:
        if isinstance(error, ServerException) or status >= 500:
            outcome = Outcome.UNKNOWN
        elif isinstance(error, ThrottlingException) and outcome is Outcome.UNKNOWN:
            outcome = Outcome.TRANSIENT
    return SmsError(outcome, code, _own_words(error), retry_after=wait)


def _own_words(error: AlibabaCloudException) -> str:
    data = error.data if isinstance(error.data, dict) else {}
    return short_words(str(data.get("Message") or data.get("message") or error.message or ""))


def _plain(error: BaseException) -> str:
    """The type and short words of the innermost reason. The words around it quote the address, and with it every
    number and variable of the call."""
    reason: Any = error
    while inner := getattr(reason, "reason", None) or (reason.args[0] if getattr(reason, "args", ()) else None):
        if not isinstance(inner, Exception):
            break
        reason = inner
    return short_words(f"{type(reason).__name__}: {_ADDRESS.sub('…', str(reason))}")


def short_words(text: str) -> str:
    """No longer than a person reads, and without any recipient's number."""
    return _NUMBER.sub("…", text)[:_LONGEST_MESSAGE]


def _unanswered(error: http.RequestException) -> SmsError:
    if isinstance(error, (http.ConnectTimeout, *_NEVER_SENT)) or _never_connected(error):
        return SmsError(Outcome.TRANSIENT, "unreachable", _plain(error), connection=True)
    code = "timeout" if isinstance(error, http.Timeout) else "broken"
    return SmsError(Outcome.UNKNOWN, code, _plain(error), connection=True)


def _never_connected(error: http.RequestException) -> bool:
    reason = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    return isinstance(reason, _NEVER_CONNECTED) or _not_trusted(reason)


def _not_trusted(reason: object) -> bool:
    """Whether the other end's certificate was refused: that is before the request. Other TLS errors may come after."""
    while isinstance(reason, Exception):
        if isinstance(reason, ssl.SSLCertVerificationError):
            return True
        reason = reason.args[0] if reason.args else None
    return False


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The SDK wraps what happened and keeps only its text; Python's own chain still holds the exception."""
    seen: set[int] = set()
    pending: BaseException | None = error
    while pending is not None and id(pending) not in seen:
        seen.add(id(pending))
        yield pending
        pending = getattr(pending, "inner_exception", None) or pending.__cause__ or pending.__context__
