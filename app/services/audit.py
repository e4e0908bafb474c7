"""Who did what, written in the unit that does it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from app.models.audit import AuditEntry
from app.services.work import current_session, in_unit

# Where the asker sits; a door sets it for the length of a request.
asking_from: ContextVar[str] = ContextVar("asking_from", default="")


def record(
    action: str,
    subject: Any,
    *,
    by: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Add an entry about `subject` (a model with an id). Secrets are never among `before` and `after`."""
    if not in_unit():
        raise RuntimeError("an audit entry is written in the unit of what it tells of")
    session = current_session()
    session.flush()
    session.add(
        AuditEntry(
            by=by,
            action=action,
            subject_kind=subject.__tablename__,
            subject_id=subject.id,
            before=before,
            after=after,
            reason=reason,
            ip=asking_from.get(),
        )
    )
