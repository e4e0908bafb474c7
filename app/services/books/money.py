"""Rule 5: money that came in, and what it bought."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, exists, func, literal, select

from app.models.orders import MoneyFate, Order, OrderState, Payment
from app.models.packages import Grant
from app.services.books.breach import Breach


def orders_and_payments(connection: Connection) -> Iterator[Breach]:
    """Rule 5: a granted order has exactly one grant, no other has one, and money received has exactly one fate."""
    granted = exists(select(literal(1)).where(Grant.order_id == Order.id))
    checks: list[tuple[Any, str, Callable[[Any], str]]] = [
        (
            select(Order.number, Order.state).where(Order.state == OrderState.GRANTED, ~granted),
            "one grant",
            lambda _: "none",
        ),
        (
            select(Order.number, Order.state).where(Order.state != OrderState.GRANTED, granted),
            "no grant",
            lambda row: f"one, while it is {row.state.value}",
        ),
        (
            select(Payment.number, Payment.fate).where(Payment.received_at.is_not(None) != Payment.fate.is_not(None)),
            "received money and a fate, or neither",
            lambda row: str(row.fate),
        ),
        (
            select(Order.number, func.count())
            .join(Payment, Payment.order_id == Order.id)
            .where(Payment.fate == MoneyFate.GRANTING)
            .group_by(Order.number)
            .having(func.count() > 1),
            "one payment that grants",
            lambda row: str(row[1]),
        ),
        (
            select(Payment.number, Order.state)
            .join(Order, Order.id == Payment.order_id)
            .where(Payment.fate == MoneyFate.GRANTING, Order.state.not_in([OrderState.PAID, OrderState.GRANTED])),
            "a paid order",
            lambda row: row.state.value,
        ),
    ]
    for query, expected, found in checks:
        for row in connection.execute(query):
            yield Breach(5, f"order or payment {row.number}", expected, found(row))
