"""Every byte that is signed, changed once: raw HTTP, since no SDK would send such things."""

import hashlib
import hmac
import http.client
import json
import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from standins.control import Control

QUERY = {"PhoneNumbers": "13800138000", "SignName": "云顶云", "TemplateCode": "SMS_100002",
         "TemplateParam": '{"name":"张 三*~","order":"A+1"}'}


def signed(endpoint: str, query: dict[str, str], body: bytes = b"", key: str = "standin-key",
           secret: str = "standin-secret", **changed: str) -> dict[str, str]:
    """Headers with a right signature over these parts, written from the documentation alone."""
    headers = {"host": endpoint, "x-acs-action": "SendSms", "x-acs-version": "2017-05-25",
               "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
               "x-acs-signature-nonce": secrets.token_hex(16),
               "x-acs-content-sha256": hashlib.sha256(body).hexdigest()}
    headers |= {name.replace("_", "-"): value for name, value in changed.items()}
    names = sorted(headers)
    canonical = "\n".join([
        "POST", "/", "&".join(f"{name}={quote(value, safe='~')}" for name, value in sorted(query.items())),
        *(f"{name}:{headers[name]}" for name in names), "", ";".join(names), hashlib.sha256(body).hexdigest()])
    source = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(secret.encode(), source.encode(), hashlib.sha256).hexdigest()
    return headers | {"authorization": f"ACS3-HMAC-SHA256 Credential={key},SignedHeaders={';'.join(names)},"
                                       f"Signature={signature}"}


def post(endpoint: str, query: dict[str, str], headers: dict[str, str], body: bytes = b"") -> tuple[int, Any]:
    """Send exactly these parts; status and decoded answer."""
    connection = http.client.HTTPConnection(endpoint, timeout=5)
    connection.putrequest("POST", "/?" + urlencode(query), skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("content-length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    result = answer.status, json.loads(answer.read())
    connection.close()
    return result


def refused(answer: tuple[int, Any]) -> tuple[int, str]:
    """Status and code."""
    return answer[0], answer[1]["Code"]


def test_a_request_signed_by_the_documentation_passes(control: Control) -> None:
    headers = signed(control.endpoint, QUERY)
    assert refused(post(control.endpoint, QUERY, headers)) == (200, "OK")
    [call] = control.journal()
    assert call["segments"] == [1]


def test_a_nonce_is_used_once(control: Control) -> None:
    headers = signed(control.endpoint, QUERY)
    post(control.endpoint, QUERY, headers)
    assert refused(post(control.endpoint, QUERY, headers)) == (400, "SignatureNonceUsed")
    assert control.journal_summary()["calls"] == 1


@pytest.mark.parametrize("name", ["x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "host"])
def test_a_changed_header_breaks_the_signature(control: Control, name: str) -> None:
    headers = signed(control.endpoint, QUERY)
    value = headers[name]
    headers[name] = value[:-2] + ("0Z" if value[-2:] != "0Z" else "1Z") if name == "x-acs-date" else value + "1"
    assert refused(post(control.endpoint, QUERY, headers)) == (400, "SignatureDoesNotMatch")


def test_a_changed_parameter_body_or_secret_breaks_the_signature(control: Control) -> None:
    endpoint = control.endpoint
    spaced = QUERY["TemplateParam"] + " "
    for changed in ({"PhoneNumbers": "13800138001"}, {"OutId": "more"}, {"TemplateParam": spaced}):
        assert refused(post(endpoint, QUERY | changed, signed(endpoint, QUERY)))[1] == "SignatureDoesNotMatch"
    body = b"a=1"
    assert refused(post(endpoint, QUERY, signed(endpoint, QUERY, body), b"a=2"))[1] == "SignatureDoesNotMatch"
    headers = signed(endpoint, QUERY, body)
    headers["x-acs-content-sha256"] = hashlib.sha256(b"a=2").hexdigest()
    assert refused(post(endpoint, QUERY, headers, b"a=2"))[1] == "SignatureDoesNotMatch"
    assert refused(post(endpoint, QUERY, signed(endpoint, QUERY, secret="other")))[1] == "SignatureDoesNotMatch"
    headers = signed(endpoint, QUERY)
    headers["authorization"] = headers["authorization"][:-1] + ("0" if headers["authorization"][-1] != "0" else "1")
    assert refused(post(endpoint, QUERY, headers))[1] == "SignatureDoesNotMatch"
    assert control.journal_summary()["calls"] == 0


def test_an_unknown_key_action_or_version(control: Control) -> None:
    endpoint = control.endpoint
    assert refused(post(endpoint, QUERY, signed(endpoint, QUERY, key="nobody"))) == (404, "InvalidAccessKeyId.NotFound")
    assert refused(post(endpoint, QUERY, signed(endpoint, QUERY, x_acs_action="SendSmoke"))) == (
        404, "InvalidAction.NotFound")
    assert refused(post(endpoint, QUERY, signed(endpoint, QUERY, x_acs_version="2016-05-25"))) == (
        400, "InvalidVersion")


@pytest.mark.parametrize(("shift", "expected"), [(-880, 200), (880, 200), (-920, 400), (920, 400)])
def test_the_clock_may_be_fifteen_minutes_off(control: Control, shift: int, expected: int) -> None:
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + shift))
    status, answer = post(control.endpoint, QUERY, signed(control.endpoint, QUERY, x_acs_date=date))
    assert status == expected
    assert answer["Code"] == ("OK" if expected == 200 else "InvalidTimeStamp.Expired")


def test_what_is_not_signed_is_not_believed(control: Control) -> None:
    headers = signed(control.endpoint, QUERY)
    assert refused(post(control.endpoint, QUERY, headers | {"x-acs-more": "1"}))[1] == "IncompleteSignature"
    del headers["authorization"]
    assert refused(post(control.endpoint, QUERY, headers))[1] == "IncompleteSignature"
    assert refused(post(control.endpoint, QUERY, signed(control.endpoint, QUERY, x_acs_date="today")))[1] == (
        "InvalidTimeStamp.Format")
