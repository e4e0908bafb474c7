"""The log: who did what, when, from where. Nobody can change it, and the database refuses to."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import lazy_gettext as _l

from app.models.audit import AuditEntry
from app.rooms.columns import Column
from app.rooms.searches import Beginning, OneWord, Period
from app.rooms.words import ACTIONS, FIELDS, SUBJECTS, moment
from app.views.base import StaffRoom


def change(row: AuditEntry) -> str:
    """What was and what is, field by field."""
    before, after = row.before or {}, row.after or {}
    parts = []
    for field in [*before, *(field for field in after if field not in before)]:
        old, new = before.get(field, ""), after.get(field, "")
        if old != new:
            name = FIELDS.get(field, field)
            parts.append(f"{name} {old} → {new}" if old != "" else f"{name} {new}")
    return " · ".join(parts)[:500]


def subject(row: AuditEntry) -> str:
    return f"{SUBJECTS.get(row.subject_kind, row.subject_kind)} {row.subject_id or ''}".strip()


class AuditRoom(StaffRoom):
    datamodel = SQLAInterface(AuditEntry)
    route_base = "/log"
    title = _l("Log")
    sentence = _l("Who did what, when and from where. Nobody can change it, not even the administrator.")
    columns: tuple[Any, ...] = (
        Column("created_at", _l("Time"), lambda row: moment(row.created_at), css="id", link=True),
        Column("by", _l("By"), sub=lambda row: row.ip),
        Column("action", _l("What"), lambda row: ACTIONS.get(row.action, row.action)),
        Column("subject", _l("On"), subject, css="id"),
        Column("change", _l("Change"), change, css="full"),
        Column("reason", _l("Reason")),
    )
    searches = (
        Beginning("by", _l("By"), AuditEntry.by, hint=_l("Beginning of the name")),
        OneWord("action", _l("What"), AuditEntry.action, words=ACTIONS),
        OneWord("subject_kind", _l("On"), AuditEntry.subject_kind, words=SUBJECTS),
        Period("created_at", _l("Time"), AuditEntry.created_at),
    )
    facts = (
        (_l("Entry"), (
            Column("created_at", _l("Time"), lambda row: moment(row.created_at)),
            Column("by", _l("By")),
            Column("ip", _l("From")),
            Column("action", _l("What"), lambda row: ACTIONS.get(row.action, row.action)),
            Column("subject", _l("On"), subject),
            Column("change", _l("Change"), change),
            Column("reason", _l("Reason")),
        )),
    )

    def heading(self, row: AuditEntry) -> str:
        return f"{ACTIONS.get(row.action, row.action)} · {subject(row)}"
