"""What is bought and what is left: packages, grants, holds, caps, and the ledger that proves them."""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.message_types import MessageType
from app.extensions import Base
from app.models.customers import Customer
from app.models.types import BigId, EnumText, Moment, Money, one_of, utc_now


class Package(Base):
    __tablename__ = "packages"
    __table_args__ = (one_of("kind", MessageType), CheckConstraint("size > 0 AND months > 0", name="some"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[MessageType] = mapped_column(EnumText(MessageType))
    size: Mapped[int]
    months: Mapped[int]
    unit_price: Mapped[int]  # 1/10,000 yuan a segment
    price: Mapped[Decimal] = mapped_column(Money)
    recommended: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)

    def __repr__(self) -> str:
        return self.name


class GrantState(enum.StrEnum):
    NORMAL = "normal"
    FROZEN = "frozen"  # takes no new hold, but settles
    VOID = "void"  # the same, and what is free has lapsed


class GrantSource(enum.StrEnum):
    PURCHASE = "purchase"
    ASSIGNMENT = "assignment"


class Grant(Base):
    """Segments from one purchase or assignment; remaining = size − used − held − lapsed."""

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint("used >= 0 AND held >= 0 AND lapsed >= 0 AND used + held + lapsed <= size", name="balances"),
        one_of("kind", MessageType),
        one_of("state", GrantState),
        one_of("source", GrantSource),
        Index("ix_grants_customer_kind", "customer_id", "kind", "valid_until"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[MessageType] = mapped_column(EnumText(MessageType))
    size: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    lapsed: Mapped[int] = mapped_column(default=0)
    valid_until: Mapped[date]  # to 23:59:59 of this Shanghai day
    state: Mapped[GrantState] = mapped_column(EnumText(GrantState), default=GrantState.NORMAL)
    source: Mapped[GrantSource] = mapped_column(EnumText(GrantSource))
    reason: Mapped[str] = mapped_column(Text, default="")
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), unique=True)
    request_key: Mapped[str | None] = mapped_column(String(64), unique=True)  # the same request twice is one grant
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    customer: Mapped[Customer] = relationship()

    @property
    def remaining(self) -> int:
        return self.size - self.used - self.held - self.lapsed

    def is_over(self, today: date) -> bool:
        """Whether what comes back to it lapses at once."""
        return self.state is GrantState.VOID or self.valid_until < today


class Hold(Base):
    """Segments of one grant kept for one batch."""

    __tablename__ = "holds"
    __table_args__ = (
        UniqueConstraint("batch_id", "grant_id"),
        CheckConstraint("settled >= 0 AND released >= 0 AND settled + released <= held", name="balances"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"))
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"), index=True)
    held: Mapped[int]
    settled: Mapped[int] = mapped_column(default=0)
    released: Mapped[int] = mapped_column(default=0)

    grant: Mapped[Grant] = relationship()

    @property
    def open(self) -> int:
        return self.held - self.settled - self.released


class EntryKind(enum.StrEnum):
    PURCHASE = "purchase"
    ASSIGNMENT = "assignment"
    HOLD = "hold"
    SETTLE = "settle"
    RELEASE = "release"
    EXPIRY = "expiry"
    VOID = "void"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"


class LedgerEntry(Base):
    """One change of one grant. Never updated, never deleted: a database trigger refuses it."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        one_of("kind", EntryKind),
        CheckConstraint("segments <> 0 AND (segments > 0 OR kind = 'adjustment')", name="signed"),
        Index("ix_ledger_entries_grant", "grant_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id"))
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("holds.id"))
    kind: Mapped[EntryKind] = mapped_column(EnumText(EntryKind))
    segments: Mapped[int]
    by: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(Text, default="")
    request_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)


class Cap(Base):
    """A member's quota of one type; moves by the same conditional updates as a grant."""

    __tablename__ = "caps"
    __table_args__ = (
        UniqueConstraint("member_id", "kind"),
        one_of("kind", MessageType),
        CheckConstraint("used >= 0 AND held >= 0", name="balances"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[MessageType] = mapped_column(EnumText(MessageType))
    limit: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
