"""Receipts and replies posted to an address of ours, which answers as it likes."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from standins.control import Control
from tests.standins.provider import Provider


class Receiver:
    """Collects what is pushed; ``answers`` holds bodies to give, the last one for ever."""

    def __init__(self) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.answers: list[tuple[int, bytes]] = [(200, '{"code":0,"msg":"接收成功"}'.encode())]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.batches.append(json.loads(body))
                status, text = receiver.answers[0] if len(receiver.answers) == 1 else receiver.answers.pop(0)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *parts: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/secret"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def wait(self, done: Callable[[], bool]) -> None:
        """Wait up to five seconds for something to become true."""
        deadline = time.monotonic() + 5
        while not done() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert done()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


def test_receipts_come_in_arrays(provider: Provider, control: Control, receiver: Receiver) -> None:
    control.set(receipts_mode="push", push_url=receiver.url, push_size=30, push_concurrency=1)
    phones = [f"139{place:08d}" for place in range(100)]
    provider.send(",".join(phones), out_id="p1")
    receiver.wait(lambda: sum(map(len, receiver.batches)) == 100)
    assert [len(batch) for batch in receiver.batches] == [30, 30, 30, 10]
    items = [item for batch in receiver.batches for item in batch]
    assert [item["phone_number"] for item in items] == phones
    assert {item["out_id"] for item in items} == {"p1"}
    receiver.wait(lambda: control.journal_summary()["push"]["reports"]["pushed"] == 100)


@pytest.mark.parametrize("bad", [(503, b""), (200, b"<html>"), (200, b'{"code":"0"}')])
def test_what_is_not_taken_comes_again(provider: Provider, control: Control, receiver: Receiver,
                                       bad: tuple[int, bytes]) -> None:
    receiver.answers.insert(0, bad)
    control.set(receipts_mode="push", push_url=receiver.url, push_retry_seconds=[0.1])
    provider.send("13800138000")
    receiver.wait(lambda: len(receiver.batches) == 2)
    assert receiver.batches[0] == receiver.batches[1]


def test_after_the_last_attempt_it_is_dropped(provider: Provider, control: Control, receiver: Receiver) -> None:
    receiver.answers = [(500, b"")]
    control.set(receipts_mode="push", push_url=receiver.url, push_retry_seconds=[0.05, 0.05])
    provider.send("13800138000")
    receiver.wait(lambda: control.journal_summary()["push"]["reports"]["dropped"] == 1)
    assert len(receiver.batches) == 3


def test_replies_have_their_own_address(control: Control, receiver: Receiver) -> None:
    control.set(receipts_mode="push", push_replies_url=receiver.url)
    sent = control.reply("13800138000", "TD")
    receiver.wait(lambda: bool(receiver.batches))
    assert receiver.batches == [[sent]]
