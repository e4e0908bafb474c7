"""A batch, the chunks it travels in and the attempts to hand one over."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.message_types import MessageType
from app.extensions import Base
from app.models.access_keys import AccessKey
from app.models.approvals import Signature, Template
from app.models.customers import ChargeOn, Customer, Member
from app.models.states import (
    AttemptState,
    BatchOrigin,
    BatchState,
    ChunkState,
    Lane,
    RowKind,
)
from app.models.types import BigId, EnumText, Moment, one_of, utc_now


class Batch(Base):
    """One submission. Signature, code and content are copies: what was checked is what is sent."""

    __tablename__ = "batches"
    __table_args__ = (
        one_of("state", BatchState),
        one_of("kind", MessageType),
        one_of("charge_on", ChargeOn),
        UniqueConstraint("customer_id", "idempotency_key"),
        Index("ix_batches_customer", "customer_id", "id"),
        Index(
            "ix_batches_running",
            "lane",
            "last_call_at",
            sqlite_where=text("state IN ('queued', 'sending')"),
            postgresql_where=text("state IN ('queued', 'sending')"),
        ),
        Index(
            "ix_batches_unfinished",
            "state",
            sqlite_where=text("state NOT IN ('done', 'cancelled', 'refused')"),
            postgresql_where=text("state NOT IN ('done', 'cancelled', 'refused')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    by: Mapped[str] = mapped_column(String(100))
    signature_id: Mapped[int] = mapped_column(ForeignKey("signatures.id"))
    template_id: Mapped[int] = mapped_column(ForeignKey("templates.id"))
    kind: Mapped[MessageType] = mapped_column(EnumText(MessageType))
    origin: Mapped[BatchOrigin] = mapped_column(EnumText(BatchOrigin))
    subject: Mapped[str] = mapped_column(String(60), default="")
    sign_name: Mapped[str] = mapped_column(String(20))
    template_code: Mapped[str] = mapped_column(String(40))
    content: Mapped[str] = mapped_column(Text)
    personal: Mapped[bool]  # each recipient has a text of their own
    variables: Mapped[str | None] = mapped_column(Text)  # of one text for all: a JSON object
    # The customer's terms on the day: a change of terms never reaches back into a batch.
    charge_on: Mapped[ChargeOn] = mapped_column(EnumText(ChargeOn), default=ChargeOn.SUCCESS)
    charge_expired: Mapped[bool] = mapped_column(default=False)
    lane: Mapped[Lane] = mapped_column(SmallInteger, default=Lane.BULK)
    state: Mapped[BatchState] = mapped_column(EnumText(BatchState), default=BatchState.PREPARING)

    paused_from: Mapped[BatchState | None] = mapped_column(EnumText(BatchState))
    pause_code: Mapped[str] = mapped_column(String(40), default="")
    pause_reason: Mapped[str] = mapped_column(Text, default="")
    paused_by: Mapped[str] = mapped_column(String(100), default="")
    paused_at: Mapped[datetime | None] = mapped_column(Moment)
    resume_at: Mapped[datetime | None] = mapped_column(Moment)  # set where it goes on by itself

    idempotency_key: Mapped[str | None] = mapped_column(String(64))
    body_hash: Mapped[str] = mapped_column(String(64), default="")
    scheduled_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    stored_at: Mapped[datetime | None] = mapped_column(Moment)  # the newest slice of rows, while PREPARING
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    last_call_at: Mapped[datetime | None] = mapped_column(Moment)  # whose turn it is: the longest unserved

    # rows of the input
    good: Mapped[int] = mapped_column(default=0)
    repeated: Mapped[int] = mapped_column(default=0)
    invalid: Mapped[int] = mapped_column(default=0)
    blocked: Mapped[int] = mapped_column(default=0)
    segments: Mapped[int] = mapped_column(default=0)
    # messages by state; they move in the transaction that moves the messages (rule 4)
    queued: Mapped[int] = mapped_column(default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    unknown: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    expired: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[int] = mapped_column(default=0)

    customer: Mapped[Customer] = relationship()
    member: Mapped[Member | None] = relationship()
    signature: Mapped[Signature] = relationship()
    template: Mapped[Template] = relationship()

    @property
    def final(self) -> int:
        """How many messages have their last state."""
        return self.delivered + self.failed + self.expired + self.cancelled


class RejectedRow(Base):
    """A row of the input that became no message, with its line and the reason."""

    __tablename__ = "rejected_rows"
    __table_args__ = (one_of("kind", RowKind), Index("ix_rejected_rows_batch", "batch_id", "line"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    line: Mapped[int]
    kind: Mapped[RowKind] = mapped_column(EnumText(RowKind))
    raw: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(40))


_OPEN = text("state = 'queued' AND due_at IS NOT NULL")


class Chunk(Base):
    """What one call carries. `due_at` is empty until the batch is submitted: nothing can claim it before."""

    __tablename__ = "chunks"
    __table_args__ = (
        one_of("state", ChunkState),
        Index("ix_chunks_batch", "batch_id", "id"),
        Index("ix_chunks_open_lane", "lane", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_chunks_open_batch", "batch_id", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(
            "ix_chunks_parent",
            "parent_id",
            sqlite_where=text("parent_id IS NOT NULL"),
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
        Index(
            "ix_chunks_leased",
            "lease_until",
            sqlite_where=text("state = 'sending'"),
            postgresql_where=text("state = 'sending'"),
        ),
        Index(
            "ix_chunks_unknown",
            "ask_at",
            sqlite_where=text("state = 'unknown'"),
            postgresql_where=text("state = 'unknown'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    parent_id: Mapped[int | None] = mapped_column(BigId)  # the chunk this is a half of
    state: Mapped[ChunkState] = mapped_column(EnumText(ChunkState), default=ChunkState.QUEUED)
    lane: Mapped[Lane] = mapped_column(SmallInteger, default=Lane.BULK)
    size: Mapped[int]
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    asked: Mapped[int] = mapped_column(default=0)
    ask_at: Mapped[datetime | None] = mapped_column(Moment)
    sent_again: Mapped[bool] = mapped_column(default=False)  # the one new attempt after UNKNOWN is spent
    handed_at: Mapped[datetime | None] = mapped_column(Moment)
    handed_on: Mapped[date | None]  # the Shanghai day whose volumes it counts in
    code: Mapped[str] = mapped_column(String(80), default="")
    message: Mapped[str] = mapped_column(Text, default="")

    batch: Mapped[Batch] = relationship()


class Attempt(Base):
    """One call to the provider, written and committed before it is made."""

    __tablename__ = "attempts"
    __table_args__ = (one_of("state", AttemptState), Index("ix_attempts_chunk", "chunk_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chunk_id: Mapped[int] = mapped_column(ForeignKey("chunks.id"))
    access_key_id: Mapped[int] = mapped_column(ForeignKey("access_keys.id"))
    out_id: Mapped[str] = mapped_column(String(40), unique=True)
    biz_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    state: Mapped[AttemptState] = mapped_column(EnumText(AttemptState), default=AttemptState.OPEN)
    code: Mapped[str] = mapped_column(String(80), default="")
    message: Mapped[str] = mapped_column(Text, default="")
    worker: Mapped[str] = mapped_column(String(80), default="")
    started_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    access_key: Mapped[AccessKey] = relationship()
