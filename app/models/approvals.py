"""What must be approved before anything is sent: signatures and templates."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.message_types import MessageType
from app.extensions import Base
from app.models.customers import Customer
from app.models.types import BigId, EnumText, Moment, Moves, one_of, utc_now


class ApprovalState(enum.StrEnum):
    PENDING = "pending"  # handed in, nobody has looked
    REVIEWING = "reviewing"  # with the provider
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"


A = ApprovalState
APPROVAL_MOVES = Moves[ApprovalState](
    {
        A.PENDING: (A.REVIEWING, A.APPROVED, A.REJECTED, A.REVOKED),
        A.REVIEWING: (A.APPROVED, A.REJECTED, A.REVOKED),
        A.APPROVED: (A.REVOKED, A.REJECTED),
        A.REJECTED: (A.PENDING, A.REVIEWING, A.REVOKED),
        A.REVOKED: (),
    }
)


class SignatureKind(enum.StrEnum):
    """A 验证码 signature carries only 验证码 templates, a 通用 one all (upstream.md, SignType)."""

    VERIFICATION = "verification"
    GENERAL = "general"


class Signature(Base):
    __tablename__ = "signatures"
    __table_args__ = (
        UniqueConstraint("customer_id", "name"),
        one_of("kind", SignatureKind),
        one_of("state", ApprovalState),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    name: Mapped[str] = mapped_column(String(20), index=True)
    kind: Mapped[SignatureKind] = mapped_column(EnumText(SignatureKind), default=SignatureKind.GENERAL)
    state: Mapped[ApprovalState] = mapped_column(EnumText(ApprovalState), default=ApprovalState.PENDING)
    state_reason: Mapped[str] = mapped_column(Text, default="")
    dest_code: Mapped[str] = mapped_column(String(20), default="", index=True)  # the number replies come to, once known
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    customer: Mapped[Customer] = relationship()

    def carries(self, kind: MessageType) -> bool:
        return self.kind is SignatureKind.GENERAL or kind is MessageType.VERIFICATION

    def __repr__(self) -> str:
        return self.name


class Template(Base):
    __tablename__ = "templates"
    __table_args__ = (
        UniqueConstraint("customer_id", "code"),
        one_of("kind", MessageType),
        one_of("state", ApprovalState),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    code: Mapped[str | None] = mapped_column(String(40))  # the provider's; none until it is submitted
    name: Mapped[str] = mapped_column(String(30))
    content: Mapped[str] = mapped_column(Text)
    kind: Mapped[MessageType] = mapped_column(EnumText(MessageType))
    state: Mapped[ApprovalState] = mapped_column(EnumText(ApprovalState), default=ApprovalState.PENDING)
    state_reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    customer: Mapped[Customer] = relationship()

    def __repr__(self) -> str:
        return self.name
