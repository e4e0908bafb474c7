"""Customers: found, opened, edited, frozen and thawed, with their grants beside them."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.models.audit import AuditEntry
from app.models.batches import Batch
from app.models.customers import ChargeOn, Customer, CustomerState
from app.models.packages import Grant
from app.rooms.columns import Column
from app.rooms.deeds import Deed
from app.rooms.fields import OneOf, Text, Yes
from app.rooms.forms import Form, asking_why
from app.rooms.related import Related
from app.rooms.searches import Beginning, Choice, Period, Phone
from app.rooms.words import badge, moment, phone
from app.services import customers
from app.services.balances import Balance, balances_of
from app.views.base import ADMINISTRATOR, FINANCE, OPERATOR, StaffRoom
from app.views.grants import ASSIGN, GrantRoom


class CustomerForm(Form):
    name = Text(_l("Company"), most=100, required=True, hint=_l("As it stands on the business licence."))
    contact_name = Text(_l("Contact person"), most=50)
    phone = Text(_l("Phone"), most=20, hint=_l("Eleven digits, for example 13800138000."))
    email = Text(_l("E-mail"), most=200)
    charge_on = OneOf(_l("Charged"), ChargeOn, default=ChargeOn.SUCCESS)
    charge_expired = Yes(
        _l("Charge messages without a receipt"),
        hint=_l("Where no receipt comes within 72 hours, the segments are given back unless this is ticked."),
    )
    groups = (
        ("", ("name", "contact_name", "phone", "email")),
        (_l("Terms"), ("charge_on", "charge_expired")),
    )


def _batches() -> Any:
    from app.views.batches import BatchRoom

    return BatchRoom


def _log() -> Any:
    from app.views.audit import AuditRoom

    return AuditRoom


class CustomerRoom(StaffRoom):
    datamodel = SQLAInterface(Customer)
    route_base = "/customers"
    title = _l("Customers")
    sentence = _l("Companies that buy and send. A frozen one signs in and is told why, but cannot send.")
    doers = frozenset({ADMINISTRATOR, OPERATOR})

    columns = (
        Column("name", _l("Company"), order=Customer.name, link=True),
        Column("contact_name", _l("Contact"), sub=lambda row: phone(row.phone)),
        Column("state", _l("State"), lambda row: badge(row.state), sub=lambda row: row.frozen_reason),
        Column("charge_on", _l("Charged"), lambda row: badge(row.charge_on)),
        Column("created_at", _l("Opened"), lambda row: moment(row.created_at), css="id", order=Customer.created_at),
    )
    searches = (
        Choice("state", _l("State"), Customer.state, members=CustomerState, tabs=True),
        Beginning("name", _l("Company"), Customer.name, hint=_l("Beginning of the company's name")),
        Phone("phone", _l("Phone"), Customer.phone),
        Period("created_at", _l("Opened"), Customer.created_at),
    )
    facts = (
        (_l("Details"), (
            Column("contact_name", _l("Contact person")),
            Column("phone", _l("Phone"), lambda row: phone(row.phone)),
            Column("email", _l("E-mail")),
            Column("created_at", _l("Opened"), lambda row: moment(row.created_at)),
        )),
        (_l("Terms"), (
            Column("charge_on", _l("Charged"), lambda row: badge(row.charge_on)),
            Column("charge_expired", _l("Without a receipt"),
                   lambda row: gettext("charged") if row.charge_expired else gettext("given back")),
        )),
    )
    related = (
        Related(_l("Grants"), lambda: GrantRoom, lambda row: Grant.customer_id == row.id,
                hide=frozenset({"customer"})),
        Related(_l("Tasks"), _batches, lambda row: Batch.customer_id == row.id, hide=frozenset({"customer"})),
        Related(_l("Log"), _log,
                lambda row: (AuditEntry.subject_kind == "customers") & (AuditEntry.subject_id == row.id)),
    )
    empty_next = _l("Open the first one. Customers can also register on the portal.")

    add_form = CustomerForm
    add_service = customers.open_customer
    add_label = _l("Open a customer")
    add_done = _l("The customer is open.")
    edit_form = CustomerForm
    edit_service = customers.edit_customer
    delete_service = customers.delete_customer
    delete_done = _l("The customer is gone.")

    @staticmethod
    def delete_asks(row: Customer) -> str:
        return gettext("%(name)s goes for good. This is for one opened by mistake: a customer that ever had a grant, "
                       "a signature, a template or a task stays.", name=row.name)

    deeds = (
        Deed(
            "freeze", _l("Freeze"), customers.freeze_customer, form=asking_why(_l("Reason"), hint=_l(
                "The customer reads it.")), done=_l("Frozen."), danger=True, bulk=True,
            fits=lambda row: row.state is CustomerState.ACTIVE,
            asks=lambda row: gettext("Nothing more is sent, and running tasks pause at their next call. "
                                     "What was handed over still gets its receipts. It can be thawed at any time."),
        ),
        Deed("thaw", _l("Thaw"), customers.thaw_customer, form=asking_why(_l("Reason"), required=False),
             done=_l("Thawed."), bulk=True, fits=lambda row: row.state is CustomerState.FROZEN),
        Deed("assign", _l("Assign a grant"), ASSIGN.service, form=ASSIGN.form, done=_l("Assigned."), primary=True,
             may=frozenset({ADMINISTRATOR, FINANCE})),
    )

    show_template = "rooms/customer.html"

    @staticmethod
    def balances(row: Customer) -> list[Balance]:
        return balances_of(row.id)

    def heading(self, row: Customer) -> str:
        return row.name

    def mark(self, row: Customer) -> Markup:
        return badge(row.state)

    def under(self, row: Customer) -> str:
        return row.frozen_reason
