"""Who is asking, and what an answer lets the browser do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, Response, abort, g, request
from flask_appbuilder.api import BaseApi
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_login import current_user
from werkzeug.local import LocalProxy
from werkzeug.middleware.proxy_fix import ProxyFix

from app.domain.roles import Role
from app.services import sign_ins
from app.services.asking import NOBODY, Asker, asker_of
from app.services.audit import asking_from

View = TypeVar("View", bound=Callable[..., Any])

# Flask-AppBuilder's own doors that stay shut: no sign-up, no REST, no Swagger, no raw permission tables.
SHUT = {
    "AUTH_ROLE_ADMIN": Role.ADMINISTRATOR.value,
    "AUTH_USER_REGISTRATION": False,
    "FAB_ADD_MENU_API": False,
    "FAB_ADD_OPENAPI_VIEWS": False,
    "FAB_ADD_SECURITY_API": False,
    "FAB_ADD_SECURITY_PERMISSION_VIEW": False,
    "FAB_ADD_SECURITY_VIEW_MENU_VIEW": False,
    "FAB_ADD_SECURITY_PERMISSION_VIEWS_VIEW": False,
    "FAB_API_SWAGGER_UI": False,
}

# Pages carry no script and no style in themselves. Tabler draws its small marks from data: addresses.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


STOCK = frozenset({"appbuilder.static", "UtilView.back", "LocaleView.index"})


class NoApi(BaseApi):
    """Stands where Flask-AppBuilder would put its REST sign-in; it has no route."""

    resource_name = "none"


class HouseSecurityManager(SecurityManager):
    """Flask-AppBuilder's, with rights read once a request and what it writes at a sign-in in a unit of work.

    None of its own pages is opened: they show and change sign-ins by themselves, past services and log.
    """

    security_api = NoApi

    def register_views(self) -> None:
        self.auth_view = self.authdbview()
        self.appbuilder.add_view_no_menu(self.auth_view)

    def has_access(self, permission_name: str, view_name: str) -> bool:
        return (permission_name, view_name) in current_asker().rights

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        """Flask-AppBuilder's own menu is not drawn; ours asks the rooms (app/rooms/menu.py)."""
        return set()

    def auth_user_db(self, username: str, password: str) -> Any:
        """The user, or None. No name holds what no database stores."""
        return None if "\0" in username else super().auth_user_db(username, password)

    def update_user_auth_stat(self, user: Any, success: bool = True) -> None:
        sign_ins.note_sign_in(user.id, success=success)

    def noop_user_update(self, user: Any) -> None:
        """A sign-in under an unknown name takes as long as one with a wrong password."""
        sign_ins.note_sign_in(user.id, success=None)


def install(app: Flask) -> None:
    """Shut Flask-AppBuilder's own doors and put the security headers on every answer."""
    app.config.update(SHUT)
    if proxies := app.config.get("PROXIES"):
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    app.jinja_env.globals["asker"] = LocalProxy(current_asker)
    app.before_request(_shut_stock)
    app.before_request(_note_where_from)
    app.after_request(_guard)


def current_asker() -> Asker:
    """Who asks in this request; `NOBODY` where nobody is signed in."""
    if "asker" not in g:
        user = current_user
        g.asker = asker_of(user.id, user.username) if user.is_authenticated and user.is_active else NOBODY
    return cast(Asker, g.asker)


def forget_asker() -> None:
    """After a sign-in or sign-out within the request."""
    g.pop("asker", None)


def is_staff() -> bool:
    """Whether the asker may see the reseller's side."""
    return current_asker().is_staff


def staff_only(view: View) -> View:
    """A view for staff; to anybody else it does not exist."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs) if is_staff() else abort(404)

    return cast(View, guarded)


def _shut_stock() -> None:
    """Flask-AppBuilder's looks of 2013, its way back and its language switch are not served."""
    if request.endpoint in STOCK:
        abort(404)


def _note_where_from() -> None:
    asking_from.set(request.remote_addr or "")


def _guard(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer
