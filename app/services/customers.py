"""Customers: opened, frozen, thawed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.errors import N_, Refused
from app.models.customers import ChargeOn, Customer, CustomerState, Member, MemberRole
from app.services import audit
from app.services.work import unit_of_work


def open_customer(*, name: str, by: str, charge_on: ChargeOn = ChargeOn.SUCCESS, **details: Any) -> Customer:
    """A new customer with its owner's place. Raises `Refused` where the name is empty or taken."""
    name = name.strip()
    if not name:
        raise Refused("name", N_("Give the customer a name."))
    with unit_of_work() as session:
        if session.scalar(select(Customer.id).where(Customer.name == name)) is not None:
            raise Refused("name", N_("There is a customer of this name already."))
        customer = Customer(name=name, charge_on=charge_on, **details)
        session.add(customer)
        session.flush()
        session.add(Member(customer_id=customer.id, name=name[:64], role=MemberRole.OWNER))
        audit.record("open", customer, by=by, after={"name": name, "charge_on": charge_on.value})
    return customer


def freeze_customer(customer_id: int, *, by: str, reason: str) -> None:
    """Sending stops, running batches pause at their next chunk. Again: nothing changes."""
    _set_state(customer_id, CustomerState.FROZEN, "freeze", by=by, reason=reason)


def thaw_customer(customer_id: int, *, by: str, reason: str = "") -> None:
    _set_state(customer_id, CustomerState.ACTIVE, "thaw", by=by, reason=reason)


def _set_state(customer_id: int, state: CustomerState, action: str, *, by: str, reason: str) -> None:
    with unit_of_work() as session:
        customer = session.scalar(
            select(Customer)
            .where(Customer.id == customer_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if customer is None:
            raise Refused("customer", N_("This customer does not exist."))
        if customer.state is not state:
            before = {"state": customer.state.value}
            customer.state = state
            customer.frozen_reason = reason if state is CustomerState.FROZEN else ""
            audit.record(action, customer, by=by, before=before, after={"state": state.value}, reason=reason)


def lock_customer(session: Session, customer_id: int) -> None:
    """Let requests of one customer that may be the same one pass one by one, so that the second finds the first.

    Rows that point at the customer can be stored meanwhile; joins the caller's unit.
    """
    session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
