"""What staff and the clock do to grants: assign, adjust, freeze, void, re-date, expire, take back for a refund."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.clock import shanghai_day
from app.domain.errors import N_, Refused
from app.domain.message_types import MessageType
from app.models.customers import Customer
from app.models.packages import EntryKind, Grant, GrantSource, GrantState, LedgerEntry
from app.models.types import utc_now
from app.services import audit
from app.services.customers import lock_customer
from app.services.ledger import write_entry
from app.services.work import unit_of_work

MAX_SIZE = 2_000_000_000  # what the column holds, and more than Aliyun sells


def assign_grant(
    customer_id: int,
    *,
    kind: MessageType,
    size: int,
    valid_until: date,
    reason: str,
    by: str,
    request_key: str | None = None,
    now: datetime | None = None,
) -> Grant:
    """Give a customer `size` segments. The same `request_key` again returns the grant that it made, and gives nothing.

    Raises `Refused` for a size below one, a day that is over or a customer that does not exist.
    """
    now = now or utc_now()
    with unit_of_work() as session:
        if request_key:
            lock_customer(session, customer_id)
            known = session.scalar(select(Grant).where(Grant.request_key == request_key))
            if known is not None:
                return known
        _check_new(session, customer_id, size, valid_until, now)
        grant = Grant(
            customer_id=customer_id,
            kind=kind,
            size=size,
            used=0,
            held=0,
            lapsed=0,
            valid_until=valid_until,
            source=GrantSource.ASSIGNMENT,
            reason=reason,
            request_key=request_key,
            created_at=now,
        )
        session.add(grant)
        session.flush()
        write_entry(session, grant.id, EntryKind.ASSIGNMENT, size, by=by, reason=reason, now=now)
        audit.record("assign", grant, by=by, after=_figures(grant), reason=reason)
    return grant


def _check_new(session: Session, customer_id: int, size: int, valid_until: date, now: datetime) -> None:
    if not 1 <= size <= MAX_SIZE:
        raise Refused("size", N_("Give a whole number of segments from 1 to %(most)s."), most=MAX_SIZE)
    if valid_until < shanghai_day(now):
        raise Refused("day", N_("The last day lies in the past. Choose today or a later day."))
    if session.get(Customer, customer_id) is None:
        raise Refused("customer", N_("This customer does not exist."))


def adjust_grant(
    grant_id: int, *, change: int, reason: str, by: str, request_key: str | None = None, now: datetime | None = None
) -> Grant:
    """Add to or take from a grant's size; only what is free can be taken.

    The same `request_key` again changes nothing.
    """
    if not reason.strip():
        raise Refused("reason", N_("Say why: the reason stands in the books for ever."))
    return _resize(grant_id, change, EntryKind.ADJUSTMENT, "adjust", reason=reason, by=by, key=request_key, now=now)


def take_back(
    grant_id: int, *, segments: int, reason: str, by: str, request_key: str, now: datetime | None = None
) -> Grant:
    """Take free segments out of a grant because their money goes back to the buyer (entry `refund`)."""
    if segments < 1:
        raise Refused("size", N_("Give a whole number of segments from 1 to %(most)s."), most=MAX_SIZE)
    return _resize(grant_id, -segments, EntryKind.REFUND, "refund", reason=reason, by=by, key=request_key, now=now)


def _resize(
    grant_id: int,
    change: int,
    kind: EntryKind,
    action: str,
    *,
    reason: str,
    by: str,
    key: str | None,
    now: datetime | None,
) -> Grant:
    now = now or utc_now()
    with unit_of_work() as session:
        grant = _locked(session, grant_id)
        if key and session.scalar(select(LedgerEntry.id).where(LedgerEntry.request_key == key)) is not None:
            return grant
        if change > 0 and grant.state is GrantState.VOID:
            raise Refused("void", N_("This grant is void. Assign a new one instead."))
        before = _figures(grant)
        moved = session.execute(
            update(Grant)
            .where(
                Grant.id == grant_id,
                Grant.size + change >= Grant.used + Grant.held + Grant.lapsed,
                Grant.size + change <= MAX_SIZE,
            )
            .values(size=Grant.size + change)
            .execution_options(synchronize_session=False)
        )
        if change == 0 or moved.rowcount != 1:  # type: ignore[attr-defined]
            raise Refused(
                "free",
                N_("Only what is free can be taken: %(free)s of %(size)s segments."),
                free=grant.remaining,
                size=grant.size,
            )
        segments = change if kind is EntryKind.ADJUSTMENT else -change
        write_entry(session, grant_id, kind, segments, by=by, reason=reason, request_key=key, now=now)
        session.refresh(grant)
        audit.record(action, grant, by=by, before=before, after=_figures(grant), reason=reason)
    return grant


def freeze_grant(grant_id: int, *, by: str, reason: str = "") -> Grant:
    """Take no new hold from it until it is thawed; what is held settles as ever. Again: nothing changes."""
    return _change_state(grant_id, GrantState.FROZEN, "freeze", by=by, reason=reason)


def thaw_grant(grant_id: int, *, by: str, reason: str = "") -> Grant:
    return _change_state(grant_id, GrantState.NORMAL, "thaw", by=by, reason=reason)


def _change_state(grant_id: int, state: GrantState, action: str, *, by: str, reason: str) -> Grant:
    with unit_of_work() as session:
        grant = _locked(session, grant_id)
        if grant.state is GrantState.VOID:
            raise Refused("void", N_("This grant is void. Assign a new one instead."))
        if grant.state is not state:
            before = _figures(grant)
            grant.state = state
            audit.record(action, grant, by=by, before=before, after=_figures(grant), reason=reason)
    return grant


def void_grant(grant_id: int, *, by: str, reason: str, now: datetime | None = None) -> Grant:
    """End a grant for good: its free part lapses now, the held part as it comes back. Again: nothing changes."""
    now = now or utc_now()
    with unit_of_work() as session:
        grant = _locked(session, grant_id)
        if grant.state is not GrantState.VOID:
            before = _figures(grant)
            grant.state = GrantState.VOID
            _lapse(session, grant, EntryKind.VOID, by=by, reason=reason, now=now)
            audit.record("void", grant, by=by, before=before, after=_figures(grant), reason=reason)
    return grant


def change_valid_until(
    grant_id: int, *, valid_until: date, by: str, reason: str = "", now: datetime | None = None
) -> Grant:
    """Move the last day. What has lapsed already does not come back: that is an adjustment with a reason."""
    now = now or utc_now()
    with unit_of_work() as session:
        grant = _locked(session, grant_id)
        if valid_until < shanghai_day(now):
            raise Refused("day", N_("The last day lies in the past. Choose today or a later day."))
        if grant.valid_until != valid_until:
            before = _figures(grant)
            grant.valid_until = valid_until
            audit.record("re-date", grant, by=by, before=before, after=_figures(grant), reason=reason)
    return grant


def expire_due_grants(*, now: datetime | None = None, most: int = 500) -> int:
    """Lapse what is free on grants whose last day is over; returns how many. The clock calls it every few minutes."""
    now = now or utc_now()
    today = shanghai_day(now)
    with unit_of_work() as session:
        due = session.scalars(
            select(Grant)
            .where(Grant.valid_until < today, Grant.size - Grant.used - Grant.held - Grant.lapsed > 0)
            .order_by(Grant.id)
            .limit(most)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        for grant in due:
            _lapse(session, grant, EntryKind.EXPIRY, by="clock", reason="", now=now)
    return len(due)


def _lapse(session: Session, grant: Grant, kind: EntryKind, *, by: str, reason: str, now: datetime) -> None:
    """The free part of a locked grant becomes lapsed."""
    free = grant.remaining
    if free > 0:
        grant.lapsed += free
        write_entry(session, grant.id, kind, free, by=by, reason=reason, now=now)
        session.flush()


def _locked(session: Session, grant_id: int) -> Grant:
    grant = session.scalar(
        select(Grant).where(Grant.id == grant_id).with_for_update().execution_options(populate_existing=True)
    )
    if grant is None:
        raise Refused("grant", N_("This grant does not exist."))
    return grant


def _figures(grant: Grant) -> dict[str, Any]:
    return {
        "size": grant.size,
        "used": grant.used,
        "held": grant.held,
        "lapsed": grant.lapsed,
        "state": grant.state.value if grant.state else GrantState.NORMAL.value,
        "valid_until": grant.valid_until.isoformat(),
    }
