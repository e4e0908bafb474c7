"""Everything that may refuse a batch, told together (point 2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.clock import shanghai_day
from app.domain.errors import N_, Reason
from app.domain.message_types import MessageType
from app.models.approvals import Template
from app.models.batches import Batch
from app.models.packages import Cap
from app.models.types import utc_now
from app.services.frequency import too_often
from app.services.ledger import balance, balance_reason, cap_reason
from app.services.sending.rules import hours_stop, standing_reasons, with_standing
from app.services.words import forbidden_words
from app.services.work import current_session


def check_batch(batch_id: int, *, at: datetime | None = None, now: datetime | None = None) -> list[Reason]:
    """Why this batch may not be sent (`at` that moment), as it stands; nothing where it may."""
    session = current_session()
    return reasons_against(session, batch_id, at=at, now=now or utc_now())


def reasons_against(session: Session, batch_id: int, *, at: datetime | None, now: datetime) -> list[Reason]:
    facts = _facts(session, batch_id)
    moment = at or now
    found = standing_reasons(facts)
    found += _content_reasons(session, facts)
    if at is not None and at < now:
        found.append(Reason("past", N_("The time lies in the past. Choose a later one.")))
    stop = hours_stop(session, facts.kind, moment)
    if stop is not None and at is not None:
        found.append(stop.reason)
    found += _money_reasons(session, facts, day_of_sending(session, facts.kind, moment))
    found += too_often(session, facts, now=now)
    return found


def find_words(batch_id: int) -> None:
    """Look for forbidden words outside every unit: a million variables would hold SQLite's only writer for long.

    The unit that submits finds the answer remembered, or looks again where the list has changed meanwhile.
    """
    session = current_session()
    facts = session.execute(_query(batch_id)).first()
    if facts is not None:
        forbidden_words(session, facts)
    session.rollback()


def day_of_sending(session: Session, kind: MessageType, moment: datetime) -> date:
    """The Shanghai day whose grants pay: a promotion that is submitted in the evening goes out in the morning."""
    stop = hours_stop(session, kind, moment)
    return shanghai_day(stop.resume_at if stop is not None and stop.resume_at is not None else moment)


def _facts(session: Session, batch_id: int) -> Any:
    return session.execute(_query(batch_id)).one()


def _query(batch_id: int) -> Any:
    return with_standing(
        select(
            Batch.id,
            Batch.customer_id,
            Batch.kind,
            Batch.member_id,
            Batch.good,
            Batch.segments,
            Batch.content,
            Batch.variables,
            Batch.personal,
            Batch.sign_name,
            Batch.template_code,
            Batch.signature_id,
            Batch.lane,
            Template.content.label("approved_content"),
            Template.code.label("approved_code"),
        )
    ).where(Batch.id == batch_id)


def _content_reasons(session: Session, facts: Any) -> list[Reason]:
    found = []
    if facts.good == 0:
        found.append(Reason("nobody", N_("There is no valid number to send to.")))
    if facts.content != facts.approved_content or facts.template_code != (facts.approved_code or ""):
        found.append(Reason("changed", N_("The template has changed since the file was read. Upload the file again.")))
    words = forbidden_words(session, facts)
    if words:
        found.append(
            Reason(
                "words",
                N_("The text contains words that must not be sent: %(words)s."),
                {"words": ", ".join(words[:10])},
            )
        )
    return found


def _money_reasons(session: Session, facts: Any, day: date) -> list[Reason]:
    found = []
    free = balance(session, facts.customer_id, facts.kind, day)
    if free < facts.segments:
        found.append(balance_reason(facts.segments, free))
    cap = session.scalar(select(Cap).where(Cap.member_id == facts.member_id, Cap.kind == facts.kind))
    if cap is not None and cap.used + cap.held + facts.segments > cap.limit:
        found.append(cap_reason(facts.segments, cap))
    return found
