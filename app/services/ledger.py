"""Holding, settling and releasing segments: the only code that moves a grant's `held` and `used`.

Every function joins the caller's unit of work. Locks are taken in one order everywhere: chunks, batches, grants,
caps, volumes, each by ascending id, so that two units never wait for each other.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.domain.clock import shanghai_day
from app.domain.errors import N_, Reason, Refused
from app.domain.message_types import MessageType, payable_by
from app.models.batches import Batch
from app.models.customers import Member
from app.models.packages import Cap, EntryKind, Grant, GrantState, Hold, LedgerEntry


class BooksBroken(Exception):
    """A movement that the books do not allow: a bug above, never a user's mistake."""


def write_entry(
    session: Session,
    grant_id: int,
    kind: EntryKind,
    segments: int,
    *,
    by: str,
    hold_id: int | None = None,
    reason: str = "",
    request_key: str | None = None,
    now: datetime,
) -> None:
    session.add(
        LedgerEntry(
            grant_id=grant_id,
            hold_id=hold_id,
            kind=kind,
            segments=segments,
            by=by,
            reason=reason,
            request_key=request_key,
            created_at=now,
        )
    )


def usable_grants(session: Session, customer_id: int, kind: MessageType, day: date, *, lock: bool) -> list[Grant]:
    """Grants a message of `kind` may draw on, in that order: its own type before general, soonest to expire first."""
    kinds = payable_by(kind)
    query = select(Grant).where(
        Grant.customer_id == customer_id,
        Grant.kind.in_(kinds),
        Grant.state == GrantState.NORMAL,
        Grant.valid_until >= day,
        Grant.size - Grant.used - Grant.held - Grant.lapsed > 0,
    )
    if lock:
        query = query.order_by(Grant.id).with_for_update()
    grants = session.scalars(query.execution_options(populate_existing=True)).all()
    return sorted(grants, key=lambda grant: (kinds.index(grant.kind), grant.valid_until, grant.id))


def balance(session: Session, customer_id: int, kind: MessageType, day: date) -> int:
    """Segments that a message of `kind` going out on `day` could draw on."""
    return sum(grant.remaining for grant in usable_grants(session, customer_id, kind, day, lock=False))


def balance_reason(needed: int, free: int) -> Reason:
    return Reason(
        "balance",
        N_("This needs %(needed)s segments and %(free)s are left. Buy a package or send to fewer people."),
        {"needed": needed, "free": free},
    )


def cap_reason(needed: int, cap: Cap) -> Reason:
    return Reason(
        "cap",
        N_("This needs %(needed)s segments; %(free)s of your quota are left. Ask your account's owner for more."),
        {"needed": needed, "free": max(cap.limit - cap.used - cap.held, 0)},
    )


def hold_for(session: Session, batch: Batch, segments: int, *, day: date, by: str, now: datetime) -> None:
    """Keep `segments` for a batch that goes out on `day`. Raises `Refused` "balance" or "cap", having kept nothing."""
    if segments <= 0:
        raise BooksBroken("a hold is of at least one segment")
    grants = usable_grants(session, batch.customer_id, batch.kind, day, lock=True)
    free = sum(grant.remaining for grant in grants)
    if free < segments:
        raise Refused.all_of([balance_reason(segments, free)])
    _hold_cap(session, batch, segments)
    for grant in grants:
        take = min(grant.remaining, segments)
        _hold_one(session, batch, grant, take, by=by, now=now)
        segments -= take
        if not segments:
            return


def hold_again(session: Session, batch: Batch, *, day: date, by: str, now: datetime) -> None:
    """Give everything back and hold it anew for another day, on which other grants may be valid.

    Raises `Refused` as `hold_for` does; the unit must end then.
    """
    held = session.scalar(select(func.sum(Hold.held - Hold.settled - Hold.released)).where(Hold.batch_id == batch.id))
    settle_and_release(session, batch.id, settled=0, released=int(held or 0), by=by, now=now)
    session.flush()
    hold_for(session, batch, int(held or 0), day=day, by=by, now=now)


def holds_are_over(session: Session, batch_id: int, day: date) -> bool:
    """Whether a grant that this batch holds of is not valid on `day` any more."""
    query = select(Hold.id).join(Grant, Grant.id == Hold.grant_id)
    over = query.where(Hold.batch_id == batch_id, Hold.held > Hold.settled + Hold.released, Grant.valid_until < day)
    return session.scalar(over.limit(1)) is not None


def _hold_one(session: Session, batch: Batch, grant: Grant, take: int, *, by: str, now: datetime) -> None:
    moved = session.execute(
        update(Grant)
        .where(
            Grant.id == grant.id,
            Grant.state == GrantState.NORMAL,
            Grant.size - Grant.used - Grant.held - Grant.lapsed >= take,
        )
        .values(held=Grant.held + take)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise BooksBroken(f"grant {grant.id} changed under its lock")
    hold = session.scalar(select(Hold).where(Hold.batch_id == batch.id, Hold.grant_id == grant.id))
    if hold is None:
        hold = Hold(batch_id=batch.id, grant_id=grant.id, held=0, settled=0, released=0)
        session.add(hold)
    hold.held += take
    session.flush()
    write_entry(session, grant.id, EntryKind.HOLD, take, hold_id=hold.id, by=by, now=now)


def _hold_cap(session: Session, batch: Batch, segments: int) -> None:
    """A member without a cap row for this type has no limit."""
    if batch.member_id is None:
        return
    _lock_member(session, batch.member_id)
    cap = session.scalar(select(Cap).where(Cap.member_id == batch.member_id, Cap.kind == batch.kind).with_for_update())
    if cap is None:
        return
    moved = session.execute(
        update(Cap)
        .where(Cap.id == cap.id, Cap.used + Cap.held + segments <= Cap.limit)
        .values(held=Cap.held + segments)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Refused.all_of([cap_reason(segments, cap)])


def lock_payers(session: Session, batch_ids: list[int]) -> None:
    """Lock the grants and the members of several batches, each in one order, before the first of them is settled.

    Batch by batch, two units whose batches hold the same grants the other way round would wait for each other.
    """
    if len(batch_ids) < 2 or session.get_bind().dialect.name == "sqlite":
        return
    held = select(Hold.grant_id).where(Hold.batch_id.in_(batch_ids))
    session.execute(select(Grant.id).where(Grant.id.in_(held)).order_by(Grant.id).with_for_update()).all()
    senders = select(Batch.member_id).where(Batch.id.in_(batch_ids))
    session.execute(select(Member.id).where(Member.id.in_(senders)).order_by(Member.id).with_for_update()).all()


def settle_and_release(session: Session, batch_id: int, *, settled: int, released: int, by: str, now: datetime) -> None:
    """Turn held segments of a batch into used ones, and give others back.

    Settles from the hold that expires soonest, releases to the one that expires latest; what comes back to a grant
    that is over lapses in the same unit. Raises `BooksBroken` where the batch does not hold that much.
    """
    if not settled and not released:
        return
    rows = session.execute(
        select(Hold, Grant)
        .join(Grant, Grant.id == Hold.grant_id)
        .where(Hold.batch_id == batch_id)
        .order_by(Grant.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    holds = sorted(((hold, grant) for hold, grant in rows), key=lambda row: (row[1].valid_until, row[1].id))
    shares = _share(holds, settled, released, batch_id)
    today = shanghai_day(now)
    for hold, grant in holds:
        used, free = shares.get(hold.id, (0, 0))
        if used or free:
            _move_one(session, hold, grant, used, free, today=today, by=by, now=now)
    _move_cap(session, batch_id, settled, released)


def _share(holds: list[tuple[Hold, Grant]], settled: int, released: int, batch_id: int) -> dict[int, tuple[int, int]]:
    """How much of each hold is settled and released, by hold id."""
    open_ = {hold.id: hold.open for hold, _ in holds}
    used = dict.fromkeys(open_, 0)
    free = dict.fromkeys(open_, 0)
    for wanted, order, share in ((settled, holds, used), (released, list(reversed(holds)), free)):
        left = wanted
        for hold, _ in order:
            take = min(open_[hold.id], left)
            open_[hold.id] -= take
            share[hold.id] += take
            left -= take
        if left:
            raise BooksBroken(f"batch {batch_id} holds {left} segments too few")
    return {key: (used[key], free[key]) for key in open_}


def _move_one(
    session: Session, hold: Hold, grant: Grant, used: int, free: int, *, today: date, by: str, now: datetime
) -> None:
    lapses = free if grant.is_over(today) else 0
    held = session.execute(
        update(Hold)
        .where(Hold.id == hold.id, Hold.held - Hold.settled - Hold.released >= used + free)
        .values(settled=Hold.settled + used, released=Hold.released + free)
        .execution_options(synchronize_session=False)
    )
    moved = session.execute(
        update(Grant)
        .where(Grant.id == grant.id, Grant.held >= used + free)
        .values(used=Grant.used + used, held=Grant.held - used - free, lapsed=Grant.lapsed + lapses)
        .execution_options(synchronize_session=False)
    )
    if held.rowcount != 1 or moved.rowcount != 1:  # type: ignore[attr-defined]
        raise BooksBroken(f"hold {hold.id} changed under its lock")
    if used:
        write_entry(session, grant.id, EntryKind.SETTLE, used, hold_id=hold.id, by=by, now=now)
    if free:
        write_entry(session, grant.id, EntryKind.RELEASE, free, hold_id=hold.id, by=by, now=now)
    if lapses:
        kind = EntryKind.VOID if grant.state is GrantState.VOID else EntryKind.EXPIRY
        write_entry(session, grant.id, kind, lapses, hold_id=hold.id, by=by, now=now)


def _move_cap(session: Session, batch_id: int, settled: int, released: int) -> None:
    owner = session.execute(select(Batch.member_id, Batch.kind).where(Batch.id == batch_id)).one()
    if owner.member_id is None:
        return
    _lock_member(session, owner.member_id)
    session.execute(
        update(Cap)
        .where(Cap.member_id == owner.member_id, Cap.kind == owner.kind)
        .values(used=Cap.used + settled, held=Cap.held - settled - released)
        .execution_options(synchronize_session=False)
    )


def _lock_member(session: Session, member_id: int) -> None:
    """A cap that is being set just now counts the member's holds under the same lock, so none is missed."""
    session.execute(select(Member.id).where(Member.id == member_id).with_for_update())
