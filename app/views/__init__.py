"""The reseller's back office, on Flask-AppBuilder."""

from __future__ import annotations

from flask import Flask
from flask_appbuilder import AppBuilder
from flask_babel import lazy_gettext as _l

from app.domain.roles import SEE_PHONES, SEES_PHONES, Role
from app.extensions import db
from app.rooms import errors, filters
from app.rooms.base import Room
from app.rooms.menu import Entry, Section, menu
from app.security import HouseSecurityManager
from app.services.roles import sync_roles
from app.views.audit import AuditRoom
from app.views.batches import BatchRoom
from app.views.customers import CustomerRoom
from app.views.find import FindView
from app.views.grants import GrantRoom
from app.views.home import HomeView
from app.views.language import LanguageView
from app.views.ledger import EntryRoom, LedgerRoom
from app.views.messages import MessageRoom
from app.views.records import RecordRoom
from app.views.settings import LooksView, SettingsRoom
from app.views.sign_in import SignInView
from app.views.staff import StaffMemberRoom

MENU = (
    Section(_l("Customers"), (Entry(CustomerRoom, "ti-building"),)),
    Section(_l("Sales"), (Entry(GrantRoom, "ti-package"), Entry(LedgerRoom, "ti-report-money"))),
    Section(_l("Sending out"), (
        Entry(BatchRoom, "ti-stack-2"), Entry(RecordRoom, "ti-history"), Entry(MessageRoom, "ti-list-search"),
    )),
    Section(_l("Settings"), (
        Entry(SettingsRoom, "ti-world"), Entry(StaffMemberRoom, "ti-user-cog"), Entry(AuditRoom, "ti-clipboard-list"),
    )),
)
OTHERS = (FindView, LanguageView, LooksView, EntryRoom)


class SecurityManager(HouseSecurityManager):
    authdbview = SignInView


def register(app: Flask) -> None:
    """Build Flask-AppBuilder for this application: one built at import would answer 404 in a second one."""
    filters.install(app)
    errors.install(app)
    builder = AppBuilder(app, db.session, indexview=HomeView, security_manager_class=SecurityManager)
    for view in OTHERS:
        builder.add_view_no_menu(view)
    for section in MENU:
        for entry in section.entries:
            builder.add_view_no_menu(entry.room)
    app.extensions["posthouse.menu"] = list(MENU)
    app.extensions["posthouse.rights"] = lambda: rights_of(app)
    app.jinja_env.globals["menu"] = menu


def rights_of(app: Flask) -> dict[tuple[str, str], frozenset[Role]]:
    """Every right that a page asks for, and the roles that hold it."""
    rights = {SEE_PHONES: SEES_PHONES}
    for view in app.extensions["appbuilder"].baseviews:
        if isinstance(view, Room) or hasattr(view, "rights"):
            rights.update({(name, view.class_permission_name): roles for name, roles in view.rights().items()})
    return rights


def sync_permissions(app: Flask) -> None:
    """Bring roles and rights to the rooms there are; at each migration, never at a start. Again: no change."""
    with app.app_context():
        sync_roles(rights_of(app))
        db.session.remove()
