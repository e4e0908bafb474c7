"""The first page: a sentence and the way in for nobody in particular, the line at work for staff."""

from __future__ import annotations

from flask import Response, current_app, make_response, redirect, url_for
from flask_appbuilder import IndexView, expose

from app.rooms import words
from app.security import current_asker, is_staff, staff_only
from app.services.overview import line_overview


class HomeView(IndexView):
    @expose("/")
    def index(self) -> Response:
        if current_asker().customer_id is not None:
            return make_response(redirect(url_for("MyBatchRoom.list")))
        return self._line("line.html") if is_staff() else self._page("welcome.html")

    @expose("/favicon.ico")
    def icon(self) -> Response:
        """Where a browser looks when a page names no icon, as the stock pages do not."""
        return current_app.send_static_file("mark.svg")

    @expose("/line")
    @staff_only
    def line(self) -> Response:
        """The same line without the page around it; the page fetches it every two seconds."""
        return self._line("_line.html")

    def _line(self, template: str) -> Response:
        return self._page(template, line=line_overview(), words=words)

    def _page(self, template: str, **values: object) -> Response:
        answer = make_response(self.render_template(template, **values))
        answer.headers["Cache-Control"] = "no-store"
        return answer
