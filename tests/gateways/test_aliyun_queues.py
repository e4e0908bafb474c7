"""Reading and deleting at the queues: tokens, bodies, and every way of failing."""

from __future__ import annotations

import base64
import json
import socket
import struct
import time

import pytest

from app.gateways.aliyun import AliyunQueue
from app.gateways.aliyun.queues import body_text
from app.gateways.aliyun.tokens import QueueToken
from app.gateways.sms import Credentials, Outcome, QueueItem, SmsError
from tests.gateways.conftest import answer, read_request

_XMLNS = 'xmlns="http://mns.aliyuncs.com/doc/v1/"'


def token(life: str = "2026-01-01 10:10:00", key: str = "STS.1") -> bytes:
    found = {
        "AccessKeyId": key,
        "AccessKeySecret": "temporary",
        "SecurityToken": "token",
        "CreateTime": "2026-01-01 10:00:00",
        "ExpireTime": life,
    }
    return answer(200, json.dumps({"Code": "OK", "Message": "OK", "MessageTokenDTO": found}).encode())


def mns(status: int, xml: str) -> bytes:
    return answer(status, xml.encode(), content_type="text/xml;charset=utf-8", x_mns_request_id="R")


def messages(*bodies: str) -> bytes:
    each = "".join(
        f"<Message><MessageId>m{n}</MessageId><ReceiptHandle>h{n}</ReceiptHandle><MessageBodyMD5>x</MessageBodyMD5>"
        f"<MessageBody>{body}</MessageBody><EnqueueTime>1</EnqueueTime><NextVisibleTime>2</NextVisibleTime>"
        "<FirstDequeueTime>1</FirstDequeueTime><DequeueCount>1</DequeueCount><Priority>8</Priority></Message>"
        for n, body in enumerate(bodies)
    )
    return mns(200, f"<?xml version='1.0'?><Messages {_XMLNS}>{each}</Messages>")


def error(status: int, code: str) -> bytes:
    parts = f"<Code>{code}</Code><Message>words</Message><RequestId>R</RequestId><HostId>h</HostId>"
    return mns(status, f"<?xml version='1.0'?><Error {_XMLNS}>{parts}</Error>")


def refused_handles(*codes: str) -> bytes:
    each = "".join(
        f"<Error><ErrorCode>{code}</ErrorCode><ErrorMessage>m</ErrorMessage><ReceiptHandle>h</ReceiptHandle></Error>"
        for code in codes
    )
    return mns(404, f"<?xml version='1.0'?><Errors {_XMLNS}>{each}</Errors>")


EMPTY = error(404, "MessageNotExist")
DELETED = answer(204, b"", content_type="text/xml")


def queue(url: str, **options: float) -> AliyunQueue:
    credentials = Credentials(key="AK", secret="SK", token_endpoint=url, queue_endpoint=url)
    return AliyunQueue(credentials, "SmsReport", account_uid="1234567890", **{"read_timeout": 2.0, **options})


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def failure(url: str, **options: float) -> SmsError:
    with pytest.raises(SmsError) as caught:
        queue(url, **options).receive(wait_seconds=0)
    return caught.value


def test_items_are_read_with_a_token_over_one_connection(answering):
    server = answering(token(), messages(b64('{"a":"云"}'), b64("{}")), EMPTY)
    reader = queue(server.url)
    assert reader.receive(wait_seconds=3) == [QueueItem('{"a":"云"}', "h0"), QueueItem("{}", "h1")]
    assert reader.receive(wait_seconds=0) == []

    asked, read, again = server.requests
    assert b"\r\nx-acs-action: QueryTokenForMnsQueue\r\n" in asked
    assert b"MessageType=SmsReport" in asked and b"QueueName=Alicom-Queue-1234567890-SmsReport" in asked
    assert read.startswith(b"GET /queues/Alicom-Queue-1234567890-SmsReport/messages?numOfMessages=16&waitseconds=3 ")
    assert b"security-token: token" in read and b"MNS STS.1:" in read
    assert b"waitseconds=0" in again
    assert server.connections == 2, "one to ask for the token and one to read"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b64('{"x":1}'), '{"x":1}'),
        ('{"x":1}', '{"x":1}'),
        (b64(b"\xff\xfe{"), "\ufffd\ufffd{"),
        (b64('{"x":1}')[:5] + "\n " + b64('{"x":1}')[5:], '{"x":1}'),
        ("", ""),
        ("云", "云"),
        (b"\xb9\xa4", "\ufffd\ufffd"),
    ],
)
def test_any_body_becomes_text(raw, text):
    assert body_text(raw) == text


def test_one_bad_body_does_not_hide_the_others(answering):
    server = answering(token(), messages("not base64!", b64("{}")))
    assert [item.body for item in queue(server.url).receive(wait_seconds=0)] == ["not base64!", "{}"]


def test_items_are_deleted_sixteen_at_a_time(answering):
    server = answering(token(), DELETED)
    queue(server.url).delete([f"h{n}" for n in range(20)])
    _, first, second = server.requests
    assert first.startswith(b"DELETE /queues/Alicom-Queue-1234567890-SmsReport/messages ")
    assert (first.count(b"<ReceiptHandle>"), second.count(b"<ReceiptHandle>")) == (16, 4)


def test_deleting_nothing_asks_nobody(answering):
    server = answering(token())
    queue(server.url).delete([])
    assert not server.requests


def test_handles_that_are_gone_are_passed_over(answering):
    queue(answering(token(), refused_handles("ReceiptHandleError", "MessageNotExist")).url).delete(["h1", "h2"])
    queue(answering(token(), error(404, "MessageNotExist")).url).delete(["h1"])


def test_a_handle_refused_for_another_reason_is_told(answering):
    with pytest.raises(SmsError) as caught:
        queue(answering(token(), refused_handles("ReceiptHandleError", "InternalServerError")).url).delete(["a", "b"])
    assert (caught.value.outcome, caught.value.code) == (Outcome.TRANSIENT, "InternalServerError")


def test_a_lost_token_is_asked_for_again_once(answering):
    server = answering(token(), error(403, "InvalidSecurityToken"), token(key="STS.2"), messages(b64("{}")))
    assert len(queue(server.url).receive(wait_seconds=0)) == 1
    assert b"MNS STS.2:" in server.requests[-1]


def test_a_token_refused_twice_needs_someone_to_act(answering):
    refusal = error(403, "AccessDenied")
    server = answering(token(), refusal, token(), refusal, token())
    assert (failure(server.url).outcome, len(server.requests)) == (Outcome.ACCOUNT, 4)


def test_a_token_is_renewed_two_minutes_before_it_expires(answering):
    server = answering(token(), token(key="STS.2"))
    now = [1000.0]
    credentials = Credentials(key="AK", secret="SK", token_endpoint=server.url)
    kept = QueueToken(credentials, "SmsReport", "q", clock=lambda: now[0])
    assert kept.get_credentials().get_access_key_id() == "STS.1"
    now[0] += 479  # of 600 seconds
    assert kept.get_credentials().get_access_key_id() == "STS.1"
    now[0] += 2
    assert kept.get_credentials().get_access_key_id() == "STS.2"


@pytest.mark.parametrize("life", ["2026-01-01 10:00:00", "2025-01-01 10:00:00", "soon"])
def test_a_token_of_no_lifetime_is_still_used_for_a_moment(answering, life):
    server = answering(token(life), EMPTY)
    assert queue(server.url).receive(wait_seconds=0) == []
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        (answer(400, b'{"Code":"SignatureDoesNotMatch","Message":"m"}'), Outcome.ACCOUNT),
        (answer(200, b'{"Code":"isp.RAM_PERMISSION_DENY","Message":"m"}'), Outcome.ACCOUNT),
        (answer(200, b'{"Code":"isv.SOMETHING","Message":"m"}'), Outcome.ACCOUNT),
        (answer(200, b'{"Code":"isp.SYSTEM_ERROR","Message":"m"}'), Outcome.TRANSIENT),
        (answer(200, b'{"Code":"OK"}'), Outcome.TRANSIENT),
        (answer(200, b"[]"), Outcome.TRANSIENT),
        (answer(500, b'{"Code":"InternalError"}'), Outcome.TRANSIENT),
        (answer(200, b"<html>"), Outcome.TRANSIENT),
    ],
)
def test_a_token_that_is_refused(answering, refusal, outcome):
    assert failure(answering(refusal).url).outcome is outcome


@pytest.mark.parametrize(
    ("response", "outcome", "code"),
    [
        (error(404, "QueueNotExist"), Outcome.ACCOUNT, "QueueNotExist"),
        (error(408, "TimeExpired"), Outcome.ACCOUNT, "TimeExpired"),
        (error(500, "InternalServerError"), Outcome.TRANSIENT, "InternalServerError"),
        (answer(502, b"<html>bad gateway", content_type="text/html"), Outcome.TRANSIENT, "unreadable"),
        (answer(200, b"", content_type="text/xml"), Outcome.TRANSIENT, "unreadable"),
        (answer(200, b"\xff\xfe", content_type="text/xml"), Outcome.TRANSIENT, "unreachable"),
        (mns(200, "<Messages><Message><MessageBody>x</MessageBody></Message></Messages>"), Outcome.TRANSIENT, None),
    ],
)
def test_a_queue_that_cannot_be_read(answering, response, outcome, code):
    found = failure(answering(token(), response).url)
    assert found.outcome is outcome
    assert code is None or found.code == code


def test_a_queue_that_is_away():
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    found = failure(f"http://127.0.0.1:{port}")
    assert (found.outcome, found.connection) == (Outcome.TRANSIENT, True)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_queue_that_never_answers_is_given_up(raw_server, answering, scheme):
    def silent(connection: socket.socket) -> None:
        read_request(connection)
        time.sleep(5)

    credentials = Credentials(
        key="AK",
        secret="SK",
        token_endpoint=answering(token()).url,
        queue_endpoint=raw_server(silent).url.replace("http", scheme, 1),
    )
    began = time.monotonic()
    with pytest.raises(SmsError) as caught:
        AliyunQueue(credentials, "SmsUp", account_uid="1", read_timeout=0.3).receive(wait_seconds=0)
    assert caught.value.connection and time.monotonic() - began < 20


@pytest.mark.parametrize("rudely", [False, True])
def test_a_connection_dropped_between_two_reads_is_opened_again(raw_server, answering, rudely):
    def one_answer(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(EMPTY)
        if rudely:
            time.sleep(0.02)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    server = raw_server(one_answer)
    credentials = Credentials(key="AK", secret="SK", token_endpoint=answering(token()).url, queue_endpoint=server.url)
    reader = AliyunQueue(credentials, "SmsReport", account_uid="1", read_timeout=1)
    for _ in range(3):
        assert reader.receive(wait_seconds=0) == []
        time.sleep(0.05)
    reader.close()
    assert server.connections == 3


def test_a_queue_is_named_in_full_or_by_account_and_kind():
    keys = Credentials("AK", "SK")
    assert AliyunQueue(keys, "SmsUp", account_uid="1").name == "Alicom-Queue-1-SmsUp"
    assert AliyunQueue(keys, queue_name="Alicom-Queue-1-SmsReport").name == "Alicom-Queue-1-SmsReport"
    assert AliyunQueue(keys, "SmsUp", queue_name="of-my-own").name == "of-my-own"
    for call in ({}, {"account_uid": "1"}, {"queue_name": "of-my-own"}, {"kind": "SmsUp"}):
        with pytest.raises(ValueError, match="queue"):
            AliyunQueue(keys, **call)
    with pytest.raises(ValueError, match="endpoint"):
        AliyunQueue(Credentials("AK", "SK", queue_endpoint="host"), "SmsUp", account_uid="1")


def test_the_kind_in_a_full_name_is_what_the_token_is_asked_for(answering):
    server = answering(token(), EMPTY)
    credentials = Credentials("AK", "SK", token_endpoint=server.url, queue_endpoint=server.url)
    assert AliyunQueue(credentials, queue_name="Alicom-Queue-1-SmsUp").receive(wait_seconds=0) == []
    assert b"MessageType=SmsUp" in server.requests[0]
