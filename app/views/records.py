"""Send records: who sent what under which signature and template, and to how many."""

from __future__ import annotations

from flask import url_for
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from app.models.batches import Batch
from app.models.states import BatchOrigin
from app.rooms.columns import Column
from app.rooms.searches import Choice, Period, Related
from app.rooms.words import badge, count, moment, tag
from app.services import choices
from app.views.base import StaffRoom


def detail(row: Batch) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url_for("BatchRoom.show", pk=row.id), row.subject or f"#{row.id}")


class RecordRoom(StaffRoom):
    datamodel = SQLAInterface(Batch)
    route_base = "/records"
    title = _l("Send records")
    sentence = _l("Who sent what, under which signature and template, and to how many.")
    loads = (joinedload(Batch.customer), joinedload(Batch.template))
    columns = (
        Column("created_at", _l("Time"), lambda row: moment(row.created_at), css="id"),
        Column("subject", _l("Task"), detail),
        Column("customer", _l("Customer"), lambda row: row.customer.name, sub=lambda row: row.by),
        Column("sign_name", _l("Signature")),
        Column("template", _l("Template"), lambda row: row.template.name, sub=lambda row: row.template_code),
        Column("kind", _l("Type"), lambda row: tag(row.kind)),
        Column("origin", _l("Sent from"), lambda row: badge(row.origin)),
        Column("good", _l("Valid numbers"), lambda row: count(row.good), css="num"),
        Column("invalid", _l("Invalid"), lambda row: count(row.invalid + row.repeated + row.blocked), css="num"),
    )
    searches = (
        Related("customer", _l("Customer"), Batch.customer_id, choices=choices.customers),
        Related("signature", _l("Signature"), Batch.signature_id, choices=choices.signatures, under="customer"),
        Related("template", _l("Template"), Batch.template_id, choices=choices.templates, under="customer"),
        Choice("origin", _l("Sent from"), Batch.origin, members=BatchOrigin),
        Period("created_at", _l("Time"), Batch.created_at),
    )
    empty = _l("Nothing has been sent yet.")
