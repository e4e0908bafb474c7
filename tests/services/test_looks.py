"""How the house looks: kept, versioned, logged; the same again changes nothing."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.domain.errors import Refused
from app.extensions import db
from app.models.audit import AuditEntry
from app.services import site
from tests.services.test_pictures import drawn


def change(**more: object) -> None:
    given = {"company": "海河云信", "brand": "#2b4c8c", "logo": None, "without_logo": False, "by": "test"} | more
    site.change_looks(1, **given)  # type: ignore[arg-type]


def entries() -> int:
    found = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "change looks")
    return db.session.scalar(found) or 0


def test_looks_change_once(any_app: Flask) -> None:
    change(logo=drawn("PNG", (40, 40)))
    first = site.looks()
    assert (first.name, first.brand, first.has_logo) == ("海河云信", "#2b4c8c", True)
    change()  # no new picture keeps the one there is
    assert site.looks() == first and entries() == 1
    change(without_logo=True)
    assert site.logo() is None and site.looks().version == first.version + 1
    change(without_logo=True)
    assert site.looks().version == first.version + 1 and entries() == 2


@pytest.mark.parametrize(("more", "code"), [
    ({"company": "  "}, "company"), ({"brand": "#ffff00"}, "brand"), ({"logo": b"x"}, "logo"),
])
def test_what_is_refused_changes_nothing(app: Flask, more: dict[str, object], code: str) -> None:
    before = site.looks()
    with pytest.raises(Refused) as refused:
        change(**more)
    assert refused.value.code == code and site.looks() == before
