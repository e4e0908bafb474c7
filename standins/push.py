"""Delivery by push: JSON arrays posted to the customer's address, again after a while when it does not answer."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator

import aiohttp

from standins.behaviour import Behaviour


class Pusher:
    """Posts to one address with a bounded number of requests at a time; what fails waits outside that bound.

    Aliyun takes HTTP 200 with a numeric ``code`` within 700 ms as received.
    """

    def __init__(self, behaviour: Behaviour, replies: bool = False) -> None:
        self.pushed = self.failed = self.dropped = 0
        self._behaviour, self._replies = behaviour, replies
        self._sources: deque[Iterator[bytes]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._retries: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    def feed(self, bodies: Iterable[bytes]) -> None:
        """Have these bodies posted."""
        self._sources.append(iter(bodies))
        if len(self._tasks) < self._behaviour.push_concurrency:
            task = asyncio.get_running_loop().create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def view(self) -> dict[str, int]:
        """Counters of items: taken, refused at least once, given up."""
        return {"pushed": self.pushed, "failed": self.failed, "dropped": self.dropped,
                "retrying_requests": len(self._retries)}

    def clear(self) -> None:
        """Forget what is still to be posted."""
        self.pushed = self.failed = self.dropped = 0
        self._sources.clear()
        for task in self._retries:
            task.cancel()

    async def close(self) -> None:
        """Stop posting."""
        self.clear()
        for task in self._tasks:
            task.cancel()
        if self._session:
            await self._session.close()

    async def _work(self) -> None:
        while batch := self._take():
            if not await self._post(batch):
                self.failed += len(batch)
                task = asyncio.get_running_loop().create_task(self._retry(batch))
                self._retries.add(task)
                task.add_done_callback(self._retries.discard)

    def _take(self) -> list[bytes]:
        batch: list[bytes] = []
        while self._sources and len(batch) < self._behaviour.push_size:
            for body in self._sources[0]:
                batch.append(body)
                if len(batch) == self._behaviour.push_size:
                    break
            else:
                self._sources.popleft()
        return batch

    async def _retry(self, batch: list[bytes]) -> None:
        for delay in list(self._behaviour.push_retry_seconds):
            await asyncio.sleep(delay)
            if await self._post(batch):
                return
        self.dropped += len(batch)

    async def _post(self, batch: list[bytes]) -> bool:
        url = self._behaviour.push_replies_url if self._replies else self._behaviour.push_url
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        try:
            async with self._session.post(
                    url, data=b"[" + b",".join(batch) + b"]", headers={"Content-Type": "application/json"},
                    timeout=aiohttp.ClientTimeout(total=self._behaviour.push_timeout_ms / 1000)) as answer:
                taken = answer.status == 200 and isinstance((await answer.json(content_type=None))["code"], int)
        except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError):
            return False
        self.pushed += len(batch) if taken else 0
        return taken
