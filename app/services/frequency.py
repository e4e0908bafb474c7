"""How often a number may be sent to (upstream.md, Frequency): refused here before Aliyun refuses it.

Counted for verification codes and single sends. A bulk batch writes to a number once, and what the provider still
finds too often it refuses for that number alone; a counter for each of a million numbers would cost more than that.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.clock import SHANGHAI
from app.domain.errors import N_, Reason, Refused
from app.domain.message_types import MessageType
from app.models.batches import Chunk
from app.models.blacklist import SendCounter
from app.models.messages import Message
from app.models.states import Lane
from app.services.work import insert_into

_CODES = (("minute", timedelta(minutes=1), 1), ("hour", timedelta(hours=1), 5), ("day", timedelta(days=1), 10))
_OTHERS = (("day", timedelta(days=1), 50),)
_KEEP = timedelta(days=2)


def _rules(facts: Any) -> list[tuple[str, timedelta, int]]:
    """(key, window, most sends) for a message: codes by signature, others by signature and template."""
    if facts.kind is MessageType.VERIFICATION:
        return [(f"{name}:{facts.signature_id}", span, most) for name, span, most in _CODES]
    return [(f"{name}:{facts.signature_id}:{facts.template_code}", span, most) for name, span, most in _OTHERS]


def _window(moment: datetime, span: timedelta) -> datetime:
    """The natural Shanghai window that `moment` lies in; a day is counted by hours, so that it may roll."""
    local = moment.astimezone(SHANGHAI)
    if span < timedelta(hours=1):
        return local.replace(second=0, microsecond=0)
    return local.replace(minute=0, second=0, microsecond=0)


def _phones(session: Session, batch_id: int) -> list[str]:
    query = select(Message.phone).join(Chunk, Chunk.id == Message.chunk_id).where(Chunk.batch_id == batch_id)
    return list(session.scalars(query))


def too_often(session: Session, facts: Any, *, now: datetime) -> list[Reason]:
    """Numbers of a fast batch that have had their share."""
    return _reasons(session, facts, now, before=1)


def refuse_over_limit(session: Session, facts: Any, *, now: datetime) -> None:
    """After `count_sends`, in the same unit: raises `Refused` where more was counted than is allowed.

    Two submissions at the same moment both find a number free. The counter's row, locked by the one that counts first,
    lets the other see what it has counted; the caller's unit rolls back, and with it the second count.
    """
    reasons = _reasons(session, facts, now, before=0)
    if reasons:
        raise Refused.all_of(reasons)


def _reasons(session: Session, facts: Any, now: datetime, *, before: int) -> list[Reason]:
    """The numbers for which what is counted, and `before` sends not yet counted, are more than allowed."""
    if facts.lane == Lane.BULK:
        return []
    phones = _phones(session, facts.id)
    found: list[str] = []
    for key, span, most in _rules(facts):
        since = now - span if span >= timedelta(days=1) else _window(now, span)
        query = (
            select(SendCounter.phone)
            .where(SendCounter.phone.in_(phones), SendCounter.key == key, SendCounter.window >= since)
            .group_by(SendCounter.phone)
            .having(func.sum(SendCounter.sends) + before > most)
        )
        found += session.scalars(query)
    if not found:
        return []
    sentence = N_("These numbers have been sent to as often as is allowed for now: %(phones)s.")
    return [Reason("frequency", sentence, {"phones": ", ".join(dict.fromkeys(found))})]


def count_sends(session: Session, facts: Any, *, now: datetime) -> None:
    """Note a fast batch's numbers at its submission; joins the caller's unit."""
    if facts.lane == Lane.BULK:
        return
    for phone in sorted(_phones(session, facts.id)):
        for key, span, _ in _rules(facts):
            session.execute(
                insert_into(session, SendCounter)
                .values(phone=phone, key=key, window=_window(now, span), sends=1)
                .on_conflict_do_update(index_elements=["phone", "key", "window"], set_={"sends": SendCounter.sends + 1})
            )


def forget_old_counters(session: Session, *, now: datetime) -> None:
    session.query(SendCounter).filter(SendCounter.window < now - _KEEP).delete(synchronize_session=False)
