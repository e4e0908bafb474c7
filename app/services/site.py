"""The reseller's own settings: one row, made on first use; and how their house looks."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.colours import clean_brand
from app.domain.errors import N_, Refused
from app.models.settings import SiteSettings
from app.models.types import utc_now
from app.services import audit
from app.services.notices import clear_notice
from app.services.pictures import clean_logo
from app.services.work import current_session, insert_into, unit_of_work

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


@dataclass(frozen=True)
class Looks:
    """What every page shows of the reseller. `version` goes into the addresses of the colour and the logo."""

    name: str = ""
    brand: str = "#0b6b50"
    version: int = 0
    has_logo: bool = False


def looks() -> Looks:
    """One statement, so that a change is seen at once by every process."""
    row = current_session().execute(
        select(SiteSettings.company, SiteSettings.brand, SiteSettings.looks, SiteSettings.has_logo)
        .where(SiteSettings.id == 1)
    ).one_or_none()
    return Looks(*row) if row is not None else Looks()


def logo() -> bytes | None:
    return current_session().scalar(select(SiteSettings.logo).where(SiteSettings.id == 1))


def change_looks(
    settings_id: int, *, company: str, brand: str, logo: bytes | None, without_logo: bool, by: str
) -> SiteSettings:
    """The reseller's name, colour and picture; no new picture keeps the old one. Again: nothing changes.

    Raises `Refused` for an empty name, a colour on which white cannot be read, and what is no picture.
    """
    company, brand = company.strip(), clean_brand(brand)
    if not company:
        raise Refused("company", N_("Give the name that customers read."))
    picture = clean_logo(logo) if logo else None
    with unit_of_work() as session:
        settings = site_settings(session)
        before = {"company": settings.company, "brand": settings.brand, "logo": settings.has_logo}
        wanted = None if without_logo else picture or settings.logo
        changed = (settings.company, settings.brand, settings.logo) != (company, brand, wanted)
        if changed:
            settings.company, settings.brand, settings.logo = company, brand, wanted
            settings.has_logo, settings.looks = wanted is not None, settings.looks + 1
            audit.record("change looks", settings, by=by, before=before,
                         after={"company": company, "brand": brand, "logo": wanted is not None})
    return settings
