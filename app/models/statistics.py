"""Figures that are kept, so that no list or chart ever scans messages."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.message_types import MessageType
from app.extensions import Base
from app.models.types import EnumText


class DailyVolume(Base):
    """The messages handed over on a Shanghai day, and what has become of them since."""

    __tablename__ = "daily_volumes"
    __table_args__ = (Index("ix_daily_volumes_customer", "customer_id", "day"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), primary_key=True)
    signature_id: Mapped[int] = mapped_column(ForeignKey("signatures.id"), primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("templates.id"), primary_key=True)
    kind: Mapped[MessageType] = mapped_column(EnumText(MessageType))
    messages: Mapped[int] = mapped_column(default=0)
    segments: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[int] = mapped_column(default=0)
    delivered_segments: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    failed_segments: Mapped[int] = mapped_column(default=0)
    expired: Mapped[int] = mapped_column(default=0)
    expired_segments: Mapped[int] = mapped_column(default=0)


class FailureCount(Base):
    """How often each code ended a message of a batch: the batch page's reasons and the metrics read it."""

    __tablename__ = "failure_counts"

    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    messages: Mapped[int] = mapped_column(default=0)
