"""The switch between Chinese and English. It comes back to the page it was pressed on, and to no other house."""

from __future__ import annotations

from flask import abort, current_app, redirect, request, session
from flask_appbuilder import BaseView, expose
from flask_babel import refresh
from werkzeug.wrappers import Response


class LanguageView(BaseView):
    route_base = "/language"

    @expose("/<language>")
    def choose(self, language: str) -> Response:
        if language not in current_app.config["LANGUAGES"]:
            abort(404)
        session["locale"] = language
        refresh()
        back = request.args.get("back", "")
        safe = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
        return redirect(back if safe else "/")
