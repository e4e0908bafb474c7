"""A customer's reads: every one goes through `own()`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, select

from app.models.approvals import Signature, Template
from app.models.batches import Attempt, Batch, Chunk, RejectedRow
from app.models.blacklist import BlockedNumber
from app.models.customers import Customer, Member
from app.models.inbox import InboundMessage
from app.models.messages import Message
from app.models.orders import Order, Payment
from app.models.packages import Cap, Grant, Hold, LedgerEntry
from app.models.statistics import DailyVolume, FailureCount

_OWNED: dict[Any, Any] = {
    Customer: Customer.id,
    **{
        model: model.customer_id
        for model in (
            Member, Signature, Template, Batch, Message, Grant, Order, DailyVolume, InboundMessage, BlockedNumber)
    },
}
# What belongs to a customer through another row: the column that names that row, and its model.
_THROUGH: dict[Any, tuple[Any, Any]] = {
    Chunk: (Chunk.batch_id, Batch),
    RejectedRow: (RejectedRow.batch_id, Batch),
    FailureCount: (FailureCount.batch_id, Batch),
    Hold: (Hold.batch_id, Batch),
    Attempt: (Attempt.chunk_id, Chunk),
    LedgerEntry: (LedgerEntry.grant_id, Grant),
    Cap: (Cap.member_id, Member),
    Payment: (Payment.order_id, Order),
}


def own(statement: Select[Any], model: Any, customer_id: int) -> Select[Any]:
    """`statement` over `model`, of this customer's rows only.

    Raises `LookupError` for a model that nobody has said how to tie to a customer: better no page than another's rows.
    """
    return statement.where(_owned(model, customer_id))


def _owned(model: Any, customer_id: int) -> ColumnElement[bool]:
    if model in _OWNED:
        condition: ColumnElement[bool] = _OWNED[model] == customer_id
        return condition
    if model in _THROUGH:
        column, above = _THROUGH[model]
        within: ColumnElement[bool] = column.in_(select(above.id).where(_owned(above, customer_id)))
        return within
    raise LookupError(f"{model.__name__} is tied to no customer")
