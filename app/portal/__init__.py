"""The customer's web: public pages and console."""

from __future__ import annotations

from flask import Flask
from flask_babel import lazy_gettext as _l

from app.portal.rooms import MyBatchRoom, MyGrantRoom, MyMessageRoom
from app.rooms.menu import Entry, Section

MENU = (
    Section(_l("Sending out"), (Entry(MyBatchRoom, "ti-stack-2"), Entry(MyMessageRoom, "ti-list-search"))),
    Section(_l("Account"), (Entry(MyGrantRoom, "ti-package"),)),
)


def register(app: Flask) -> None:
    """Put the customer's rooms beside the staff's, which were registered first."""
    builder = app.extensions["appbuilder"]
    for section in MENU:
        for entry in section.entries:
            builder.add_view_no_menu(entry.room)
    app.extensions["posthouse.menu"].extend(MENU)
