"""Numbers that nobody, or not this customer, may write to."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from app.models.blacklist import BlockedNumber
from app.services.work import current_session, insert_into

_SLICE = 900  # parameters in one question


def blocked_for(customer_id: int) -> Callable[[list[str]], set[str]] | None:
    """A question that picks the blocked ones out of many numbers; None while no number is blocked at all."""
    mine = or_(BlockedNumber.customer_id == customer_id, BlockedNumber.customer_id.is_(None))
    if not current_session().scalar(select(exists().where(mine))):
        return None

    def among(phones: list[str]) -> set[str]:
        session = current_session()
        found: set[str] = set()
        for start in range(0, len(phones), _SLICE):
            part = phones[start : start + _SLICE]
            found.update(session.scalars(select(BlockedNumber.phone).where(mine, BlockedNumber.phone.in_(part))))
        return found

    return among


def block_number(session: Session, phone: str, *, customer_id: int | None, reason: str) -> None:
    """Put a number on a customer's list, or on the platform's; joins the caller's unit. Again: nothing changes."""
    session.execute(
        insert_into(session, BlockedNumber)
        .values(phone=phone, customer_id=customer_id, reason=reason[:100])
        .on_conflict_do_nothing()
    )
