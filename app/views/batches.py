"""Task records: one line a batch with what became of its messages; pause, resume, cancel."""

from __future__ import annotations

from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from app.domain.message_types import MessageType
from app.models.batches import Batch
from app.models.states import BatchState
from app.rooms.columns import Column
from app.rooms.deeds import Deed
from app.rooms.forms import Question, asking_why
from app.rooms.recipients import BatchPages, can_cancel, can_pause, cancel, named, pause, paused_because, resume
from app.rooms.searches import Choice, Number, Period, Related
from app.rooms.words import badge, count, moment, tag, word_of
from app.services import choices
from app.views.base import ADMINISTRATOR, OPERATOR, StaffRoom
from app.views.messages import MessageRoom

STATES = (
    BatchState.SENDING, BatchState.QUEUED, BatchState.SCHEDULED, BatchState.PAUSED, BatchState.SENT, BatchState.DONE,
    BatchState.CANCELLED, BatchState.REFUSED,
)


class BatchRoom(BatchPages, StaffRoom):
    datamodel = SQLAInterface(Batch)
    route_base = "/batches"
    recipients = MessageRoom
    also = ("live",)
    title = _l("Task records")
    sentence = _l("One line for each task: what was sent, what came back, and what it cost.")
    doers = frozenset({ADMINISTRATOR, OPERATOR})
    loads = (joinedload(Batch.customer),)

    columns = (
        Column("subject", _l("Task"), named, sub=lambda row: f"#{row.id}", link=True),
        Column("customer", _l("Customer"), lambda row: row.customer.name),
        Column("kind", _l("Type"), lambda row: tag(row.kind)),
        Column("state", _l("State"), lambda row: badge(row.state), sub=paused_because),
        Column("good", _l("Messages"), lambda row: count(row.good), css="num"),
        Column("segments", _l("Segments"), lambda row: count(row.segments), css="num"),
        Column("delivered", _l("Delivered"), lambda row: count(row.delivered), css="num"),
        Column("failed", _l("Failed"), lambda row: count(row.failed + row.expired), css="num"),
        Column("created_at", _l("Made"), lambda row: moment(row.created_at), css="id", order=Batch.created_at),
    )
    searches = (
        Choice("state", _l("State"), Batch.state, members=BatchState, tabs=True, only=STATES),
        Number("id", _l("Number"), Batch.id, hint=_l("Number of the task")),
        Related("customer", _l("Customer"), Batch.customer_id, choices=choices.customers),
        Choice("kind", _l("Type"), Batch.kind, members=MessageType),
        Period("created_at", _l("Made"), Batch.created_at),
    )
    facts = (
        (_l("Message"), (
            Column("sign_name", _l("Signature")),
            Column("template_code", _l("Template"), lambda row: row.template_code, css="code"),
            Column("kind", _l("Type"), lambda row: tag(row.kind)),
        )),
        (_l("Task"), (
            Column("customer", _l("Customer"), lambda row: row.customer.name),
            Column("by", _l("By")),
            Column("created_at", _l("Made"), lambda row: moment(row.created_at)),
            Column("scheduled_at", _l("Set for"), lambda row: moment(row.scheduled_at)),
            Column("started_at", _l("Begun"), lambda row: moment(row.started_at)),
            Column("paused_from", _l("Before the pause"),
                   lambda row: word_of(row.paused_from) if row.paused_from else ""),
            Column("ended_at", _l("Ended"), lambda row: moment(row.ended_at)),
        )),
        (_l("Lines of the input"), (
            Column("good", _l("Good"), lambda row: count(row.good)),
            Column("repeated", _l("Repeated"), lambda row: count(row.repeated)),
            Column("invalid", _l("Invalid"), lambda row: count(row.invalid)),
            Column("blocked", _l("Blacklisted"), lambda row: count(row.blocked)),
        )),
    )
    empty = _l("Nothing has been sent yet.")

    deeds = (
        Deed("pause", _l("Pause"), pause, form=asking_why(_l("Reason"), required=False), done=_l("Paused."),
             fits=can_pause, bulk=True,
             asks=lambda row: gettext("%(count)s messages wait in the queue and stay there; their segments stay held. "
                                      "It goes on exactly where it stopped.", count=count(row.queued))),
        Deed("resume", _l("Resume"), resume, form=Question, done=_l("It goes on."), primary=True,
             fits=lambda row: row.state is BatchState.PAUSED, bulk=True),
        Deed("cancel", _l("Cancel the rest"), cancel, form=asking_why(_l("Reason")), done=_l("Cancelled."),
             danger=True, fits=can_cancel,
             asks=lambda row: gettext("%(count)s messages that are not handed over will never be sent, and their "
                                      "segments come back. What was handed over runs out.", count=count(row.queued))),
    )

    def heading(self, row: Batch) -> str:
        return named(row)

    def mark(self, row: Batch) -> Markup:
        return badge(row.state)

    def under(self, row: Batch) -> str:
        return gettext("%(customer)s, by %(by)s at %(time)s, signature %(signature)s",
                       customer=row.customer.name, by=row.by, time=moment(row.created_at), signature=row.sign_name)
