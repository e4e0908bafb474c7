"""Who is asking, and what an answer lets the browser do."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, Response, abort, g, request
from flask_appbuilder.api import BaseApi
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_login import current_user

from app.services import sign_ins

View = TypeVar("View", bound=Callable[..., Any])

# Flask-AppBuilder's own doors that stay shut: no sign-up, no REST, no Swagger, no raw permission tables.
SHUT = {
    "AUTH_USER_REGISTRATION": False,
    "FAB_ADD_MENU_API": False,
    "FAB_ADD_OPENAPI_VIEWS": False,
    "FAB_ADD_SECURITY_API": False,
    "FAB_ADD_SECURITY_PERMISSION_VIEW": False,
    "FAB_ADD_SECURITY_VIEW_MENU_VIEW": False,
    "FAB_ADD_SECURITY_PERMISSION_VIEWS_VIEW": False,
    "FAB_API_SWAGGER_UI": False,
}

# Pages of ours carry no script and no style in themselves. Tabler draws its small marks from data: addresses.
OURS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Flask-AppBuilder's stock pages carry both; their scripts take a nonce, their style attributes cannot.
STOCK = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The strict policy is the rule, the other the exception for these blueprints.
STOCK_PAGES = frozenset({
    "GroupModelView", "ResetMyPasswordView", "ResetPasswordView", "RoleModelView", "UserDBModelView",
    "UserGroupModelView", "UserInfoEditView",
})


class NoApi(BaseApi):
    """Stands where Flask-AppBuilder would put its REST sign-in; it has no route."""

    resource_name = "none"


class HouseSecurityManager(SecurityManager):
    """Flask-AppBuilder's, with what it writes at a sign-in written in a unit of work."""

    security_api = NoApi
    userstatschartview = None  # draws with a script from a foreign host

    def auth_user_db(self, username: str, password: str) -> Any:
        """The user, or None. No name holds what no database stores."""
        return None if "\0" in username else super().auth_user_db(username, password)

    def update_user_auth_stat(self, user: Any, success: bool = True) -> None:
        sign_ins.note_sign_in(user.id, success=success)

    def noop_user_update(self, user: Any) -> None:
        """A sign-in under an unknown name takes as long as one with a wrong password."""
        sign_ins.note_sign_in(user.id, success=None)

    def make_roles(self) -> None:
        """The roles Admin and Public, where they are missing."""
        for name in (self.auth_role_admin, self.auth_role_public):
            self.add_role(name)


def install(app: Flask) -> None:
    """Shut Flask-AppBuilder's own doors and put the security headers on every answer."""
    app.config.update(SHUT)
    app.jinja_env.globals["csp_nonce"] = _nonce
    app.after_request(_guard)


def is_staff() -> bool:
    """Whether the asker may see the reseller's side."""
    return bool(current_user.is_authenticated and sign_ins.ADMIN in {role.name for role in current_user.roles})


def staff_only(view: View) -> View:
    """A view for staff; to anybody else it does not exist."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs) if is_staff() else abort(404)

    return cast(View, guarded)


def _nonce() -> str:
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return cast(str, g.csp_nonce)


def _guard(answer: Response) -> Response:
    stock = request.blueprint in STOCK_PAGES
    answer.headers["Content-Security-Policy"] = STOCK.format(nonce=_nonce()) if stock else OURS
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer
