"""Grants: what each customer has to send with, where it came from, and what may be done to it."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from app.domain.message_types import MessageType
from app.models.packages import Grant, GrantSource, GrantState, LedgerEntry
from app.rooms.columns import Column
from app.rooms.deeds import Deed
from app.rooms.fields import Day, LongText, OneOf, Row, Whole
from app.rooms.forms import Form, asking_why
from app.rooms.grants import stands
from app.rooms.related import Related as Under
from app.rooms.searches import Choice, Period, Related
from app.rooms.words import badge, count, moment, tag
from app.services import choices, grants
from app.services.grants import MAX_SIZE
from app.views.base import ADMINISTRATOR, FINANCE, StaffRoom
from app.views.ledger import EntryRoom

REASON = _l("Test, offline sale with its amount, gift: it stands in the books.")


class AssignForm(Form):
    kind = OneOf(_l("Type"), MessageType)
    size = Whole(_l("Segments"), least=1, most=MAX_SIZE, hint=_l("For example 50000."))
    valid_until = Day(_l("Valid until"), hint=_l("To the end of this day."))
    reason = LongText(_l("Reason"), required=True, hint=REASON)


class AddForm(AssignForm):
    customer_id = Row(_l("Customer"), choices.customers)
    groups = (("", ("customer_id", "kind", "size", "valid_until", "reason")),)


class AdjustForm(Form):
    change = Whole(_l("Change"), least=-MAX_SIZE, most=MAX_SIZE,
                   hint=_l("Segments to add; with a minus sign, to take. Only what is free can be taken."))
    reason = LongText(_l("Reason"), required=True, hint=_l("It stands in the books for ever."))


class DateForm(Form):
    valid_until = Day(_l("Valid until"), hint=_l("To the end of this day. What has lapsed does not come back."))
    reason = LongText(_l("Reason"))


ASSIGN = Deed("assign", _l("Assign a grant"), grants.assign_grant, form=AssignForm)


class GrantRoom(StaffRoom):
    datamodel = SQLAInterface(Grant)
    route_base = "/grants"
    title = _l("Grants")
    sentence = _l("Segments bought or assigned. Used is never typed in: it follows from what was sent.")
    doers = frozenset({ADMINISTRATOR, FINANCE})
    loads = (joinedload(Grant.customer),)

    columns = (
        Column("created_at", _l("Time"), lambda row: moment(row.created_at), css="id", link=True),
        Column("customer", _l("Customer"), lambda row: row.customer.name),
        Column("kind", _l("Type"), lambda row: tag(row.kind)),
        Column("size", _l("Size"), lambda row: count(row.size), css="num"),
        Column("used", _l("Used"), lambda row: count(row.used), css="num"),
        Column("remaining", _l("Remaining"), lambda row: count(row.remaining), css="num b",
               sub=lambda row: gettext("%(held)s held", held=count(row.held)) if row.held else ""),
        Column("valid_until", _l("Valid until"), lambda row: row.valid_until.isoformat(), css="id",
               order=Grant.valid_until),
        Column("state", _l("State"), stands),
        Column("source", _l("Source"), lambda row: badge(row.source), sub=lambda row: row.reason),
    )
    searches = (
        Choice("state", _l("State"), Grant.state, members=GrantState, tabs=True),
        Related("customer", _l("Customer"), Grant.customer_id, choices=choices.customers),
        Choice("kind", _l("Type"), Grant.kind, members=MessageType),
        Choice("source", _l("Source"), Grant.source, members=GrantSource),
        Period("valid_until", _l("Valid until"), Grant.valid_until),
    )
    facts = (
        (_l("Segments"), (
            Column("size", _l("Size"), lambda row: count(row.size)),
            Column("used", _l("Used"), lambda row: count(row.used)),
            Column("held", _l("Held by running tasks"), lambda row: count(row.held)),
            Column("lapsed", _l("Lapsed"), lambda row: count(row.lapsed)),
            Column("remaining", _l("Remaining"), lambda row: count(row.remaining)),
        )),
        (_l("Details"), (
            Column("customer", _l("Customer"), lambda row: row.customer.name),
            Column("kind", _l("Type"), lambda row: tag(row.kind)),
            Column("valid_until", _l("Valid until"), lambda row: row.valid_until.isoformat()),
            Column("source", _l("Source"), lambda row: badge(row.source)),
            Column("created_at", _l("Since"), lambda row: moment(row.created_at)),
            Column("reason", _l("Reason")),
        )),
    )
    related = (
        Under(_l("Ledger"), lambda: EntryRoom, lambda row: LedgerEntry.grant_id == row.id,
              hide=frozenset({"grant_id"})),
    )
    add_form = AddForm
    add_service = grants.assign_grant
    add_label = _l("Assign a grant")
    add_done = _l("Assigned.")

    deeds = (
        Deed("adjust", _l("Adjust"), grants.adjust_grant, form=AdjustForm, done=_l("Adjusted."), row=True,
             fits=lambda row: row.state is not GrantState.VOID),
        Deed("date", _l("Change the last day"), grants.change_valid_until, form=DateForm, done=_l("Changed.")),
        Deed("freeze", _l("Freeze"), grants.freeze_grant, form=asking_why(_l("Reason")), done=_l("Frozen."),
             fits=lambda row: row.state is GrantState.NORMAL, bulk=True,
             asks=lambda row: gettext("No new task can use it until it is thawed. What is held settles as ever.")),
        Deed("thaw", _l("Thaw"), grants.thaw_grant, form=asking_why(_l("Reason"), required=False),
             done=_l("Thawed."), fits=lambda row: row.state is GrantState.FROZEN, bulk=True),
        Deed("void", _l("Void"), grants.void_grant, form=asking_why(_l("Reason")), done=_l("Void."), danger=True,
             fits=lambda row: row.state is not GrantState.VOID,
             asks=lambda row: gettext(
                 "%(free)s segments lapse at once and for good. %(held)s held by running tasks settle as ever; "
                 "what comes back of them lapses too.", free=count(row.remaining), held=count(row.held))),
    )

    def heading(self, row: Grant) -> str:
        return gettext("Grant %(number)s · %(customer)s", number=row.id, customer=row.customer.name)

    def mark(self, row: Grant) -> Any:
        return stands(row)
