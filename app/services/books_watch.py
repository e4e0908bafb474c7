"""The books are checked by the clock too, and the reseller is told of a breach."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.settings import Notice
from app.models.types import utc_now
from app.services.books import check_books
from app.services.notices import clear_notice, raise_notice
from app.services.work import unit_of_work

KEY = "books"


def watch_books(*, now: datetime | None = None) -> int:
    """Check the books and keep the number of breaches as the open notice `books`, or clear it. Returns the number."""
    now = now or utc_now()
    breaches = check_books()
    with unit_of_work() as session:
        if breaches:
            raise_notice(session, KEY, "books", f"{len(breaches)}: {breaches[0]}", now=now)
        else:
            clear_notice(session, KEY, now=now)
    return len(breaches)


def known_breaches(session: Session) -> int:
    """How many breaches the last check found; the metrics show it."""
    detail = session.scalar(select(Notice.detail).where(Notice.key == KEY, Notice.cleared_at.is_(None)))
    found = re.match(r"\d+", detail or "")
    return int(found.group()) if found else 0
