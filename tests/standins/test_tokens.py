"""The queue service's credentials and its own signature."""

import base64
import hashlib
import hmac
import http.client
import time
from email.utils import formatdate

import pytest
from mns.account import Account
from mns.mns_exception import MNSServerException

from standins.control import Control
from tests.standins.provider import Provider

PATH = "/queues/Alicom-Queue-1000000000000001-SmsReport/messages?numOfMessages=16"


def get(endpoint: str, token: dict[str, str], path: str = PATH, sent: str = PATH, secret: str | None = None,
        date: str | None = None, security: str | None = None) -> tuple[int, str]:
    """A receive signed from the documentation; what is signed (path) and what is sent may differ."""
    date = date or formatdate(usegmt=True)
    source = f"GET\n\n\n{date}\nx-mns-version:2015-06-06\n{path}"
    key = (secret or token["AccessKeySecret"]).encode()
    signature = base64.b64encode(hmac.new(key, source.encode(), hashlib.sha1).digest()).decode()
    connection = http.client.HTTPConnection(endpoint, timeout=5)
    connection.request("GET", sent, headers={
        "Date": date, "x-mns-version": "2015-06-06", "Authorization": f"MNS {token['AccessKeyId']}:{signature}",
        "security-token": token["SecurityToken"] if security is None else security})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text.partition("<Code>")[2].partition("</Code>")[0]


def test_a_token_says_how_long_it_lasts(provider: Provider, control: Control) -> None:
    control.set(token_seconds=600)
    token = provider.token()
    made, ends = (time.mktime(time.strptime(token[name], "%Y-%m-%d %H:%M:%S")) for name in ("CreateTime", "ExpireTime"))
    assert ends - made == 600
    assert abs(made - time.mktime(time.gmtime()) - 8 * 3600) < 5
    assert get(control.endpoint, token) == (404, "MessageNotExist")


def test_a_queue_request_is_checked_byte_by_byte(provider: Provider, control: Control) -> None:
    token, endpoint = provider.token(), control.endpoint
    assert get(endpoint, token, sent=PATH[:-1]) == (403, "SignatureDoesNotMatch")
    assert get(endpoint, token, secret="other") == (403, "SignatureDoesNotMatch")
    assert get(endpoint, token, security="") == (403, "AccessIDAuthError")
    assert get(endpoint, token | {"AccessKeyId": "standin-key"}) == (403, "AccessIDAuthError")
    assert get(endpoint, token, date=formatdate(time.time() - 1000, usegmt=True)) == (408, "TimeExpired")
    other = PATH.replace("SmsReport", "SmsUp")
    assert get(endpoint, token, other, other) == (403, "AccessDenied")
    for number in ("0", "17", "x"):
        path = PATH.replace("16", number)
        assert get(endpoint, token, path, path) == (400, "InvalidArgument")


def test_a_token_runs_out(provider: Provider, control: Control) -> None:
    token = provider.token()
    control.expire_tokens()
    assert get(control.endpoint, token) == (403, "SecurityTokenExpired")
    assert get(control.endpoint, provider.token()) == (404, "MessageNotExist")


def test_a_stranger_gets_no_token_for_the_queue(control: Control) -> None:
    control.add_account("other", "secret", "7")
    stranger = Provider(control.endpoint, "other", "secret", "1000000000000001")
    with pytest.raises(AssertionError, match=r"isv\.INVALID_PARAMETERS"):
        stranger.token()


def test_a_long_poll_ends_when_something_comes(provider: Provider, control: Control) -> None:
    token = provider.token()
    account = Account(f"http://{control.endpoint}", token["AccessKeyId"], token["AccessKeySecret"],
                      token["SecurityToken"])
    queue = account.get_queue("Alicom-Queue-1000000000000001-SmsReport")
    control.set(receipt_delay_ms=300)
    provider.send("13800138000")
    began = time.monotonic()
    assert len(queue.batch_receive_message(16, 10)) == 1
    assert 0.1 < time.monotonic() - began < 20
    began = time.monotonic()
    with pytest.raises(MNSServerException) as empty:
        queue.batch_receive_message(16, 1)
    assert empty.value.type == "MessageNotExist"
    assert 0.9 < time.monotonic() - began < 20
