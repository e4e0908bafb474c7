"""Telling the reseller: one open notice for each thing that is wrong, cleared when it is right again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.models.settings import Notice
from app.services.work import insert_into


def raise_notice(session: Session, key: str, kind: str, detail: str, *, now: datetime) -> None:
    """Open the notice `key`, or count it once more where it is open. Joins the caller's unit."""
    statement = insert_into(session, Notice).values(key=key, kind=kind, detail=detail, times=1, raised_at=now)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Notice.key],
            index_where=Notice.cleared_at.is_(None),
            set_={"times": Notice.times + 1, "detail": detail},
        )
    )


def clear_notice(session: Session, key: str, *, now: datetime) -> None:
    session.execute(update(Notice).where(Notice.key == key, Notice.cleared_at.is_(None)).values(cleared_at=now))


def open_notices(session: Session) -> list[Notice]:
    return list(session.scalars(select(Notice).where(Notice.cleared_at.is_(None)).order_by(Notice.id)))


def count_open(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Notice).where(Notice.cleared_at.is_(None))) or 0
