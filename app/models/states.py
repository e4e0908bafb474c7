"""The states of sending and their moves (sending.md). Any move not in these tables is refused."""

from __future__ import annotations

import enum

from app.models.types import Moves


class Lane(enum.IntEnum):
    """Lower goes first. Codes and single sends never wait behind bulk."""

    CODE = 0
    SINGLE = 1
    BULK = 2


class BatchOrigin(enum.StrEnum):
    CONSOLE = "console"
    INTERFACE = "interface"
    COMMAND = "command"


class RowKind(enum.StrEnum):
    REPEATED = "repeated"
    INVALID = "invalid"
    BLOCKED = "blocked"


class BatchState(enum.StrEnum):
    PREPARING = "preparing"
    CHECKED = "checked"
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DONE = "done"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    REFUSED = "refused"


B = BatchState
BATCH_MOVES = Moves[BatchState](
    {
        B.PREPARING: (B.CHECKED, B.REFUSED, B.CANCELLED),
        B.CHECKED: (B.DRAFT, B.SCHEDULED, B.QUEUED, B.REFUSED, B.CANCELLED),
        B.DRAFT: (B.CHECKED, B.SCHEDULED, B.QUEUED, B.CANCELLED),
        B.SCHEDULED: (B.QUEUED, B.PAUSED, B.DRAFT, B.CANCELLING),
        B.QUEUED: (B.SENDING, B.PAUSED, B.CANCELLING),
        # DONE at once where the last messages fail at the call itself: there is nothing to wait for.
    B.SENDING: (B.SENT, B.DONE, B.PAUSED, B.CANCELLING),
        B.SENT: (B.DONE,),
        # What was in flight when it was paused may end it (SENT); one whose time has not come waits for it again.
        B.PAUSED: (B.QUEUED, B.SENDING, B.SENT, B.DONE, B.SCHEDULED, B.CANCELLING),
        B.CANCELLING: (B.CANCELLED,),
        B.DONE: (),
        B.CANCELLED: (),
        B.REFUSED: (),
    }
)
BATCH_ENDED = (B.DONE, B.CANCELLED, B.REFUSED)


class ChunkState(enum.StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    SPLIT = "split"
    CANCELLED = "cancelled"


C = ChunkState
CHUNK_MOVES = Moves[ChunkState](
    {
        # A receipt of an earlier attempt may find the chunk queued again: it is accepted, not sent twice.
        C.QUEUED: (C.SENDING, C.SPLIT, C.CANCELLED, C.ACCEPTED),
        # Not taken for a passing reason: back to the queue.
        C.SENDING: (C.ACCEPTED, C.REJECTED, C.UNKNOWN, C.QUEUED, C.SPLIT),
        # A late answer of the provider is proof too: it may refuse or split what was unknown.
        C.UNKNOWN: (C.ACCEPTED, C.QUEUED, C.EXPIRED, C.REJECTED, C.SPLIT),
        C.ACCEPTED: (),
        C.REJECTED: (),
        C.EXPIRED: (),
        C.SPLIT: (),
        C.CANCELLED: (),
    }
)


class AttemptState(enum.StrEnum):
    OPEN = "open"  # perhaps under way, perhaps its process is dead
    ACCEPTED = "accepted"
    NOT_TAKEN = "not_taken"
    UNKNOWN = "unknown"


class MessageState(enum.StrEnum):
    QUEUED = "queued"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


M = MessageState
MESSAGE_MOVES = Moves[MessageState](
    {
        M.QUEUED: (M.ACCEPTED, M.FAILED, M.UNKNOWN, M.CANCELLED, M.EXPIRED),
        M.UNKNOWN: (M.ACCEPTED, M.QUEUED, M.FAILED, M.EXPIRED),
        M.ACCEPTED: (M.DELIVERED, M.FAILED, M.EXPIRED),
        M.DELIVERED: (),
        M.FAILED: (),
        M.EXPIRED: (),
        M.CANCELLED: (),
    }
)
MESSAGE_FINAL = (M.DELIVERED, M.FAILED, M.EXPIRED, M.CANCELLED)
