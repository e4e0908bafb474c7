"""Storing sifted rows: messages in chunks, rejected rows with their reasons, one unit for each slice."""

from __future__ import annotations

from collections import Counter, defaultdict
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.domain.audience import Good, Slice
from app.domain.errors import N_, Refused
from app.models.batches import Batch, Chunk, RejectedRow
from app.models.messages import Message
from app.models.states import BatchState, ChunkState, Lane, MessageState
from app.models.types import utc_now
from app.services.bulk import store_rows
from app.services.work import unit_of_work

ALIKE_A_CALL = 1000  # numbers in one call with one text (upstream.md, SendSms)
PERSONAL_A_CALL = 100  # and with texts of their own (SendBatchSms)

_MESSAGE = ("customer_id", "chunk_id", "line", "phone", "variables", "segments", "state")
_REJECTED = ("batch_id", "line", "kind", "raw", "reason")
_WIDTH = 200  # characters kept of a rejected cell


class RowStore:
    """Fills chunks to the size of a call. A number that comes by again with another text goes into chunks of its
    turn, since a number may stand only once in a call."""

    def __init__(self, batch_id: int, customer_id: int, personal: bool) -> None:
        self.batch_id = batch_id
        self.customer_id = customer_id
        self.size = PERSONAL_A_CALL if personal else ALIKE_A_CALL
        self.waiting: defaultdict[int, list[Good]] = defaultdict(list)  # by how often the number came by before
        self.rows = 0

    def add(self, part: Slice) -> None:
        """Store what fills whole chunks; the rest waits for the next slice."""
        self.rows += len(part.good) + len(part.rejected)
        for row in part.good:
            self.waiting[row[4]].append(row)
        full = []
        for turn, rows in self.waiting.items():
            while len(rows) >= self.size:
                full.append(rows[: self.size])
                rows = rows[self.size :]
            self.waiting[turn] = rows
        self._store(full, part)

    def close(self) -> None:
        """Store what is left in chunks that are not full."""
        self._store([rows for rows in self.waiting.values() if rows], Slice())
        self.waiting.clear()

    def _store(self, groups: list[list[Good]], part: Slice) -> None:
        if not groups and not part.rejected:
            return
        with unit_of_work() as session:
            ids = self._make_chunks(session, groups)
            messages = [
                (self.customer_id, chunk_id, line, phone, _packed(values), segments, MessageState.QUEUED.value)
                for chunk_id, rows in zip(ids, groups, strict=True)
                for line, phone, values, segments, _ in rows
            ]
            store_rows(session, Message.__table__, _MESSAGE, messages)
            rejected = [
                (self.batch_id, line, kind, raw[:_WIDTH].replace("\0", ""), reason)
                for line, kind, raw, reason in part.rejected
            ]
            store_rows(session, RejectedRow.__table__, _REJECTED, rejected)
            self._count(session, messages, Counter(row[2] for row in rejected))

    def _make_chunks(self, session: Session, groups: list[list[Good]]) -> list[int]:
        if not groups:
            return []
        rows = [
            {"batch_id": self.batch_id, "state": ChunkState.QUEUED, "lane": Lane.BULK, "size": len(group)}
            for group in groups
        ]
        made = session.scalars(insert(Chunk).returning(Chunk.id, sort_by_parameter_order=True), rows)
        return list(made)

    def _count(self, session: Session, messages: list[tuple[Any, ...]], rejected: Counter[str]) -> None:
        counted: Any = session.execute(
            update(Batch)
            .where(Batch.id == self.batch_id, Batch.state == BatchState.PREPARING)
            .values(
                stored_at=utc_now(),
                good=Batch.good + len(messages),
                queued=Batch.queued + len(messages),
                segments=Batch.segments + sum(row[5] for row in messages),
                repeated=Batch.repeated + rejected["repeated"],
                invalid=Batch.invalid + rejected["invalid"],
                blocked=Batch.blocked + rejected["blocked"],
            )
            .execution_options(synchronize_session=False)
        )
        if counted.rowcount != 1:
            raise Refused("cancelled", N_("The batch was cancelled while its file was being read."))


def _packed(values: tuple[str, ...] | None) -> str | None:
    """A JSON list. `json.dumps` makes an encoder for each call, which took a fifth of all storing."""
    return None if values is None else f"[{','.join(map(encode_basestring, values))}]"
