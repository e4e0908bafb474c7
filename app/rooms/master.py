"""Master and detail: rows at the left, and beside them what belongs to the one that is chosen."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_appbuilder import expose

from app.rooms.base import guarded
from app.rooms.searches import LARGEST


class MasterDetail:
    """Mixed into a room: its first related list stands beside its own. `?row=` names the chosen one, which is read
    through the room's scope like any other; without it the first of the page is taken."""

    list_template = "rooms/master.html"

    @expose("/list/")
    @guarded("list")
    def list(self) -> Response:
        room: Any = self  # whatever it is mixed into
        page, wanted = room.page(), request.args.get("row", "")
        row = room.row(int(wanted)) if _is_key(wanted) else next(iter(page.rows), None)
        tab = next(iter(room.tabs()), None)
        detail = tab.page(room, row) if tab is not None and row is not None else None
        return room.draw(self.list_template, page=page, searches=room.searches, row=row, tab=tab, detail=detail)


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST
