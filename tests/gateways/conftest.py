"""Servers that misbehave on a real socket, and the stand-ins as a program of their own."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from standins.control import Control

ROOT = Path(__file__).parents[2]
Behaviour = Callable[[socket.socket], None]


class RawServer:
    """Accepts connections on a free port and hands each to `behave` on a thread of its own."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.connections = 0
        self.requests: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._behave(connection)

    def close(self) -> None:
        for each in (self._listener, *self._open):
            each.close()


def read_request(connection: socket.socket) -> bytes:
    """One HTTP request, head and body; empty when the other end has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(status: int, body: bytes, *, content_type: str = "application/json", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Words", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
def raw_server() -> Iterator[Callable[[Behaviour], RawServer]]:
    """Start a server with a behaviour of the test's own; all are closed afterwards."""
    started: list[RawServer] = []

    def start(behave: Behaviour) -> RawServer:
        started.append(RawServer(behave))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def answering(raw_server: Callable[[Behaviour], RawServer]) -> Callable[..., RawServer]:
    """A server that keeps connections and gives `answers` in turn, the last for ever."""

    def start(*answers: bytes) -> RawServer:
        left = list(answers)

        def behave(connection: socket.socket) -> None:
            while request := read_request(connection):
                server.requests.append(request)
                connection.sendall(left.pop(0) if len(left) > 1 else left[0])

        server = raw_server(behave)
        return server

    return start


@pytest.fixture(scope="session")
def _standins_process() -> Iterator[Control]:
    command = [sys.executable, "-m", "standins", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            control = Control(url)
            control.wait_ready()
            yield control
        finally:
            process.terminate()


@pytest.fixture
def standins_server(_standins_process: Control) -> Control:
    """The stand-ins as a process of their own on a free port, emptied and well behaved; the desk to set them by."""
    _standins_process.reset(everything=True)
    return _standins_process
