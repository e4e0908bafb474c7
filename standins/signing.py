"""ACS3-HMAC-SHA256: who signed this request, and is every byte of it what was signed?

Source: the signing of alibabacloud_tea_openapi 0.4 and Aliyun's page on signature version 3.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from standins.accounts import AccessKey, Accounts
from standins.answers import Fault
from standins.forms import canonical_query

ALGORITHM = "ACS3-HMAC-SHA256"
CLOCK = 15 * 60


class Nonces:
    """Nonces already seen, in two generations, so that forgetting the old ones costs nothing."""

    def __init__(self) -> None:
        self._young: set[str] = set()
        self._old: set[str] = set()
        self._turned = 0.0

    def use(self, nonce: str, now: float) -> bool:
        """Note a nonce; False when it was used within twice the clock's tolerance."""
        if now - self._turned > 2 * CLOCK:
            self._old, self._young, self._turned = self._young, set(), now
        if nonce in self._young or nonce in self._old:
            return False
        self._young.add(nonce)
        return True


def check(method: str, raw_path: str, headers: Mapping[str, str], body: bytes, accounts: Accounts, nonces: Nonces,
          now: float) -> AccessKey:
    """The key that signed this request. Raises Fault with Aliyun's code for each way in which it can be wrong."""
    key_id, signed, signature = _authorization(headers.get("authorization", ""))
    _check_signed(headers, signed)
    payload = hashlib.sha256(body).hexdigest()
    if headers.get("x-acs-content-sha256") != payload:
        raise Fault(400, "SignatureDoesNotMatch", "x-acs-content-sha256 is not the hash of the body.")
    _check_clock(headers["x-acs-date"], now)
    key = accounts.keys.get(key_id)
    if key is None:
        raise Fault(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    path, _, query = raw_path.partition("?")
    lines = "".join([f"{name}:{headers[name].strip()}\n" for name in signed])
    canonical = f"{method}\n{path}\n{canonical_query(query)}\n{lines}\n{';'.join(signed)}\n{payload}"
    source = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    expected = hmac.digest(key.secret.encode(), source.encode(), "sha256").hex()
    if not hmac.compare_digest(expected, signature):
        raise Fault(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation. "
                    f"server string to sign is:{source}")
    if not nonces.use(headers["x-acs-signature-nonce"], now):
        raise Fault(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
    return key


def _authorization(header: str) -> tuple[str, list[str], str]:
    scheme, _, rest = header.partition(" ")
    parts = dict(part.partition("=")[::2] for part in rest.split(","))
    if scheme != ALGORITHM or not parts.keys() >= {"Credential", "SignedHeaders", "Signature"}:
        raise Fault(400, "IncompleteSignature", "The request signature does not conform to Aliyun standards.")
    return parts["Credential"], parts["SignedHeaders"].split(";"), parts["Signature"]


def _check_signed(headers: Mapping[str, str], signed: list[str]) -> None:
    """Every x-acs header and the host must be there and under the signature, named in order."""
    for name in ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce",
                 "x-acs-version"):
        if name not in signed:
            raise Fault(400, "IncompleteSignature", f"{name} is not signed.")
        if not headers.get(name):
            raise Fault(400, f"Missing{name}", f"{name} is mandatory for this action.")
    if signed != sorted(signed) or any(name not in headers for name in signed):
        raise Fault(400, "IncompleteSignature", "SignedHeaders do not match the request.")
    for name in headers:
        lower = name.lower()
        if lower.startswith("x-acs-") and lower not in signed:
            raise Fault(400, "IncompleteSignature", f"{lower} is not signed.")


def _check_clock(date: str, now: float) -> None:
    try:
        moment = datetime.fromisoformat(date)
        if len(date) != 20 or moment.tzinfo is None:
            raise ValueError(date)
    except ValueError:
        raise Fault(400, "InvalidTimeStamp.Format", "Specified time stamp is not well formatted.") from None
    if abs(moment.timestamp() - now) > CLOCK:
        raise Fault(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
