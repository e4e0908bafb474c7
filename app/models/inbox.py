"""What comes back: deliveries from the provider as they were received, replies, and what did not fit."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base
from app.models.types import BigId, EnumText, Moment, one_of, utc_now


class RawKind(enum.StrEnum):
    RECEIPT = "receipt"
    REPLY = "reply"


class RawState(enum.StrEnum):
    NEW = "new"
    APPLIED = "applied"
    UNREADABLE = "unreadable"


class RawReceipt(Base):
    """One delivery of the provider, a push or one read of a queue, stored before anything is made of it.

    `body` is a JSON list of objects. What cannot be read is stored alone, as text, and marked.
    """

    __tablename__ = "raw_receipts"
    __table_args__ = (
        one_of("kind", RawKind),
        one_of("state", RawState),
        Index(
            "ix_raw_receipts_new",
            "kind",
            "id",
            sqlite_where=text("state = 'new'"),
            postgresql_where=text("state = 'new'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    access_key_id: Mapped[int | None] = mapped_column(ForeignKey("access_keys.id"))
    kind: Mapped[RawKind] = mapped_column(EnumText(RawKind))
    source: Mapped[str] = mapped_column(String(10))  # queue | push
    size: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[RawState] = mapped_column(EnumText(RawState), default=RawState.NEW)
    note: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    applied_at: Mapped[datetime | None] = mapped_column(Moment)


class DifferenceKind(enum.StrEnum):
    AFTER_FINAL = "after_final"  # another verdict came after the last state
    SEGMENTS = "segments"  # the provider counted otherwise than we did
    FOREIGN = "foreign"  # nothing of ours
    UNREADABLE = "unreadable"


class Difference(Base):
    """Something the provider says that our books do not: kept, shown and alarmed; it moves nothing."""

    __tablename__ = "differences"
    __table_args__ = (
        one_of("kind", DifferenceKind),
        UniqueConstraint("kind", "out_id", "phone", "detail"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[DifferenceKind] = mapped_column(EnumText(DifferenceKind))
    message_id: Mapped[int | None] = mapped_column(BigId, index=True)
    raw_receipt_id: Mapped[int] = mapped_column(BigId)
    out_id: Mapped[str] = mapped_column(String(256))
    phone: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    seen_at: Mapped[datetime | None] = mapped_column(Moment)


class InboundMessage(Base):
    """A reply. Without a customer it lies on the reseller's desk of unmatched ones and no customer sees it."""

    __tablename__ = "inbound_messages"
    __table_args__ = (
        Index("ix_inbound_messages_customer", "customer_id", "id"),
        Index("ix_inbound_messages_batch", "batch_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"))
    phone: Mapped[str] = mapped_column(String(32), index=True)
    dest_code: Mapped[str] = mapped_column(String(32))
    sign_name: Mapped[str] = mapped_column(String(20))
    content: Mapped[str] = mapped_column(Text)
    is_refusal: Mapped[bool] = mapped_column(default=False)
    # The provider's own sequence number may arrive as a Double, so a reply is known by what it says.
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
