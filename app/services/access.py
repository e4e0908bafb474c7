"""A customer's reads: every one goes through `own()`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from app.models.approvals import Signature, Template
from app.models.batches import Batch, Chunk, RejectedRow
from app.models.customers import Customer, Member
from app.models.inbox import InboundMessage
from app.models.messages import Message
from app.models.orders import Order
from app.models.packages import Grant, LedgerEntry
from app.models.statistics import DailyVolume

_OWNED: dict[Any, Any] = {
    model: model.customer_id
    for model in (Member, Signature, Template, Batch, Message, Grant, Order, DailyVolume, InboundMessage)
}


def own(statement: Select[Any], model: Any, customer_id: int) -> Select[Any]:
    """`statement` over `model`, of this customer's rows only.

    Raises `LookupError` for a model that nobody has said how to tie to a customer: better no page than another's rows.
    """
    if model is Customer:
        return statement.where(Customer.id == customer_id)
    if model in _OWNED:
        return statement.where(_OWNED[model] == customer_id)
    if model in (Chunk, RejectedRow):
        return statement.where(model.batch_id.in_(select(Batch.id).where(Batch.customer_id == customer_id)))
    if model is LedgerEntry:
        return statement.where(LedgerEntry.grant_id.in_(select(Grant.id).where(Grant.customer_id == customer_id)))
    raise LookupError(f"{model.__name__} is tied to no customer")
