"""Reading the provider's queues: stored and committed first, deleted from the queue after that (point 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from app.domain.errors import Refused
from app.gateways.sms import Credentials, ReceiptQueue, SmsError
from app.models.inbox import RawKind
from app.models.types import utc_now
from app.services.access_keys import credentials_of, keys_to_read
from app.services.notices import clear_notice, open_notices, raise_notice
from app.services.providers import queue_for
from app.services.sending.arrivals import store_arrivals
from app.services.work import again_if_lost, current_session, stand_outside, unit_of_work

FULL_READ = 16  # items of one read; a read that is not full has emptied the queue
AT_ONCE = 512  # items gathered before they are stored


_NOTICE = "queue-away"


class QueueAway(Exception):
    """A queue that cannot be read just now. Never a reason to stop sending. `code` holds nothing secret."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class QueueToRead:
    """One queue of one access key; equal as long as nothing about it has changed."""

    access_key_id: int
    kind: RawKind
    name: str
    credentials: Credentials = field(repr=False)


def queues_to_read(*, now: datetime | None = None) -> list[QueueToRead]:
    """The queues of the active key, and for 72 h of those before it. One that cannot be, since its key's secret is
    unreadable, is told to the reseller; the notice of one that is to be read no longer is taken back."""
    now = now or utc_now()
    found: list[QueueToRead] = []
    locked: dict[str, str] = {}
    for key in keys_to_read(current_session(), now=now):
        named = [(RawKind.RECEIPT, key.receipt_queue), (RawKind.REPLY, key.reply_queue)]
        try:
            credentials = credentials_of(key)
        except Refused as refusal:
            locked |= {_notice_key(key.id, kind): f"{name}: {refusal}" for kind, name in named if name}
            continue
        found += [QueueToRead(key.id, kind, name, credentials) for kind, name in named if name]
    _tell_of_secrets({_notice_key(queue.access_key_id, queue.kind) for queue in found}, locked, now)
    return found


def _notice_key(access_key_id: int, kind: RawKind) -> str:
    return f"queue-{access_key_id}-{kind.value}"


def _tell_of_secrets(readable: set[str], locked: dict[str, str], now: datetime) -> None:
    """Asked every few seconds: writes only where something has changed."""
    open_ = {notice.key for notice in open_notices(current_session()) if notice.kind == _NOTICE}
    new, over = locked.keys() - open_, open_ - readable - locked.keys()
    if not (new or over):
        return
    with unit_of_work() as session:
        for key in sorted(new):
            raise_notice(session, key, _NOTICE, locked[key], now=now)
        for key in sorted(over):
            clear_notice(session, key, now=now)


def tell_away(queue: QueueToRead, code: str, *, now: datetime | None = None) -> None:
    """Tell the reseller that this queue has not been readable for minutes; `code` says why without any secret."""
    key = _notice_key(queue.access_key_id, queue.kind)
    with unit_of_work() as session:
        raise_notice(session, key, _NOTICE, f"{queue.name}: {code}", now=now or utc_now())


def tell_back(queue: QueueToRead, *, now: datetime | None = None) -> None:
    """This queue could be read. Writes only where a notice is open."""
    key = _notice_key(queue.access_key_id, queue.kind)
    if any(notice.key == key for notice in open_notices(current_session())):
        with unit_of_work() as session:
            clear_notice(session, key, now=now or utc_now())


class Reader:
    """Reads one queue; for one thread, which must be in an application's context."""

    def __init__(self, queue: QueueToRead) -> None:
        self._what = queue
        self._queue: ReceiptQueue | None = None

    def take_in(self, *, wait_seconds: int) -> int:
        """Wait for items, gather what is there, store it, then delete it. Returns how many items.

        Raises `QueueAway`; what was stored and could not be deleted comes again and changes nothing then.
        """
        stand_outside()
        try:
            if self._queue is None:
                self._queue = queue_for(self._what.credentials, self._what.name)
            items = self._queue.receive(wait_seconds=wait_seconds)
            more = len(items) == FULL_READ
            while more and len(items) < AT_ONCE:
                part = self._queue.receive(wait_seconds=0)
                items += part
                more = len(part) == FULL_READ
        except (SmsError, ValueError) as error:
            raise _away(error) from error
        if not items:
            return 0
        bodies = [item.body for item in items]
        again_if_lost(lambda: store_arrivals(
            self._what.kind, bodies, source="queue", access_key_id=self._what.access_key_id
        ))
        stand_outside()
        try:
            self._queue.delete([item.handle for item in items])
        except SmsError as error:
            raise _away(error) from error
        return len(items)


def _away(error: SmsError | ValueError) -> QueueAway:
    return QueueAway(error.code if isinstance(error, SmsError) else type(error).__name__, str(error))
