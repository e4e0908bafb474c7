"""What a box offers while one types: a few rows whose name begins with the text, or the one row that was chosen."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.models.approvals import Signature, Template
from app.models.customers import Customer
from app.services.prefixes import starts_with
from app.services.work import current_session

MOST = 20


def customers(asker: Any, text: str, *, pk: int | None = None) -> list[tuple[int, str]]:
    """Customers by the beginning of their name; of a customer's own people, only theirs."""
    found: Any = select(Customer.id, Customer.name)
    if asker.customer_id is not None:
        found = found.where(Customer.id == asker.customer_id)
    return _pairs(found, Customer.id, Customer.name, text, pk)


def signatures(asker: Any, text: str, *, pk: int | None = None, customer: int | None = None) -> list[tuple[int, str]]:
    """Signatures of one customer, or of all for staff."""
    return _pairs(_within(asker, select(Signature.id, Signature.name), Signature.customer_id, customer),
                  Signature.id, Signature.name, text, pk)


def templates(asker: Any, text: str, *, pk: int | None = None, customer: int | None = None) -> list[tuple[int, str]]:
    """Templates of one customer, or of all for staff."""
    return _pairs(_within(asker, select(Template.id, Template.name), Template.customer_id, customer),
                  Template.id, Template.name, text, pk)


def _within(asker: Any, found: Any, column: Any, customer: int | None) -> Any:
    """A customer's own people never leave their customer, whatever the address says."""
    tied = asker.customer_id if asker.customer_id is not None else customer
    return found if tied is None else found.where(column == tied)


def _pairs(found: Any, key: Any, name: Any, text: str, pk: int | None) -> list[tuple[int, str]]:
    if pk is not None:
        found = found.where(key == pk)
    elif text:
        found = found.where(starts_with(name, text)).order_by(name)
    else:
        found = found.order_by(key.desc())
    return [(row[0], row[1]) for row in current_session().execute(found.limit(MOST))]
