"""Who buys and sends: customers, and the members who sign in for them."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import Base
from app.models.types import BigId, EnumText, Moment, one_of, utc_now


class CustomerState(enum.StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"  # signs in, but cannot send, and is told why


class ChargeOn(enum.StrEnum):
    """When a message is paid for (V2): as Aliyun does, on delivery; or at hand-over."""

    SUCCESS = "success"
    HANDOVER = "handover"


class Customer(Base):
    __tablename__ = "customers"
    __table_args__ = (one_of("state", CustomerState), one_of("charge_on", ChargeOn))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    contact_name: Mapped[str] = mapped_column(String(50), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[CustomerState] = mapped_column(EnumText(CustomerState), default=CustomerState.ACTIVE)
    frozen_reason: Mapped[str] = mapped_column(Text, default="")
    charge_on: Mapped[ChargeOn] = mapped_column(EnumText(ChargeOn), default=ChargeOn.SUCCESS)
    charge_expired: Mapped[bool] = mapped_column(default=False)  # no receipt in 72 h: released unless this says so
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    def __repr__(self) -> str:
        return self.name


class MemberRole(enum.StrEnum):
    OWNER = "owner"
    MEMBER = "member"


class Member(Base):
    """A sign-in's place at a customer: FAB's user on one side, the customer on the other."""

    __tablename__ = "members"
    __table_args__ = (
        one_of("role", MemberRole),
        Index(
            "uq_members_owner",
            "customer_id",
            unique=True,
            sqlite_where=text("role = 'owner'"),
            postgresql_where=text("role = 'owner'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    role: Mapped[MemberRole] = mapped_column(EnumText(MemberRole), default=MemberRole.MEMBER)
    may_send: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    customer: Mapped[Customer] = relationship()

    def __repr__(self) -> str:
        return self.name
