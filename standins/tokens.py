"""Temporary credentials for the queues, and the queue service's own signature (HMAC-SHA1)."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from standins.accounts import AccessKey
from standins.answers import QueueFault, Refusal, request_id, required
from standins.receipts import KINDS
from standins.signing import CLOCK
from standins.signs import shanghai


@dataclass
class Token:
    """Credentials for one queue until a moment."""

    key_id: str
    secret: str
    security_token: str
    queue: str
    expires: float


class Tokens:
    """All credentials given out, by their key id."""

    def __init__(self) -> None:
        self._by_key: dict[str, Token] = {}

    def issue(self, key: AccessKey, fields: dict[str, str], seconds: float) -> dict[str, Any]:
        """Answer QueryTokenForMnsQueue. Raises Refusal for a queue that is not the caller's."""
        required(fields, "MessageType")
        kind = fields["MessageType"]
        name = f"Alicom-Queue-{key.account.uid}-{kind}"
        if kind not in KINDS or fields.get("QueueName", name) != name:
            raise Refusal("isv.INVALID_PARAMETERS", "消息类型或队列名称不正确")
        now = time.time()
        token = Token(f"STS.{secrets.token_hex(12)}", secrets.token_hex(22), secrets.token_urlsafe(240), name,
                      now + seconds)
        self._by_key[token.key_id] = token
        return {"RequestId": request_id(), "Code": "OK", "Message": "OK", "MessageTokenDTO": {
            "AccessKeyId": token.key_id, "AccessKeySecret": token.secret, "SecurityToken": token.security_token,
            "CreateTime": shanghai(now), "ExpireTime": shanghai(token.expires)}}

    def expire(self) -> int:
        """Let every token given out so far run out now; returns how many."""
        for token in self._by_key.values():
            token.expires = 0
        return len(self._by_key)

    def check(self, method: str, raw_path: str, headers: Mapping[str, str], body: bytes, queue: str,
              now: float) -> None:
        """Refuse (QueueFault) a queue request whose token, clock, digest or signature is wrong."""
        scheme, _, rest = headers.get("authorization", "").partition(" ")
        key_id, _, signature = rest.partition(":")
        if scheme != "MNS" or not signature:
            raise QueueFault(400, "InvalidAuthorizationHeader", "The Authorization header format is invalid.")
        _check_clock(headers.get("date", ""), now)
        token = self._by_key.get(key_id)
        if token is None or token.security_token != headers.get("security-token"):
            raise QueueFault(403, "AccessIDAuthError", "The access key id or the security token is not right.")
        if token.expires <= now:
            raise QueueFault(403, "SecurityTokenExpired", "The security token has expired.")
        digest = headers.get("content-md5", "")
        if body and digest not in _digests(body):
            raise QueueFault(400, "InvalidDigest", "The Content-MD5 is not the digest of the body.")
        extras = "".join(f"{name}:{value}\n" for name, value in sorted(
            (name.lower(), value) for name, value in headers.items()) if name.startswith("x-mns-"))
        source = "\n".join((method, digest, headers.get("content-type", ""), headers["date"], extras + raw_path))
        expected = base64.b64encode(hmac.digest(token.secret.encode(), source.encode(), "sha1")).decode()
        if not hmac.compare_digest(expected, signature):
            raise QueueFault(403, "SignatureDoesNotMatch", "The signature does not match the request.")
        if token.queue != queue:
            raise QueueFault(403, "AccessDenied", "The token is not for this queue.")


def _check_clock(date: str, now: float) -> None:
    try:
        moment = parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        raise QueueFault(400, "InvalidDateHeader", "The Date header is missing or malformed.") from None
    if abs(moment - now) > CLOCK:
        raise QueueFault(408, "TimeExpired", "The Date header is more than 15 minutes away.")


def _digests(body: bytes) -> tuple[str, str]:
    """The digest as RFC 1864 has it, and as the Python SDK sends it (base64 of the hexadecimal text)."""
    digest = hashlib.md5(body)
    return base64.b64encode(digest.digest()).decode(), base64.b64encode(digest.hexdigest().encode()).decode()
