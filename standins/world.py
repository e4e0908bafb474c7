"""Everything the provider knows, in one place that the actions share."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from standins.accounts import DEFAULT_UID, Account, Accounts
from standins.answers import QueueFault, dumps
from standins.behaviour import Behaviour
from standins.journal import Call, Journal
from standins.limits import Frequency
from standins.push import Pusher
from standins.queues import Queue, Queues
from standins.receipts import KINDS, Receipts
from standins.signing import Nonces
from standins.tokens import Tokens


class World:
    """The state of the stand-ins; made anew only with the process, emptied by ``reset``."""

    def __init__(self) -> None:
        self.base_url = ""
        self.behaviour = Behaviour()
        self.accounts = Accounts()
        self.nonces = Nonces()
        self.tokens = Tokens()
        self.frequency = Frequency()
        self.journal = Journal()
        self.queues = Queues()
        self.reports = Pusher(self.behaviour)
        self.replies = Pusher(self.behaviour, replies=True)
        self.receipts = Receipts(self.behaviour, self.queues, self.reports)
        self.uploads: dict[str, bytes] = {}
        self.counters: Counter[str] = Counter()
        self._second, self._calls = 0, 0

    def account(self, uid: str | None = None) -> Account:
        """The account with this uid. Raises ValueError when there is none."""
        account = self.accounts.by_uid.get(uid or DEFAULT_UID)
        if account is None:
            raise ValueError(f"no account {uid}")
        return account

    def queue(self, name: str) -> Queue:
        """A queue by its full name. Raises QueueFault when no account owns it."""
        _, _, rest = name.partition("Alicom-Queue-")
        uid, _, kind = rest.partition("-")
        if uid not in self.accounts.by_uid or kind not in KINDS:
            raise QueueFault(404, "QueueNotExist", "The queue name you provided does not exist.")
        return self.queues.of(uid, kind)

    def too_many(self, now: float) -> bool:
        """Whether ``max_qps`` calls were already let through in this second; if not, this one is counted."""
        if self.behaviour.max_qps == 0:
            return False
        if int(now) != self._second:
            self._second, self._calls = int(now), 0
        if self._calls >= self.behaviour.max_qps:
            return True
        self._calls += 1
        return False

    def accept(self, call: Call) -> None:
        """Enter a call into the journal and decide what becomes of each of its messages."""
        self.journal.write(call)
        call.fates = self.behaviour.fates(call.phones)

    def tell(self, uid: str, kind: str, item: dict[str, Any]) -> None:
        """Put one report or reply into the queue, or post it where delivery is by push."""
        body = dumps(item)
        if self.behaviour.receipts_mode == "push" and kind in ("SmsReport", "SmsUp"):
            (self.replies if kind == "SmsUp" else self.reports).feed([body])
        else:
            self.queues.of(uid, kind).feed([body])

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after a while."""
        asyncio.get_running_loop().call_later(seconds, action)

    def summary(self) -> dict[str, Any]:
        """The journal's summary with every counter."""
        return {**self.journal.summary(), "counters": dict(self.counters), "receipts": self.receipts.view(),
                "queues": {name: queue.view() for name, queue in self.queues.by_name.items()},
                "push": {"reports": self.reports.view(), "replies": self.replies.view()}, "now": time.time()}

    def reset(self, everything: bool = False) -> None:
        """Empty journal, queues, frequencies and counters, and behave well again; ``everything``: accounts too."""
        for part in (self.journal, self.queues, self.frequency, self.receipts, self.reports, self.replies,
                     self.counters):
            part.clear()
        self.behaviour.merge(Behaviour().view())
        if everything:
            self.accounts = Accounts()
            self.uploads.clear()
