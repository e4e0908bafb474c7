"""The customer's first rooms: what they have to send with, what they sent, and to whom."""

from __future__ import annotations

from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.domain.roles import Role
from app.models.batches import Batch
from app.models.messages import Message
from app.models.packages import Grant, GrantState
from app.models.states import BatchState
from app.portal.base import TenantRoom
from app.rooms.columns import Column
from app.rooms.deeds import Deed
from app.rooms.forms import Question, asking_why
from app.rooms.grants import stands
from app.rooms.recipients import (
    RECIPIENTS,
    BatchPages,
    can_cancel,
    can_pause,
    cancel,
    named,
    pause,
    paused_because,
    resume,
)
from app.rooms.searches import Choice, Number, Period, Phone
from app.rooms.words import badge, count, moment, tag
from app.security import current_asker
from app.services.balances import Balance, balances_of

OWNER = frozenset({Role.OWNER})


class MyGrantRoom(TenantRoom):
    datamodel = SQLAInterface(Grant)
    route_base = "/console/grants"
    title = _l("What is left")
    sentence = _l("Segments you bought or were given, and how long they can be used.")
    columns = (
        Column("created_at", _l("Time"), lambda row: moment(row.created_at), css="id"),
        Column("kind", _l("Type"), lambda row: tag(row.kind)),
        Column("size", _l("Size"), lambda row: count(row.size), css="num"),
        Column("used", _l("Used"), lambda row: count(row.used), css="num"),
        Column("remaining", _l("Remaining"), lambda row: count(row.remaining), css="num b"),
        Column("valid_until", _l("Valid until"), lambda row: row.valid_until.isoformat(), css="id"),
        Column("state", _l("State"), stands),
    )
    searches = (Choice("state", _l("State"), Grant.state, members=GrantState, tabs=True),)
    list_template = "rooms/my_grants.html"

    @staticmethod
    def balances() -> list[Balance]:
        customer_id = current_asker().customer_id
        return balances_of(customer_id) if customer_id is not None else []


class MyMessageRoom(TenantRoom):
    datamodel = SQLAInterface(Message)
    route_base = "/console/messages"
    title = _l("Numbers")
    sentence = _l("Every message by its recipient. Type a number, or its first digits.")
    columns = RECIPIENTS
    searches = (Phone("phone", _l("Phone"), Message.phone, hint=_l("Whole number, or its first digits")),)


class MyBatchRoom(BatchPages, TenantRoom):
    datamodel = SQLAInterface(Batch)
    route_base = "/console/batches"
    recipients = MyMessageRoom
    also = ("live",)
    title = _l("Tasks")
    sentence = _l("What you sent, what came back, and what it cost.")
    columns = (
        Column("subject", _l("Task"), named, sub=lambda row: f"#{row.id}", link=True),
        Column("kind", _l("Type"), lambda row: tag(row.kind)),
        Column("state", _l("State"), lambda row: badge(row.state), sub=paused_because),
        Column("good", _l("Messages"), lambda row: count(row.good), css="num"),
        Column("delivered", _l("Delivered"), lambda row: count(row.delivered), css="num"),
        Column("failed", _l("Failed"), lambda row: count(row.failed + row.expired), css="num"),
        Column("created_at", _l("Made"), lambda row: moment(row.created_at), css="id"),
    )
    searches = (
        Number("id", _l("Number"), Batch.id, hint=_l("Number of the task")),
        Period("created_at", _l("Made"), Batch.created_at),
    )
    facts = (
        (_l("Task"), (
            Column("sign_name", _l("Signature")),
            Column("template_code", _l("Template"), css="code"),
            Column("by", _l("By")),
            Column("created_at", _l("Made"), lambda row: moment(row.created_at)),
            Column("ended_at", _l("Ended"), lambda row: moment(row.ended_at)),
        )),
    )
    deeds = (
        Deed("pause", _l("Pause"), pause, form=asking_why(_l("Reason"), required=False), done=_l("Paused."),
             fits=can_pause),
        Deed("resume", _l("Resume"), resume, form=Question, done=_l("It goes on."), primary=True,
             fits=lambda row: row.state is BatchState.PAUSED and row.pause_code == "person"),
        Deed("cancel", _l("Cancel the rest"), cancel, form=asking_why(_l("Reason")), done=_l("Cancelled."),
             danger=True, fits=can_cancel, may=OWNER,
             asks=lambda row: gettext("%(count)s messages that are not handed over will never be sent, and their "
                                      "segments come back. What was handed over runs out.", count=count(row.queued))),
    )

    def heading(self, row: Batch) -> str:
        return named(row)

    def mark(self, row: Batch) -> Markup:
        return badge(row.state)
