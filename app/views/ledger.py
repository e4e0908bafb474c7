"""The ledger: grants at the left, every entry of the chosen one beside them."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from app.domain.message_types import MessageType
from app.models.packages import Grant, LedgerEntry
from app.rooms.columns import Column
from app.rooms.grants import stands
from app.rooms.master import MasterDetail
from app.rooms.related import Related as Under
from app.rooms.searches import Choice, Related
from app.rooms.words import badge, count, moment, word_of
from app.services import choices
from app.views.base import StaffRoom


class EntryRoom(StaffRoom):
    datamodel = SQLAInterface(LedgerEntry)
    route_base = "/entries"
    title = _l("Entries")
    sentence = _l("Every change of every grant. Entries are only added, never changed.")
    columns = (
        Column("created_at", _l("Time"), lambda row: moment(row.created_at), css="id"),
        Column("kind", _l("Entry"), lambda row: badge(row.kind)),
        Column("segments", _l("Segments"), lambda row: count(row.segments), css="num"),
        Column("grant_id", _l("Grant"), css="id"),
        Column("by", _l("By")),
        Column("reason", _l("Reason")),
    )


class LedgerRoom(MasterDetail, StaffRoom):
    datamodel = SQLAInterface(Grant)
    route_base = "/ledger"
    title = _l("Ledger")
    sentence = _l("Every change of every grant. Entries are only added, never changed.")
    loads = (joinedload(Grant.customer),)
    columns = (Column("customer", _l("Customer"), lambda row: row.customer.name),)
    searches = (
        Related("customer", _l("Customer"), Grant.customer_id, choices=choices.customers),
        Choice("kind", _l("Type"), Grant.kind, members=MessageType),
    )
    related = (
        Under(_l("Entries"), lambda: EntryRoom, lambda row: LedgerEntry.grant_id == row.id,
              hide=frozenset({"grant_id"})),
    )

    def heading(self, row: Grant) -> str:
        return row.customer.name

    def under(self, row: Grant) -> str:
        return gettext("%(kind)s · %(left)s of %(size)s left", kind=word_of(row.kind), left=count(row.remaining),
                       size=count(row.size))

    def mark(self, row: Grant) -> Any:
        return stands(row)
