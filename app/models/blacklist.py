"""Who must not be written to, which words must not be sent, and how often a number has been sent to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base
from app.models.types import BigId, Moment, utc_now


class BlockedNumber(Base):
    """A number that a customer (or, without one, the whole platform) sends nothing to."""

    __tablename__ = "blocked_numbers"
    __table_args__ = (
        Index("uq_blocked_numbers_customer", "phone", "customer_id", unique=True),
        Index(
            "uq_blocked_numbers_platform",
            "phone",
            unique=True,
            sqlite_where=text("customer_id IS NULL"),
            postgresql_where=text("customer_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    phone: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)


class SensitiveWord(Base):
    __tablename__ = "sensitive_words"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    word: Mapped[str] = mapped_column(String(60), unique=True)
    changed_at: Mapped[datetime] = mapped_column(Moment, default=utc_now, onupdate=utc_now)


class SendCounter(Base):
    """How often a number was sent to under a key within a window; frequency is read here, never by scanning."""

    __tablename__ = "send_counters"

    phone: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    window: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    sends: Mapped[int] = mapped_column(default=0)
