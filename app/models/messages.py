"""One recipient of one batch."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base
from app.models.states import MessageState
from app.models.types import BigId, EnumText, Moment, one_of


class Message(Base):
    """Narrow on purpose: a hundred million of these are kept. What the batch or the chunk knows is not repeated,
    and there are no foreign keys: their checks would double the price of storing a row (the books look for orphans).
    No index holds the state, so a change of state on PostgreSQL touches no index (speed.md, pitfalls).
    """

    __tablename__ = "messages"
    __table_args__ = (
        one_of("state", MessageState),
        Index("ix_messages_chunk_phone", "chunk_id", "phone", unique=True),  # a number stands once in a call
        Index("ix_messages_customer", "customer_id", "id"),
        Index("ix_messages_phone", "phone", "id"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(BigId)
    chunk_id: Mapped[int] = mapped_column(BigId)
    line: Mapped[int]
    phone: Mapped[str] = mapped_column(String(20))
    variables: Mapped[str | None] = mapped_column(Text)  # a JSON list, in the order of the template's names
    segments: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[MessageState] = mapped_column(EnumText(MessageState))
    code: Mapped[str | None] = mapped_column(String(80))
    reported_at: Mapped[datetime | None] = mapped_column(Moment)
