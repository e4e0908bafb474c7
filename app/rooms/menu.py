"""The side bar: the rooms that this asker may enter, in their sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, request

from app.rooms.base import Room
from app.security import current_asker


@dataclass(frozen=True)
class Entry:
    """A room, its icon and, where the room's title is too long for a side bar, a shorter word."""

    room: type[Any]
    icon: str
    label: Any = ""


@dataclass(frozen=True)
class Section:
    label: Any
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Line:
    label: Any
    href: str
    icon: str
    on: bool


def menu() -> list[tuple[Any, list[Line]]]:
    """Sections and their lines; no statement of its own, for rights are read once a request."""
    views = {type(view): view for view in current_app.extensions["appbuilder"].baseviews}
    drawn = []
    for section in current_app.extensions["posthouse.menu"]:
        lines = [
            Line(entry.label or view.title, view.url("list"), entry.icon, request.blueprint == view.endpoint)
            for entry in section.entries
            if isinstance(view := views.get(entry.room), Room) and view.is_for(current_asker()) and view.may("list")
        ]
        if lines:
            drawn.append((section.label, lines))
    return drawn
