"""The boxes of a room that load their choices as one types: who may open each, and what finds its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.rooms.fields import Row
from app.rooms.searches import Related


def finders_of(room: Any) -> dict[str, tuple[str, Any]]:
    """name → (right, (finder, names it hangs on)) of every box of a room that loads as one types."""
    found: dict[str, tuple[str, Any]] = {}
    for search in room.searches:
        if isinstance(search, Related) and search.choices is not None:
            found[f"search-{search.name}"] = ("list", (search.choices, (search.under,)))
    for right, form in _forms(room):
        for field, made in _fields(form):
            found[f"{right}-{field}"] = (right, (made["choices"], (made["under"],)))
    return found


def _forms(room: Any) -> Iterator[tuple[str, Any]]:
    yield from (("add", room.add_form), ("edit", room.edit_form))
    yield from ((deed.name, deed.form) for deed in room.deeds)


def _fields(form: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Row fields of a form class, read from their declarations: no form is made while a room is put together."""
    for name in dir(form) if form else ():
        unbound: Any = getattr(form, name, None)
        if issubclass(getattr(unbound, "field_class", object), Row):
            given = dict(unbound.kwargs)
            choices = unbound.args[1] if len(unbound.args) > 1 else given["choices"]
            yield name, {"choices": choices, "under": given.get("under", "")}
