"""Signatures and templates: assigned to a customer ready to use, and moved through their states."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.domain.errors import N_, Refused
from app.domain.message_types import MessageType
from app.domain.wordings import check_wording
from app.models.approvals import APPROVAL_MOVES, ApprovalState, Signature, SignatureKind, Template
from app.models.customers import Customer
from app.services import audit
from app.services.work import current_session, unit_of_work


def assign_signature(
    customer_id: int, *, name: str, by: str, kind: SignatureKind = SignatureKind.GENERAL, dest_code: str = ""
) -> Signature:
    """Give a customer an approved signature, without 【】. The same name again returns the one there is."""
    name = name.strip().strip("【】")
    if not 2 <= len(name) <= 12:
        raise Refused("signature", N_("A signature has 2 to 12 characters."))
    with unit_of_work() as session:
        _customer(customer_id)
        known = session.scalar(select(Signature).where(Signature.customer_id == customer_id, Signature.name == name))
        if known is not None:
            return known
        signature = Signature(
            customer_id=customer_id, name=name, kind=kind, state=ApprovalState.APPROVED, dest_code=dest_code
        )
        session.add(signature)
        audit.record("assign", signature, by=by, after={"name": name, "kind": kind.value})
    return signature


def assign_template(customer_id: int, *, code: str, name: str, content: str, kind: MessageType, by: str) -> Template:
    """Give a customer an approved template. The same code again returns the one there is. Raises `Refused`."""
    reasons = check_wording(content, kind.value)
    if reasons:
        raise Refused.all_of(reasons)
    with unit_of_work() as session:
        _customer(customer_id)
        known = session.scalar(select(Template).where(Template.customer_id == customer_id, Template.code == code))
        if known is not None:
            return known
        template = Template(
            customer_id=customer_id,
            code=code,
            name=name[:30],
            content=content,
            kind=kind,
            state=ApprovalState.APPROVED,
        )
        session.add(template)
        audit.record("assign", template, by=by, after={"code": code, "content": content, "kind": kind.value})
    return template


def move_approval(
    subject: type[Signature] | type[Template], subject_id: int, state: ApprovalState, *, by: str, reason: str = ""
) -> None:
    """Another state for a signature or a template. To the state it has: nothing changes; a forbidden move raises."""
    with unit_of_work() as session:
        item: Any = session.scalar(
            select(subject).where(subject.id == subject_id).with_for_update().execution_options(populate_existing=True)
        )
        if item is None:
            raise Refused("approval", N_("This signature or template does not exist."))
        if item.state is state:
            return
        APPROVAL_MOVES.check(item.state, state)
        before = {"state": item.state.value}
        item.state, item.state_reason = state, reason
        audit.record("review", item, by=by, before=before, after={"state": state.value}, reason=reason)


def _customer(customer_id: int) -> Customer:
    customer = current_session().get(Customer, customer_id)
    if customer is None:
        raise Refused("customer", N_("This customer does not exist."))
    return customer
