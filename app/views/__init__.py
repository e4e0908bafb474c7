"""The reseller's back office, on Flask-AppBuilder."""

from __future__ import annotations

from flask import Flask
from flask_appbuilder import AppBuilder

from app.extensions import db
from app.security import HouseSecurityManager
from app.views import filters
from app.views.home import HomeView
from app.views.sign_in import SignInView


class SecurityManager(HouseSecurityManager):
    authdbview = SignInView


def register(app: Flask) -> None:
    """Build Flask-AppBuilder for this application: one built at import would answer 404 in a second one."""
    filters.install(app)
    AppBuilder(app, db.session, indexview=HomeView, security_manager_class=SecurityManager)


def sync_permissions(app: Flask) -> None:
    """Bring roles and permissions to the views there are; at each migration, never at a start. Again: no change."""
    with app.app_context():
        builder = app.extensions["appbuilder"]
        builder.sm.make_roles()
        builder.add_permissions(update_perms=True)
        db.session.remove()
