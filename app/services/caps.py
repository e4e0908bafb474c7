"""A member's quota: set, changed and lifted by the customer's owner or by staff."""

from __future__ import annotations

from sqlalchemy import func, select

from app.domain.errors import N_, Refused
from app.domain.message_types import MessageType
from app.models.batches import Batch
from app.models.customers import Member
from app.models.packages import Cap, Hold
from app.services import audit
from app.services.work import unit_of_work


def set_cap(member_id: int, *, kind: MessageType, limit: int, by: str) -> Cap:
    """Limit what a member may use of one type, in segments, what they used before included. Raises `Refused`."""
    if limit < 0:
        raise Refused("limit", N_("A quota is zero or more."))
    with unit_of_work() as session:
        member = session.scalar(select(Member).where(Member.id == member_id).with_for_update())
        if member is None:
            raise Refused("member", N_("This member account does not exist."))
        cap = session.scalar(select(Cap).where(Cap.member_id == member_id, Cap.kind == kind).with_for_update())
        before = None if cap is None else {"limit": cap.limit}
        if cap is None:
            held, used = session.execute(
                select(
                    func.coalesce(func.sum(Hold.held - Hold.settled - Hold.released), 0),
                    func.coalesce(func.sum(Hold.settled), 0),
                )
                .join(Batch, Batch.id == Hold.batch_id)
                .where(Batch.member_id == member_id, Batch.kind == kind)
            ).one()
            cap = Cap(member_id=member_id, kind=kind, limit=limit, held=int(held), used=int(used))
            session.add(cap)
        elif cap.limit == limit:
            return cap
        cap.limit = limit
        audit.record("set cap", cap, by=by, before=before, after={"limit": limit})
    return cap
