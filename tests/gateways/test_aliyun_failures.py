"""What every way of failing means for the messages in the call."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import time

import pytest

from app.gateways.sms import Credentials, Outcome, SmsError
from tests.gateways.conftest import answer, read_request
from tests.gateways.test_aliyun_send import OK, failure, provider

# --- ways to fail: nothing left this machine -------------------------------------------------


def test_a_refused_port_means_not_taken():
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}")
    assert (error.outcome, error.code, error.connection) == (Outcome.TRANSIENT, "unreachable", True)


def test_an_unknown_name_means_not_taken():
    error = failure("http://no-such-host.invalid")
    assert (error.outcome, error.connection) == (Outcome.TRANSIENT, True)


def test_a_connection_that_does_not_come_about_means_not_taken():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        # Two callers fill the backlog that nobody accepts from; the third waits in vain.
        callers = [socket.socket() for _ in range(3)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        time.sleep(0.05)
        with pytest.raises(SmsError) as caught:
            provider(f"http://127.0.0.1:{full.getsockname()[1]}", connect_timeout=0.3).send(
                signature="s", template_code="t", phones=["13800138000"], variables=None, out_id="o"
            )
        for caller in callers:
            caller.close()
    assert (caught.value.outcome, caught.value.code) == (Outcome.TRANSIENT, "unreachable")
    assert caught.value.connection


def test_a_certificate_that_cannot_be_checked_is_not_taken_or_unknown(raw_server):
    """The handshake fails on a server that does not speak TLS; no message may be sent again blindly."""
    server = raw_server(lambda connection: connection.sendall(b"not tls at all, by no means\r\n"))
    error = failure(server.url.replace("http://", "https://"))
    assert error.connection and error.outcome in (Outcome.TRANSIENT, Outcome.UNKNOWN)


def test_a_certificate_nobody_signed_is_found_before_anything_is_sent(raw_server, tmp_path):
    names = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert")]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1", *names]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    received = []

    def behave(connection: socket.socket) -> None:
        received.append(context.wrap_socket(connection, server_side=True).recv(1000))

    error = failure(raw_server(behave).url.replace("http://", "https://"))
    assert (error.outcome, error.code, error.connection) == (Outcome.TRANSIENT, "unreachable", True)
    assert not any(received)


def test_a_nonce_used_already_means_that_the_request_arrived_twice(answering):
    body = b'{"Code":"SignatureNonceUsed","Message":"Specified signature nonce was used already.","RequestId":"R"}'
    assert failure(answering(answer(400, body)).url).outcome is Outcome.UNKNOWN


def test_a_text_that_cannot_be_written_never_leaves(answering):
    server = answering(OK)
    error = failure(server.url, variables={"code": "\ud800"})
    assert (error.outcome, error.connection) == (Outcome.PERMANENT, False)
    assert not server.requests


# --- ways to fail: perhaps taken -------------------------------------------------------------


def _close_at_once(connection: socket.socket) -> None:
    read_request(connection)
    connection.close()


def _never_answer(connection: socket.socket) -> None:
    read_request(connection)
    time.sleep(5)


def _half_an_answer(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(OK[:-20])
    connection.close()


def _stall_within_the_answer(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(OK[:-20])
    time.sleep(5)


def _not_http(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"\x00\xff\x16 what is this\r\n\r\n")
    connection.close()


@pytest.mark.parametrize(
    ("behave", "code"),
    [
        (_close_at_once, "broken"),
        (_never_answer, "timeout"),
        (_half_an_answer, "broken"),
        (_stall_within_the_answer, None),
        (_not_http, "broken"),
    ],
)
def test_a_break_after_the_request_left_leaves_the_outcome_unknown(raw_server, behave, code):
    server = raw_server(behave)
    call = provider(server.url, read_timeout=0.4)
    with pytest.raises(SmsError) as caught:
        call.send(signature="s", template_code="t", phones=["13800138000"], variables=None, out_id="o")
    assert (caught.value.outcome, caught.value.connection) == (Outcome.UNKNOWN, True)
    assert code is None or caught.value.code == code
    time.sleep(0.1)
    assert server.connections == 1, "never a second try"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>welcome</html>", b"[]", b"null", b'"OK"', b"{}", b'{"Code":5}', b'{"Code":"OK"}', b"\xff\xfe{"],
)
@pytest.mark.parametrize("status", [200, 302, 500, 404])
def test_an_answer_that_cannot_be_read_leaves_the_outcome_unknown(answering, status, body):
    server = answering(answer(status, body, Location="http://127.0.0.1:1/"))
    assert failure(server.url).outcome is Outcome.UNKNOWN
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_of_the_server_leaves_the_outcome_unknown(answering, status):
    server = answering(answer(status, b'{"Code":"InternalError","Message":"busy","RequestId":"R"}'))
    error = failure(server.url)
    assert (error.outcome, error.code, error.message) == (Outcome.UNKNOWN, "InternalError", "busy")
    assert not error.connection
    assert len(server.requests) == 1


# --- ways to fail: refused -------------------------------------------------------------------


def test_throttling_names_the_time_to_wait(answering):
    body = b'{"Code":"Throttling.User","Message":"slow down","RequestId":"R"}'
    error = failure(answering(answer(429, body, x_acs_retry_after="1500")).url)
    assert (error.outcome, error.code, error.retry_after) == (Outcome.TRANSIENT, "Throttling.User", 1.5)
    assert failure(answering(answer(400, body)).url).outcome is Outcome.TRANSIENT


def test_a_time_to_wait_does_not_make_a_server_error_harmless(answering):
    server = answering(answer(503, b'{"Code":"ServiceUnavailable","Message":"m"}', x_acs_retry_after="1500"))
    error = failure(server.url)
    assert (error.outcome, error.retry_after) == (Outcome.UNKNOWN, 1.5)


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidAccessKeyId.NotFound", "InvalidTimeStamp.Expired"])
def test_a_bad_key_or_clock_is_account_trouble(answering, code):
    body = json.dumps({"Code": code, "Message": "m", "RequestId": "R"}).encode()
    error = failure(answering(answer(400, body)).url)
    assert (error.outcome, error.code, error.connection) == (Outcome.ACCOUNT, code, False)


def test_a_business_refusal_comes_with_http_200_and_the_provider_s_words(answering):
    body = '{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"触发小时级流控Permits:5","RequestId":"R"}'.encode()
    error = failure(answering(answer(200, body)).url)
    assert (error.outcome, error.code) == (Outcome.SUSPECT, "isv.BUSINESS_LIMIT_CONTROL")
    assert error.message == "触发小时级流控Permits:5"


def test_a_bad_variable_is_one_recipient_s_fault_only_where_each_has_own(answering):
    url = answering(answer(200, b'{"Code":"isv.PARAM_LENGTH_LIMIT","Message":"m"}')).url
    assert failure(url, variables={"code": "x" * 99}).outcome is Outcome.PERMANENT
    assert failure(url, variables=[{"code": "x" * 99}]).outcome is Outcome.SUSPECT


def test_the_secret_is_in_no_error_and_no_repr(raw_server):
    error = failure(raw_server(_close_at_once).url)
    assert "SK" not in repr(Credentials(key="AK", secret="SK"))
    assert "SK" not in str(error)


def _refused_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        return f"http://127.0.0.1:{gone.getsockname()[1]}"


@pytest.mark.parametrize("way", ["refused", "closed", "silent", "no tls", "no http", "no json"])
def test_no_number_and_no_variable_is_in_any_error(raw_server, answering, way):
    servers = {
        "refused": _refused_port,
        "closed": lambda: raw_server(_close_at_once).url,
        "silent": lambda: raw_server(_never_answer).url,
        "no tls": lambda: raw_server(_not_http).url.replace("http://", "https://"),
        "no http": lambda: raw_server(_not_http).url,
        "no json": lambda: answering(answer(200, b"13800138000" * 100)).url,
    }
    call = provider(servers[way](), read_timeout=0.3)
    for variables in ({"code": "S3CR3T"}, [{"code": "S3CR3T"}]):
        with pytest.raises(SmsError) as caught:
            call.send(signature="s", template_code="t", phones=["13800138000"], variables=variables, out_id="o")
        for quoted in ("13800138000", "S3CR3T", "PhoneNumber", "TemplateParam", "?"):
            assert quoted not in str(caught.value)
        assert caught.value.message and len(caught.value.message) <= 300


def test_the_provider_s_words_are_cut_and_name_nobody(answering):
    words = "格式错误:13800138000," + "很长" * 1000
    body = json.dumps({"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": words, "RequestId": "R"}).encode()
    message = failure(answering(answer(400, body)).url).message
    assert message.startswith("格式错误:…,很长") and len(message) == 300
