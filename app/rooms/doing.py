"""The routes of a room that change something: each shows its form, calls the one named service, shows what it said."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, cast

from flask import Response, abort, flash, jsonify, make_response, redirect, request
from flask_appbuilder import expose
from flask_babel import gettext
from sqlalchemy.exc import IntegrityError

from app.domain.errors import N_, Refused
from app.rooms.base import PK, Room, guarded
from app.rooms.deeds import Deed
from app.rooms.forms import Form, Question
from app.rooms.searches import LARGEST
from app.security import current_asker

_log = logging.getLogger(__name__)

MOST_AT_ONCE = 200


class WorkingRoom(Room):
    """A room in which something can be done."""

    @expose("/add", methods=["GET", "POST"])
    @guarded("add")
    def add(self) -> Response:
        service, form = self._service("add"), (self.add_form or Question)()
        if request.method == "POST" and form.is_good(current_asker()):
            made, refusal = self._try(service, **form.content(service))
            if refusal is not None:
                form.refuse(refusal)
            else:
                flash(self.add_done, "done")
                return self._leave(getattr(made, "id", None))
        return self._form(form, "add", self.add_label)

    @expose(f"/edit/{PK}", methods=["GET", "POST"])
    @guarded("edit")
    def edit(self, pk: int) -> Response:
        service, made, row = self._service("edit"), self.edit_form or Question, self.row(pk)
        stands = made(obj=row, formdata=None).fingerprint()
        form = made(obj=row)
        if request.method == "GET":
            form.seen.data = stands
        if request.method == "POST" and form.is_good(current_asker()) and form.still_stands(stands):
            _, refusal = self._try(service, pk, **form.content(service))
            if refusal is not None:
                form.refuse(refusal)
            else:
                flash(self.edit_done, "done")
                return self._leave(pk)
        return self._form(form, "edit", gettext("Edit"), row)

    @expose(f"/delete/{PK}", methods=["GET", "POST"])
    @guarded("delete")
    def delete(self, pk: int) -> Response:
        deed = Deed("delete", gettext("Delete"), self._service("delete"), form=self.delete_form,
                    asks=type(self).delete_asks, done=self.delete_done, danger=True)
        return self._do(deed, [self.row(pk)], gone=True)

    @expose(f"/deed/<name>/{PK}", methods=["GET", "POST"])
    @guarded("")
    def deed(self, name: str, pk: int) -> Response:
        deed = next((deed for deed in self.deeds if deed.name == name), None)
        refused = self.admit(deed.name if deed else "list")
        if refused is not None:
            return refused
        return self._do(deed, [self.row(pk)]) if deed else abort(404)

    @expose("/bulk/<name>", methods=["POST"])
    @guarded("")
    def bulk(self, name: str) -> Response:
        """The same deed on many rows. The first press asks, the second, with `sure`, does it."""
        deed = next((deed for deed in self.deeds if deed.name == name and deed.bulk), None)
        refused = self.admit(deed.name if deed else "list")
        if refused is not None or deed is None:
            return refused or abort(404)
        pks = self._chosen()
        if not pks:
            flash(gettext("Choose the lines first: tick the boxes at their left."), "wait")
            return self._leave(None)
        return self._do(deed, self.rows(pks), bulk=True)

    @expose("/choices/<name>")
    @guarded("")
    def choices(self, name: str) -> Response:
        """Rows for a box that loads as one types: `q` begins their names, other arguments are what the box hangs on."""
        right, finder = self.finders().get(name, ("list", None))
        refused = self.admit(right)
        if refused is not None or finder is None:
            return refused or abort(404)
        under = {key: int(value) for key, value in request.args.items()
                 if key in finder[1] and value.isascii() and value.isdigit() and len(value) < 19}
        text = request.args.get("q", "")[:100].replace("\0", "")
        found = finder[0](current_asker(), text, **under)
        answer = jsonify([{"value": str(pk), "text": words} for pk, words in found])
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @staticmethod
    def _try(service: Callable[..., Any], *row: int, **content: Any) -> tuple[Any, Refused | None]:
        """What the service returned, or its refusal. Two requests at once may both find a name free: the database
        lets one of them have it, and the other is told as if it had come later."""
        try:
            return service(*row, **content, by=current_asker().by), None
        except Refused as refusal:
            return None, refusal
        except IntegrityError:
            _log.warning("the database refused what a service would have done", exc_info=True)
            return None, Refused("taken", N_("Somebody was quicker: there is one like this already, or it is in use."))

    def _service(self, name: str) -> Callable[..., Any]:
        """The service itself: read from the class, it is not taken for a method of the room."""
        return cast(Callable[..., Any], getattr(type(self), f"{name}_service"))

    # --- what they share ---------------------------------------------------------------------------------------------

    def _do(self, deed: Deed, rows: Sequence[Any], *, gone: bool = False, bulk: bool = False) -> Response:
        sent = request.method == "POST" and (not bulk or "sure" in request.form)
        # The first press of a bulk deed sends only which lines; its form is shown empty.
        form = (deed.form or Question)() if sent or not bulk else (deed.form or Question)(formdata=None)
        if sent and form.is_good(current_asker()):
            done = 0
            for row in rows:
                _, refusal = self._try(deed.service, row.id, **self._content(form, deed, row, bulk))
                if refusal is None:
                    done += 1
                else:
                    form.refuse(refusal)
            if done:
                words = deed.done or gettext("Done.")
                flash(f"{words} ({done})" if bulk else words, "done")
            if done == len(rows):
                return self._leave(None if gone or bulk else rows[0].id)
        form.find_chosen(current_asker())
        return self.draw(self.ask_template, form=form, deed=deed, rows=rows, bulk=bulk, back=self._back(rows))

    @staticmethod
    def _content(form: Form, deed: Deed, row: Any, bulk: bool) -> dict[str, Any]:
        content = form.content(deed.service)
        if bulk and "request_key" in content:
            content["request_key"] = f"{content['request_key'][:40]}{row.id}"  # one request a row
        return content

    def _form(self, form: Form, right: str, label: Any, row: Any = None) -> Response:
        form.find_chosen(current_asker())
        return self.draw(self.form_template, form=form, right=right, label=label, row=row,
                         back=self._back([row] if row is not None else []))

    def _chosen(self) -> Sequence[int]:
        texts = request.form.getlist("rowid")[: MOST_AT_ONCE + 1]
        if len(texts) > MOST_AT_ONCE or not all(t.isascii() and t.isdigit() and len(t) < 19 for t in texts):
            abort(400)
        pks = sorted({int(text) for text in texts})
        return pks if not pks or pks[-1] <= LARGEST else abort(400)

    @staticmethod
    def came_from() -> str:
        """The page that a deed was begun on, if the address or the form names one, and one of ours."""
        wanted = request.values.get("back", "")
        ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
        return wanted if ours else ""

    def _back(self, rows: Sequence[Any]) -> str:
        """Where "cancel" leads."""
        if self.came_from():
            return self.came_from()
        return self.url("show", pk=rows[0].id) if len(rows) == 1 and self.offers("show") else self.url("list")

    def _leave(self, pk: int | None) -> Response:
        """Where a deed that is done leads: back, else to its row, else to the list."""
        if self.came_from():
            return make_response(redirect(self.came_from()))
        to_row = pk is not None and self.offers("show")
        return make_response(redirect(self.url("show", pk=pk) if to_row else self.url("list")))
