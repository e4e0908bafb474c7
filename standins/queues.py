"""Queues with visibility time-outs: what is read and not deleted comes back under a new handle."""

import asyncio
import heapq
import itertools
import random
import time
from collections import deque
from collections.abc import Iterable, Iterator

_numbers = itertools.count(1)


class Message:
    """One message while somebody holds it."""

    __slots__ = ("id", "body", "enqueued", "first", "count", "handle", "visible_at")

    def __init__(self, body: bytes, now: float) -> None:
        self.id = f"{next(_numbers):032X}"
        self.body = body
        self.enqueued = now
        self.first = 0.0
        self.count = 0
        self.handle = ""
        self.visible_at = 0.0


class Queue:
    """One queue. Sources are read only as messages are asked for, so a million waiting receipts cost nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.delivered = self.deleted = self.redelivered = 0
        self._ready: deque[Message] = deque()
        self._sources: deque[Iterator[bytes]] = deque()
        self._loose: list[bytes] = []
        self._chance = random.Random(0)
        self._held: dict[str, Message] = {}
        self._returns: list[tuple[float, str]] = []
        self._waiting: set[asyncio.Future[None]] = set()

    def feed(self, bodies: Iterable[bytes]) -> None:
        """Append bodies, which may be a generator, and wake whoever waits."""
        self._sources.append(iter(bodies))
        self._wake()

    def feed_shuffled(self, bodies: Iterable[bytes], chance: random.Random) -> None:
        """Add bodies that will be read in any order, mixed with all the others that wait."""
        self._loose.extend(bodies)
        self._chance = chance
        self._wake()

    def receive(self, most: int, visibility: float, now: float) -> list[Message]:
        """Up to ``most`` messages, hidden for ``visibility`` seconds."""
        self._bring_back(now)
        taken: list[Message] = []
        while len(taken) < most:
            message = self._next(now)
            if message is None:
                break
            self._hold(message, now, visibility)
            message.first = message.first or now
            message.count += 1
            taken.append(message)
        self.delivered += len(taken)
        return taken

    async def wait(self, most: int, visibility: float, seconds: float) -> list[Message]:
        """As ``receive``, but waits up to ``seconds`` for the first message."""
        deadline = time.time() + seconds
        while True:
            now = time.time()
            taken = self.receive(most, visibility, now)
            left = deadline - now
            if taken or left <= 0:
                return taken
            if self._returns:
                left = min(left, max(0.001, self._returns[0][0] - now))
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            try:
                await asyncio.wait_for(waiter, left)
            except TimeoutError:
                pass
            finally:
                self._waiting.discard(waiter)

    def delete(self, handle: str, now: float) -> bool:
        """Remove a message; False when the handle is unknown or has run out."""
        self._bring_back(now)
        if self._held.pop(handle, None) is None:
            return False
        self.deleted += 1
        return True

    def change_visibility(self, handle: str, visibility: float, now: float) -> Message | None:
        """Hide a held message for longer, or show it at once; it gets a new handle."""
        self._bring_back(now)
        message = self._held.pop(handle, None)
        if message is not None:
            self._hold(message, now, visibility)
        return message

    def view(self) -> dict[str, int]:
        """Counters: calls not yet unpacked are ``sources``."""
        return {"delivered": self.delivered, "redelivered": self.redelivered, "deleted": self.deleted,
                "held": len(self._held), "ready": len(self._ready) + len(self._loose),
                "sources": len(self._sources)}

    def clear(self) -> None:
        """Empty the queue and its counters."""
        self.delivered = self.deleted = self.redelivered = 0
        self._ready.clear()
        self._sources.clear()
        self._loose.clear()
        self._held.clear()
        self._returns.clear()

    def _wake(self) -> None:
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    def _next(self, now: float) -> Message | None:
        if self._ready:
            self.redelivered += 1
            return self._ready.popleft()
        if self._loose:
            place = self._chance.randrange(len(self._loose))
            self._loose[place], self._loose[-1] = self._loose[-1], self._loose[place]
            return Message(self._loose.pop(), now)
        while self._sources:
            for body in self._sources[0]:
                return Message(body, now)
            self._sources.popleft()
        return None

    def _hold(self, message: Message, now: float, visibility: float) -> None:
        message.visible_at = now + visibility
        message.handle = f"1-ODU4OTkzNDU5My0xNDM1MTk3NjAwLTItNg-{next(_numbers):X}"
        self._held[message.handle] = message
        heapq.heappush(self._returns, (message.visible_at, message.handle))

    def _bring_back(self, now: float) -> None:
        while self._returns and self._returns[0][0] <= now:
            message = self._held.pop(heapq.heappop(self._returns)[1], None)
            if message is not None:
                self._ready.append(message)


class Queues:
    """All queues by name, made when first named."""

    def __init__(self) -> None:
        self.by_name: dict[str, Queue] = {}

    def of(self, uid: str, kind: str) -> Queue:
        """The queue of an account: SmsReport, SmsUp, SignSmsReport or TemplateSmsReport."""
        name = f"Alicom-Queue-{uid}-{kind}"
        queue = self.by_name.get(name)
        if queue is None:
            queue = self.by_name[name] = Queue(name)
        return queue

    def clear(self) -> None:
        """Empty all of them."""
        for queue in self.by_name.values():
            queue.clear()
