"""Customers: opened, edited, frozen, thawed."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.domain.errors import N_, Reason, Refused
from app.domain.phones import REASONS, mask, normalise
from app.models.approvals import Signature, Template
from app.models.batches import Batch
from app.models.customers import ChargeOn, Customer, CustomerState, Member, MemberRole
from app.models.orders import Order
from app.models.packages import Grant
from app.services import audit
from app.services.work import unit_of_work


def open_customer(*, name: str, by: str, charge_on: ChargeOn = ChargeOn.SUCCESS, **details: Any) -> Customer:
    """A new customer with its owner's place. Raises `Refused` for an empty or taken name and for a wrong detail."""
    name, details = _checked(name, details)
    with unit_of_work() as session:
        _check_free(session, name)
        customer = Customer(name=name, charge_on=charge_on, **details)
        session.add(customer)
        session.flush()
        session.add(Member(customer_id=customer.id, name=name[:64], role=MemberRole.OWNER))
        audit.record("open", customer, by=by, after={"name": name, "charge_on": charge_on.value})
    return customer


def edit_customer(customer_id: int, *, name: str, by: str, **details: Any) -> Customer:
    """Change details and terms; a batch that stands already keeps the terms of its day. Again: nothing changes.

    Raises `Refused` where the name is empty or another's, or a detail is wrong.
    """
    name, details = _checked(name, details)
    with unit_of_work() as session:
        customer = _locked(session, customer_id)
        wanted = {"name": name, **details}
        before = {field: getattr(customer, field) for field in wanted}
        changed = [field for field in wanted if wanted[field] != before[field]]
        if "name" in changed:
            _check_free(session, name)
        for field in changed:
            setattr(customer, field, wanted[field])
        if changed:
            audit.record("edit", customer, by=by, before=_written(before, changed), after=_written(wanted, changed))
    return customer


def _checked(name: str, details: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name, email, phone = name.strip(), details.get("email", ""), details.get("phone", "")
    reasons = []
    if not name:
        reasons.append(Reason("name", N_("Give the customer a name.")))
    if email and not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", email):
        reasons.append(Reason("email", N_("This is no e-mail address, for example name@company.com.")))
    if phone:
        plain, why = normalise(phone)
        if plain is None:
            reasons.append(Reason("phone", REASONS[why or "not_digits"]))
        else:
            details = {**details, "phone": plain}
    if reasons:
        raise Refused.all_of(reasons)
    return name, details


def _check_free(session: Session, name: str) -> None:
    if session.scalar(select(Customer.id).where(Customer.name == name)) is not None:
        raise Refused("name", N_("There is a customer of this name already."))


def _written(values: dict[str, Any], changed: list[str]) -> dict[str, Any]:
    """What changed as the log keeps it; whole phone numbers are not the log's to keep."""
    return {field: mask(values[field]) if field == "phone" else values[field] for field in changed}


# What a customer leaves behind. Whoever has any of it has a history, and history is not deleted.
TRACES = (Grant, Batch, Order, Signature, Template)


def delete_customer(customer_id: int, *, by: str) -> None:
    """Take away a customer that was opened by mistake: one that never had anything and that nobody signs in for.

    Raises `Refused` where there is any trace of it, and where it is gone already.
    """
    with unit_of_work() as session:
        customer = _locked(session, customer_id)
        signs_in = session.scalar(
            select(Member.id).where(Member.customer_id == customer_id, Member.user_id.is_not(None)).limit(1))
        if signs_in is not None or any(
            session.scalar(select(trace.id).where(trace.customer_id == customer_id).limit(1)) is not None
            for trace in TRACES
        ):
            raise Refused("customer", N_("This customer has a history, which is kept. Freeze it instead."))
        audit.record("delete", customer, by=by, before={"name": customer.name})
        session.execute(delete(Member).where(Member.customer_id == customer_id))
        session.delete(customer)


def freeze_customer(customer_id: int, *, by: str, reason: str) -> None:
    """Sending stops, running batches pause at their next chunk. Again: nothing changes."""
    _set_state(customer_id, CustomerState.FROZEN, "freeze", by=by, reason=reason)


def thaw_customer(customer_id: int, *, by: str, reason: str = "") -> None:
    _set_state(customer_id, CustomerState.ACTIVE, "thaw", by=by, reason=reason)


def _set_state(customer_id: int, state: CustomerState, action: str, *, by: str, reason: str) -> None:
    with unit_of_work() as session:
        customer = _locked(session, customer_id)
        if customer.state is not state:
            before = {"state": customer.state.value}
            customer.state = state
            customer.frozen_reason = reason if state is CustomerState.FROZEN else ""
            audit.record(action, customer, by=by, before=before, after={"state": state.value}, reason=reason)


def _locked(session: Session, customer_id: int) -> Customer:
    customer = session.scalar(
        select(Customer).where(Customer.id == customer_id).with_for_update().execution_options(populate_existing=True)
    )
    if customer is None:
        raise Refused("customer", N_("This customer does not exist."))
    return customer


def lock_customer(session: Session, customer_id: int) -> None:
    """Let requests of one customer that may be the same one pass one by one, so that the second finds the first.

    Rows that point at the customer can be stored meanwhile; joins the caller's unit.
    """
    session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))
