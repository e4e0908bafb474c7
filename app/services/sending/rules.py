"""What may refuse a batch, at the check and again at the last moment (points 2 and 4): one list of rules for both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.clock import inside_hours, next_opening
from app.domain.errors import N_, Reason
from app.domain.message_types import MessageType
from app.models.approvals import ApprovalState, Signature, SignatureKind, Template
from app.models.batches import Batch
from app.models.customers import Customer, CustomerState, Member
from app.models.packages import Cap
from app.services.site import site_settings


@dataclass(frozen=True)
class Stop:
    """Why a batch is held back, and when it goes on by itself if it does."""

    reason: Reason
    resume_at: datetime | None = None


def with_standing(query: Any) -> Any:
    """Add to a query of batches what the rules look at: the standing of customer, member, signature and template."""
    return (
        query.add_columns(
            Customer.state.label("customer_state"),
            Member.active.label("member_active"),
            Member.may_send,
            Signature.state.label("signature_state"),
            Signature.kind.label("signature_kind"),
            Template.state.label("template_state"),
            Template.kind.label("template_kind"),
        )
        .select_from(Batch)
        .join(Customer, Customer.id == Batch.customer_id)
        .join(Signature, Signature.id == Batch.signature_id)
        .join(Template, Template.id == Batch.template_id)
        .outerjoin(Member, Member.id == Batch.member_id)
    )


def standing_reasons(facts: Any) -> list[Reason]:
    """Everything about who sends and what is sent that forbids it. `facts` has the columns of `turns._FACTS`."""
    found = []
    if facts.customer_state is CustomerState.FROZEN:
        found.append(Reason("frozen", N_("This account is frozen and cannot send. Ask your supplier why.")))
    if facts.member_id is not None and not facts.member_active:
        found.append(Reason("member", N_("This member account is suspended.")))
    if facts.member_id is not None and not facts.may_send:
        found.append(Reason("right", N_("This member account has no right to send.")))
    if facts.signature_state is not ApprovalState.APPROVED:
        found.append(Reason("signature", N_("The signature is not approved.")))
    if facts.template_state is not ApprovalState.APPROVED:
        found.append(Reason("template", N_("The template is not approved.")))
    if facts.signature_kind is SignatureKind.VERIFICATION and facts.template_kind is not MessageType.VERIFICATION:
        found.append(Reason("scene", N_("A verification signature carries only verification templates.")))
    return found


def hours_stop(session: Session, kind: MessageType, moment: datetime) -> Stop | None:
    """Promotions go out by day only (upstream.md, quiet hours)."""
    if kind is not MessageType.PROMOTION:
        return None
    settings = site_settings(session)
    opens, closes = time(settings.opens_at % 24), time(settings.closes_at % 24)
    if inside_hours(moment, opens, closes):
        return None
    reason = Reason(
        "hours",
        N_("Promotions are sent between %(opens)s:00 and %(closes)s:00; this goes on by itself then."),
        {"opens": settings.opens_at, "closes": settings.closes_at},
    )
    return Stop(reason, next_opening(moment, opens, closes))


def stops_dispatch(session: Session, facts: Any, *, now: datetime) -> Stop | None:
    """The first reason why a claimed chunk may not go now, None where it may."""
    reasons = standing_reasons(facts)
    if reasons:
        return Stop(reasons[0])
    if facts.member_id is not None and _over_cap(session, facts):
        return Stop(Reason("cap", N_("The member's quota was lowered below what is already held and used.")))
    return hours_stop(session, facts.kind, now)


def _over_cap(session: Session, facts: Any) -> bool:
    query = select(Cap.id).where(
        Cap.member_id == facts.member_id, Cap.kind == facts.kind, Cap.used + Cap.held > Cap.limit
    )
    return session.scalar(query) is not None
