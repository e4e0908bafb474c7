"""The search box above every staff page: a phone number, a task's number or the beginning of a customer's name."""

from __future__ import annotations

from flask import Response, abort, make_response, redirect, request, url_for
from flask_appbuilder import BaseView, expose

from app.domain.phones import digits_of
from app.security import current_asker

LONGEST_TASK = 9  # digits; what is longer is the beginning of a phone number


class FindView(BaseView):
    """Leads to the list that can answer; finds nothing by itself, so that each list's own rights decide."""

    route_base = "/find"

    @expose("/")
    def find(self) -> Response:
        if not current_asker().signed_in:
            return make_response(redirect(url_for("SignInView.login", next=request.full_path.rstrip("?"))))
        if not current_asker().is_staff:
            abort(404)
        text = request.args.get("q", "").strip()[:100].replace("\0", "")
        return make_response(redirect(_where(text)))


def _where(text: str) -> str:
    number = text.removeprefix("#")
    try:
        digits = digits_of(number)
    except ValueError:
        return url_for("CustomerRoom.list", _flt_0_name=text or None)
    is_phone = not text.startswith("#") and (len(digits) > LONGEST_TASK or (digits.startswith("1") and len(digits) > 6))
    return url_for("MessageRoom.list", _flt_0_phone=digits) if is_phone else url_for("BatchRoom.list", _flt_0_id=digits)
