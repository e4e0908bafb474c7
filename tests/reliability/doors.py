"""A door in front of a server that can be shut: connections through it break, new ones are refused."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Door:
    """Listens on a port of its own and passes everything on, while it is open."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.loop = asyncio.new_event_loop()
        self.server: asyncio.Server | None = None
        self.writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def _do(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)  # type: ignore[arg-type]

    def open(self) -> None:
        self._do(self._open())

    def shut(self) -> None:
        """Every connection breaks in the middle of what it was doing."""
        self._do(self._shut())

    async def _open(self) -> None:
        self.server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _shut(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None
        for writer in list(self.writers):
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        with contextlib.suppress(OSError):
            there_reader, there_writer = await asyncio.open_connection(*self.target)
            self.writers.add(there_writer)
            await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))
            self.writers.discard(there_writer)
        self.writers.discard(writer)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()


@contextmanager
def door(host: str, port: int) -> Iterator[Door]:
    built = Door(host, port)
    built.thread.start()
    built.open()
    try:
        yield built
    finally:
        built.shut()
        built.loop.call_soon_threadsafe(built.loop.stop)
        built.thread.join(5)
