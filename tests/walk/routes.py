"""Every address of the house with real ids in it, from the application's own map: a new room is walked unasked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from app.rooms.base import Room
from tests.walk.house import House


@dataclass(frozen=True)
class Step:
    """One address and method. `right` is what it asks for ("" for an open one), `side` whose row it names."""

    method: str
    address: str
    endpoint: str
    room: Room | None
    right: str
    side: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.address} ({self.endpoint})"


def steps(app: Flask, house: House) -> Iterator[Step]:
    """GET and POST of every rule, with every deed and box of a room, on rows of both customers and on none."""
    rooms = {view.endpoint: view for view in app.extensions["appbuilder"].baseviews}
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        for rule in sorted(app.url_map.iter_rules(), key=str):
            if rule.endpoint in ("static", "appbuilder.static"):
                continue
            room = rooms.get(rule.endpoint.split(".")[0])
            for values, right, side in _fillings(rule, room if isinstance(room, Room) else None, house):
                address = adapter.build(rule.endpoint, values)
                for method in ("GET", "POST"):
                    yield Step(method, address, rule.endpoint, room if isinstance(room, Room) else None, right, side)


def _fillings(rule: Rule, room: Room | None, house: House) -> Iterator[tuple[dict[str, Any], str, str]]:
    if room is None:
        yield {name: _plain(name) for name in rule.arguments}, "", ""
        return
    method = rule.endpoint.split(".")[1]
    names: list[tuple[str | None, str]] = [(None, {"live": "show"}.get(method, method))]
    if method in ("deed", "bulk"):
        names = [(deed.name, deed.name) for deed in room.deeds if method == "deed" or deed.bulk] + [("none", "list")]
    elif method == "choices":
        names = [(name, right) for name, (right, _) in room.finders().items()] + [("none", "list")]
    for name, right in names:
        given = {} if name is None else {"name": name}
        if "pk" not in rule.arguments:
            yield given, right, ""
            continue
        for side in ("ours", "theirs"):
            pk = house.rows[side].get(room.model)
            if pk is not None:
                yield {**given, "pk": pk}, right, side
        yield {**given, "pk": 1}, right, "first"
        yield {**given, "pk": 2**63 - 1}, right, "none"


def _plain(name: str) -> Any:
    return {"version": 1, "language": "en", "locale": "en", "secret": "x"}[name]
