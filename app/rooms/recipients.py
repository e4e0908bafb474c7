"""Recipients as a list, and a batch's page: the same for staff and for the customer whose batch it is."""

from __future__ import annotations

import json
from typing import Any

from flask import Response
from flask_appbuilder import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.domain.phones import guess_carrier
from app.models.batches import Batch, Chunk
from app.models.messages import Message
from app.models.states import BATCH_ENDED, BatchState, MessageState
from app.rooms.base import PK, guarded
from app.rooms.columns import Column
from app.rooms.searches import Choice, Phone
from app.rooms.words import MESSAGE_STATES, badge, clock, count, moment, phone
from app.services.failures import meaning_of
from app.services.sending.running import cancel_batch, pause_batch, resume_batch
from app.services.sending.story import SHOWN, batch_story

CARRIERS = {
    "mobile": _l("China Mobile"), "unicom": _l("China Unicom"), "telecom": _l("China Telecom"),
    "broadcast": _l("China Broadnet"), "virtual": _l("Virtual operator"), "satellite": _l("Satellite"),
    "unknown": _l("Unknown"),
}
ACTS = {
    "customer": _l("Correct the number or the text"),
    "reseller": _l("The reseller looks into it"),
    "recipient": _l("Only the recipient can change it"),
    "provider": _l("Nothing to do; the provider answers for it"),
    "nobody": _l("Nothing to do"),
}
PAUSES = {
    "frozen": _l("The customer is frozen."),
    "hours": _l("Promotions go out in the hours set for them; it goes on by itself."),
    "late": _l("Its time was long past when the house came back. Look whether it should still go."),
}


def charged(row: Message) -> Any:
    """Segments paid for; "held" as long as that is open."""
    if row.state in (MessageState.FAILED, MessageState.CANCELLED, MessageState.EXPIRED):
        return ""
    return count(row.segments) if row.state is MessageState.DELIVERED else gettext("held")


def variables(row: Message) -> str:
    return "，".join(map(str, json.loads(row.variables))) if row.variables else ""


def answer(row: Message) -> str:
    """The code that came back, and what it means."""
    return f"{row.code} {gettext(meaning_of(row.code))}" if row.code else ""


RECIPIENTS = (
    Column("phone", _l("Phone"), lambda row: phone(row.phone), css="id"),
    Column("carrier", _l("Number range"), lambda row: CARRIERS[guess_carrier(row.phone)], css="hide-m"),
    Column("variables", _l("Variables"), variables, css="hide-m"),
    Column("segments", _l("Charged"), charged, css="num hide-m"),
    Column("state", _l("State"), lambda row: badge(row.state)),
    Column("reported_at", _l("Receipt"), lambda row: moment(row.reported_at), css="id hide-m"),
    Column("code", _l("Answer"), answer, css="full sub"),
)
SEARCHES = (
    Choice("state", _l("State"), Message.state, members=MessageState, tabs=True, only=SHOWN),
    Phone("phone", _l("Phone"), Message.phone, hint=_l("Whole number, or its first digits")),
)


def named(row: Batch) -> str:
    """What people call a batch: its subject, or the signature it goes out under."""
    return row.subject or row.sign_name


def paused_because(row: Batch) -> Any:
    """Why a batch stands still, in the reader's language; what a person typed as it was typed."""
    if row.state is not BatchState.PAUSED:
        return ""
    said = PAUSES.get(row.pause_code)
    if said is not None:
        return said
    reason = gettext(row.pause_reason) if row.pause_reason else gettext("No reason was given.")
    return gettext("Paused by %(by)s: %(reason)s", by=row.paused_by, reason=reason)


def can_pause(row: Batch) -> bool:
    return row.state in (BatchState.QUEUED, BatchState.SENDING, BatchState.SCHEDULED)


def can_cancel(row: Batch) -> bool:
    return row.state not in (*BATCH_ENDED, BatchState.SENT, BatchState.CANCELLING, BatchState.PREPARING)


def pause(pk: int, *, by: str, reason: str = "") -> None:
    pause_batch(pk, by=by, reason=reason)


def resume(pk: int, *, by: str) -> None:
    resume_batch(pk, by=by)


def cancel(pk: int, *, by: str, reason: str = "") -> None:
    cancel_batch(pk, by=by, reason=reason)


class BatchPages:
    """A batch's page, and the part of it that renews itself. Mixed into a room over Batch."""

    recipients: Any  # the class of the room over Message of the same web

    @expose(f"/show/{PK}")
    @guarded("show")
    def show(self: Any, pk: int) -> Response:
        row = self.row(pk)
        room = next(view for view in self.appbuilder.baseviews if type(view) is self.recipients)
        chunks = select(Chunk.id).where(Chunk.batch_id == pk)
        page = room.page(Message.chunk_id.in_(chunks), searches=SEARCHES, plain=True,
                         natural=(Message.chunk_id, Message.phone))
        return self._batch("rooms/batch.html", row, page=page, searches=SEARCHES, other=room, columns=RECIPIENTS)

    @expose(f"/live/{PK}")
    @guarded("show")
    def live(self: Any, pk: int) -> Response:
        """The moving part alone; the page fetches it every two seconds."""
        return self._batch("rooms/_story.html", self.row(pk))

    def _batch(self: Any, template: str, row: Batch, **values: Any) -> Response:
        return self.draw(template, row=row, story=batch_story(row), states=MESSAGE_STATES, shown=SHOWN, acts=ACTS,
                         because=paused_because(row), clock=clock, **values)
