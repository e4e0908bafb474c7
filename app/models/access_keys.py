"""Whose name we send under at the provider, and whether it can be sent through just now."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base
from app.models.types import BigId, EnumText, Moment, one_of, utc_now


class KeyState(enum.StrEnum):
    ACTIVE = "active"
    RETIRED = "retired"  # sends nothing; its queues are read 72 h more


class Trouble(enum.StrEnum):
    NONE = ""
    ACCOUNT = "account"  # out of money, wrong key, no right: a person must act
    BREAKER = "breaker"  # the provider does not answer: tried again by itself


class AccessKey(Base):
    __tablename__ = "access_keys"
    __table_args__ = (
        one_of("state", KeyState),
        one_of("trouble", Trouble),
        Index(
            "uq_access_keys_active",
            "state",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    secret: Mapped[str] = mapped_column(Text)  # encrypted; see services/access_keys.py
    endpoint: Mapped[str] = mapped_column(String(200))
    token_endpoint: Mapped[str] = mapped_column(String(200))
    queue_endpoint: Mapped[str] = mapped_column(String(200))
    receipt_queue: Mapped[str] = mapped_column(String(120), default="")
    reply_queue: Mapped[str] = mapped_column(String(120), default="")
    push_secret: Mapped[str] = mapped_column(String(64), default="")  # the path that receipts are pushed to
    rate: Mapped[int] = mapped_column(default=1000)  # calls a second
    note: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[KeyState] = mapped_column(EnumText(KeyState), default=KeyState.ACTIVE)
    retired_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    # the one switch: while `trouble` is set, one call at `probe_at` looks whether it is over
    trouble: Mapped[Trouble] = mapped_column(EnumText(Trouble), default=Trouble.NONE)
    trouble_code: Mapped[str] = mapped_column(String(80), default="")
    trouble_message: Mapped[str] = mapped_column(Text, default="")
    trouble_since: Mapped[datetime | None] = mapped_column(Moment)
    probe_at: Mapped[datetime | None] = mapped_column(Moment)
    failures: Mapped[int] = mapped_column(default=0)  # connection failures in a row

    def __repr__(self) -> str:
        return f"{self.key[:4]}…"
