"""The reseller's people and their roles."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Select
from sqlalchemy.orm import selectinload

from app.domain.roles import STAFF, Role
from app.rooms.columns import Column
from app.rooms.deeds import Deed
from app.rooms.fields import OneOf, Secret, Text
from app.rooms.forms import Form, Question, asking_why
from app.rooms.searches import Beginning
from app.rooms.words import badge, moment, word_of
from app.services import staff
from app.views.base import ADMINISTRATOR, StaffRoom

PASSWORD = _l("6 to 18 characters, at least two kinds of digits, letters and punctuation.")


class RoleForm(Form):
    role = OneOf(_l("Role"), Role, only=STAFF, hint=_l(
        "Operators look after customers and sending, finance after grants and orders; auditors only look."))


class OpenForm(Form):
    username = Text(_l("Name for signing in"), most=128, required=True)
    email = Text(_l("E-mail"), most=320, required=True)
    role = OneOf(_l("Role"), Role, only=STAFF)
    password = Secret(_l("First password"), required=True, hint=PASSWORD)


class PasswordForm(Form):
    password = Secret(_l("New password"), required=True, hint=PASSWORD)


def roles(row: User) -> str:
    return "、".join(str(word_of(Role(role.name))) for role in row.roles if role.name in set(Role))


def stands(row: User) -> Markup:
    return badge("normal" if row.active else "suspended")


def last_sign_in(row: User) -> str:
    # Flask-AppBuilder's columns know no time zone; they hold UTC here, as everything does.
    return moment(row.last_login.replace(tzinfo=UTC)) if row.last_login else ""


class StaffMemberRoom(StaffRoom):
    datamodel = SQLAInterface(User)
    route_base = "/staff"
    title = _l("Staff")
    sentence = _l("Who signs in on your side, and what each may do.")
    readers = frozenset({ADMINISTRATOR, Role.AUDITOR})
    doers = frozenset({ADMINISTRATOR})
    loads = (selectinload(User.roles),)
    columns = (
        Column("username", _l("Name"), order=User.username, link=True, sub=lambda row: row.email),
        Column("roles", _l("Role"), roles),
        Column("active", _l("State"), stands),
        Column("last_login", _l("Last sign-in"), last_sign_in, css="id"),
    )
    searches = (Beginning("username", _l("Name"), User.username, hint=_l("Beginning of the name")),)
    facts = (
        (_l("Details"), (
            Column("email", _l("E-mail")),
            Column("roles", _l("Role"), roles),
            Column("last_login", _l("Last sign-in"), last_sign_in),
        )),
    )
    add_form = OpenForm
    add_service = staff.open_staff
    add_label = _l("Add staff")
    deeds = (
        Deed("role", _l("Change the role"), staff.change_role, form=RoleForm, done=_l("Changed.")),
        Deed("password", _l("New password"), staff.replace_password, form=PasswordForm, done=_l("Changed.")),
        Deed("suspend", _l("Suspend"), staff.suspend_staff, form=asking_why(_l("Reason"), required=False),
             done=_l("Suspended."), danger=True, fits=lambda row: bool(row.active),
             asks=lambda row: gettext("%(name)s is out at once and cannot sign in until restored.",
                                      name=row.username)),
        Deed("restore", _l("Restore"), staff.restore_staff, form=Question, done=_l("Restored."), primary=True,
             fits=lambda row: not row.active),
    )

    def scope(self, statement: Select[Any]) -> Select[Any]:
        """Staff only: customers' sign-ins are shown at the customer."""
        return statement.where(User.roles.any(RoleRow.name.in_([role.value for role in STAFF])))

    def heading(self, row: User) -> str:
        return row.username

    def mark(self, row: User) -> Markup:
        return stands(row)
