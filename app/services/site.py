"""The reseller's own settings: one row, made on first use."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.settings import SiteSettings
from app.models.types import utc_now
from app.services import audit
from app.services.notices import clear_notice
from app.services.work import insert_into, unit_of_work

RESTORED = "restored"  # the notice that a database turned out to be an older one


def site_settings(session: Session) -> SiteSettings:
    settings = session.scalar(select(SiteSettings).where(SiteSettings.id == 1))
    if settings is None:
        # In a unit of its own where the asker only reads: no reader may keep the write lock.
        with unit_of_work():
            session.execute(insert_into(session, SiteSettings).values(id=1).on_conflict_do_nothing())
        settings = session.scalars(select(SiteSettings).where(SiteSettings.id == 1)).one()
    return settings


def stop_sending(*, by: str, reason: str) -> None:
    """Nothing is claimed any more, by any worker, until `allow_sending`. Again: nothing changes."""
    _switch(True, by=by, reason=reason)


def allow_sending(*, by: str, reason: str = "") -> None:
    _switch(False, by=by, reason=reason)


def _switch(stopped: bool, *, by: str, reason: str) -> None:
    with unit_of_work() as session:
        settings = site_settings(session)
        if settings.sending_stopped is not stopped:
            settings.sending_stopped = stopped
            audit.record("stop sending" if stopped else "allow sending", settings, by=by, reason=reason)
        if not stopped:
            clear_notice(session, RESTORED, now=utc_now())


def name_company(company: str, *, by: str) -> None:
    """Whose house this is; shown on every page. The same name again: nothing changes."""
    with unit_of_work() as session:
        settings = site_settings(session)
        if settings.company != company:
            audit.record("name company", settings, by=by, before={"company": settings.company},
                         after={"company": company})
            settings.company = company
