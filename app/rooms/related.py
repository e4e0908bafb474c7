"""A list of another room under a row of this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.rooms.base import Room
    from app.rooms.listing import Page


@dataclass(frozen=True)
class Related:
    """`on(row)` gives the condition that ties the other room's rows to `row`; `room` is the other room's class."""

    label: Any
    room: Callable[[], type[Any]]  # a function, for rooms name each other
    on: Callable[[Any], Any]
    natural: tuple[Any, ...] = ()
    hide: frozenset[str] = frozenset()  # columns that would say the same in every line

    @property
    def name(self) -> str:
        return self.room().__name__

    def room_of(self, other: Room) -> Room:
        """The instance that Flask-AppBuilder registered."""
        wanted = self.room()
        found: Room = next(view for view in other.appbuilder.baseviews if type(view) is wanted)
        return found

    def page(self, other: Room, row: Any) -> Page:
        return self.room_of(other).page(self.on(row), searches=(), natural=self.natural)

    def columns(self) -> list[Any]:
        return [column for column in self.room().columns if column.name not in self.hide]
