"""What the templates of a room ask it for: words, addresses and the choices of its boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, make_response, request, url_for
from flask_appbuilder import ModelView
from werkzeug.datastructures import MultiDict

from app.rooms.listing import SIZES
from app.rooms.searches import Search
from app.security import current_asker


class Face(ModelView):
    """The side of a room that a page sees. A room overrides `heading`, `mark` and `under` for its own words."""

    def get_uninit_inner_views(self) -> tuple[Any, ...]:
        """None: Flask-AppBuilder's way of putting a view into another is not used."""
        return ()

    get_init_inner_views = get_uninit_inner_views

    @property
    def name(self) -> str:
        return type(self).__name__

    def heading(self, row: Any) -> Any:
        """What a row is called."""
        return str(row)

    def mark(self, row: Any) -> Any:
        """The badge beside its name."""
        return ""

    def under(self, row: Any) -> Any:
        """The line below its name."""
        return ""

    def url(self, method: str, **values: Any) -> str:
        return url_for(f"{self.endpoint}.{method}", **values)

    def turned(self, **changes: Any) -> str:
        """This page's address with some arguments changed; None takes one away."""
        args: MultiDict[str, str] = MultiDict(request.args)
        for key, value in changes.items():
            args.pop(key, None)
            if value is not None:
                args[key] = str(value)
        # An argument of the address must not pass for a part of the path, nor for one of url_for's own.
        plain = {key: value for key, value in args.to_dict(flat=False).items() if not key.startswith("_") or _ours(key)}
        return url_for(request.endpoint or "", **{**plain, **(request.view_args or {})})

    def draw(self, template: str, **values: Any) -> Response:
        """A page of this room. It holds people's data, so no cache keeps it."""
        page = self.render_template(template, room=self, asker=current_asker(), sizes=SIZES, **values)
        answer = make_response(page)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @staticmethod
    def drawn(searches: Sequence[Search]) -> bool:
        """Whether a filter bar has anything in it besides tabs."""
        return any(not getattr(search, "tabs", False) for search in searches)

    @staticmethod
    def chosen(search: Any, found: Any) -> tuple[int, str] | None:
        """The words of the row that a box of the filter bar stands at."""
        if search.choices is None or found.where is None:
            return None
        pairs = search.choices(current_asker(), "", pk=int(found.values[0]))
        return pairs[0] if pairs else None

    @staticmethod
    def first_choices(field: Any, form: Any) -> list[tuple[int, str]]:
        """What a box offers before anything is typed, so that it works without script; what is chosen stands first."""
        under = {field.under: form[field.under].data} if field.under else {}
        offered = field.find(current_asker(), "", **under)
        chosen = [field.chosen] if field.chosen else []
        return chosen + [pair for pair in offered if pair not in chosen]


def _ours(key: str) -> bool:
    return key.startswith(("_flt_", "_oc_", "_od_"))
