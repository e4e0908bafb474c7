"""What any provider of text messages must be able to do, in our own words.

Nothing here knows a particular provider, the database or Flask. A gateway takes
and returns plain values; how a provider's answer is judged is the code table of
that gateway alone.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol


class Outcome(enum.Enum):
    """What a call that was not accepted means for the messages in it (sending.md, point 4)."""

    TRANSIENT = "transient"  # not taken; try again later
    PERMANENT = "permanent"  # not taken; no recipient of this call can ever be sent so
    SUSPECT = "suspect"  # not taken; possibly one recipient's fault: split and look
    UNKNOWN = "unknown"  # perhaps taken: never send again blindly
    ACCOUNT = "account"  # not taken; nothing goes through this access key until someone acts


class SmsError(Exception):
    """A call that did not end in "accepted".

    `code` is the provider's own code (or `network`, `timeout` …), `message` its own
    words; `retry_after` (seconds) is set where the provider named a time. `connection`
    is true where no answer came from the provider at all: such failures open the breaker.
    """

    def __init__(
        self,
        outcome: Outcome,
        code: str,
        message: str = "",
        *,
        retry_after: float | None = None,
        connection: bool = False,
    ) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.outcome = outcome
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.connection = connection

    @property
    def permanent(self) -> bool:
        return self.outcome is Outcome.PERMANENT

    @property
    def outcome_unknown(self) -> bool:
        return self.outcome is Outcome.UNKNOWN


@dataclass(frozen=True)
class Credentials:
    """One access key and where it is spoken to; the secret never appears in a repr."""

    key: str
    secret: str = field(repr=False)
    endpoint: str = "https://dysmsapi.aliyuncs.com"
    token_endpoint: str = "https://dybaseapi.aliyuncs.com"
    queue_endpoint: str = "https://1943695596114318.mns.cn-hangzhou.aliyuncs.com"


@dataclass(frozen=True, slots=True)
class SendDetail:
    """One message as the provider remembers it when asked. `delivered` is None while it waits for the carrier."""

    phone: str
    out_id: str
    delivered: bool | None
    err_code: str
    sent_at: datetime | None
    reported_at: datetime | None


class Receipt(NamedTuple):
    """A delivery receipt. `segments` is None where the provider did not say; times are aware UTC.

    A tuple, for they come by the hundred thousand and a frozen dataclass takes four times as long to make.
    """

    phone: str
    out_id: str
    biz_id: str
    delivered: bool
    err_code: str
    err_msg: str
    segments: int | None
    sent_at: datetime | None
    reported_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reply:
    """A message from a recipient. `dest_code` is the extension code it was sent to."""

    phone: str
    content: str
    dest_code: str
    sign_name: str
    sent_at: datetime | None
    sequence_id: str


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One message of a provider's queue: its body as received and the handle to delete it by."""

    body: str
    handle: str


class SmsProvider(Protocol):
    """Sends and asks. One object may be shared by the threads of a process."""

    def send(
        self,
        *,
        signature: str,
        template_code: str,
        phones: Sequence[str],
        variables: Sequence[Mapping[str, str]] | Mapping[str, str] | None,
        out_id: str,
    ) -> str:
        """Hand over one call and return the provider's id for it (biz_id).

        `variables` is one mapping (or None) for a text alike for all, at most 1000 phones,
        or one mapping for each phone, at most 100. Raises `SmsError`; `ValueError` where
        the shape is beyond what one call carries.
        """

    def find(self, *, phone: str, day: date, out_id: str) -> SendDetail | None:
        """What the provider knows of `phone` on that Shanghai day under `out_id`; None if nothing.

        Raises `SmsError`.
        """


class ReceiptQueue(Protocol):
    """One of a provider's queues, read by one thread."""

    def receive(self, *, wait_seconds: int) -> list[QueueItem]:
        """Up to 16 items, empty when none came within the wait. Raises `SmsError`."""

    def delete(self, handles: Sequence[str]) -> None:
        """Forget items for good; called only after what they said is committed. Raises `SmsError`."""
