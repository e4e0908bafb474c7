"""Money that came in: orders, each trip to the payment provider, and refunds. The books' fifth rule reads them."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Base
from app.models.types import BigId, EnumText, Moment, Money, Moves, one_of, utc_now


class OrderState(enum.StrEnum):
    UNPAID = "unpaid"
    PAID = "paid"
    GRANTED = "granted"
    VOID = "void"


ORDER_MOVES = Moves[OrderState](
    {
        OrderState.UNPAID: (OrderState.PAID, OrderState.VOID),
        OrderState.PAID: (OrderState.GRANTED,),
        OrderState.GRANTED: (),
        OrderState.VOID: (),
    }
)


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (one_of("state", OrderState),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"))
    goods_amount: Mapped[Decimal] = mapped_column(Money)
    amount: Mapped[Decimal] = mapped_column(Money)
    state: Mapped[OrderState] = mapped_column(EnumText(OrderState), default=OrderState.UNPAID)
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)


class PaymentState(enum.StrEnum):
    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"
    SUPERSEDED = "superseded"


class MoneyFate(enum.StrEnum):
    """What became of money that arrived: exactly one of these (rule 5)."""

    GRANTING = "granting"
    REFUND_DUE = "refund_due"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


class Payment(Base):
    __tablename__ = "payments"
    __table_args__ = (one_of("state", PaymentState), one_of("fate", MoneyFate))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    amount: Mapped[Decimal] = mapped_column(Money)
    state: Mapped[PaymentState] = mapped_column(EnumText(PaymentState), default=PaymentState.OPEN)
    received_at: Mapped[datetime | None] = mapped_column(Moment)
    fate: Mapped[MoneyFate | None] = mapped_column(EnumText(MoneyFate))
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
