"""Connections: kept while they live, never trusted when they may be dead, never shared with a child."""

from __future__ import annotations

import multiprocessing
import socket
import time

from app.gateways.aliyun import AliyunSms, transport
from app.gateways.sms import Credentials
from tests.gateways.conftest import answer, read_request

OK = answer(200, b'{"Code":"OK","Message":"OK","BizId":"1^0"}')


def provider(url: str) -> AliyunSms:
    return AliyunSms(Credentials("AK", "SK", endpoint=url), connect_timeout=1, read_timeout=2)


def send(sms: AliyunSms) -> str:
    return sms.send(signature="s", template_code="t", phones=["13800138000"], variables=None, out_id="o")


def test_a_connection_the_provider_has_closed_is_replaced(raw_server):
    def one_answer(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(OK)
        connection.close()

    server = raw_server(one_answer)
    sms = provider(server.url)
    for _ in range(3):
        assert send(sms) == "1^0"
        time.sleep(0.05)  # the far end's farewell has to arrive before the next call looks for it
    assert server.connections == 3


def test_connections_that_idled_long_are_given_up(answering, monkeypatch):
    server = answering(OK)
    sms = provider(server.url)
    send(sms)
    send(sms)
    assert server.connections == 1
    monkeypatch.setattr(transport, "_IDLE_SECONDS", -1.0)
    send(sms)
    assert server.connections == 2


def test_two_access_keys_share_the_connections_to_one_endpoint(answering):
    server = answering(OK)
    send(provider(server.url))
    send(AliyunSms(Credentials("AK2", "SK2", endpoint=server.url)))
    assert server.connections == 1
    assert b"Credential=AK2," in server.requests[-1]


def _send_in_a_child(sms: AliyunSms) -> None:
    raise SystemExit(0 if send(sms) == "1^0" else 1)


def test_a_forked_child_opens_its_own_connection(answering):
    server = answering(OK)
    sms = provider(server.url)
    send(sms)
    child = multiprocessing.get_context("fork").Process(target=_send_in_a_child, args=(sms,))
    child.start()
    child.join(10)
    assert child.exitcode == 0
    assert server.connections == 2
    send(sms)
    assert server.connections == 2, "the parent's own is still good"
