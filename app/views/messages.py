"""Recipients of all tasks, found by number: what became of the message to this phone?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.models.messages import Message
from app.rooms.columns import Column
from app.rooms.recipients import RECIPIENTS
from app.rooms.searches import Phone, Related
from app.services import choices
from app.services.names import customers_of, tasks_of
from app.views.base import StaffRoom


def task(row: Any) -> Any:
    number = row.task
    return Markup('<a href="{}">#{}</a>').format(url_for("BatchRoom.show", pk=number), number) if number else ""


class MessageRoom(StaffRoom):
    datamodel = SQLAInterface(Message)
    route_base = "/messages"
    title = _l("Numbers")
    sentence = _l("Every message by its recipient. Type a number, or its first digits.")
    columns = (
        Column("task", _l("Task"), task, css="id"),
        Column("customer", _l("Customer"), lambda row: row.customer_name),
        *RECIPIENTS,
    )
    searches = (
        Phone("phone", _l("Phone"), Message.phone, hint=_l("Whole number, or its first digits")),
        Related("customer", _l("Customer"), Message.customer_id, choices=choices.customers),
    )

    def read(self, rows: Sequence[Any]) -> None:
        """A message is narrow: its task and its customer's name are read for the page, in two statements."""
        tasks, names = tasks_of({row.chunk_id for row in rows}), customers_of({row.customer_id for row in rows})
        for row in rows:
            row.task, row.customer_name = tasks.get(row.chunk_id), names.get(row.customer_id, "")
