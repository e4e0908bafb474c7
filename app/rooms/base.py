"""The hardened base of every list, page and form: Flask-AppBuilder's ModelView with its holes closed.

A room declares what it shows and names the services that change it; it writes no query, no check and no route:

- no service, no route: `add_service`, `edit_service`, `delete_service` and each `Deed` bring their own address;
- every row, for whatever is done with it, is read through `scope()`: not yours is not found;
- every route asks `admit()` first; rights come from `readers`, `doers` and a deed's own `may`;
- Flask-AppBuilder's own add, edit, delete, action, download and filters are never reached (fab.md, holes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast

from flask import Response, abort, make_response, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.baseviews import BaseView
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select

from app.domain.roles import Role
from app.rooms.columns import Column
from app.rooms.deeds import Deed
from app.rooms.faces import Face
from app.rooms.finders import finders_of
from app.rooms.forms import Form, Question
from app.rooms.listing import Page, read_address, read_page
from app.rooms.related import Related
from app.rooms.searches import LARGEST, Search, holds
from app.security import Asker, current_asker
from app.services.work import current_session

Method = TypeVar("Method", bound=Callable[..., Any])
PK = f"<int(max={LARGEST}):pk>"


def guarded(right: str) -> Callable[[Method], Method]:
    """A route behind the right `can_<right>`; "" where the method asks `admit()` itself, once it knows which."""

    def wrap(method: Method) -> Method:
        @wraps(method)
        def inner(self: Room, *args: Any, **values: Any) -> Any:
            return (self.admit(right) if right else None) or method(self, *args, **values)

        return cast(Method, inner)

    return wrap


class Room(Face):
    """See the module. `title`, `sentence` and `noun` are what people read; `noun` also names the room in addresses."""

    title: Any = ""
    sentence: Any = ""

    readers: ClassVar[frozenset[Role]] = frozenset()
    doers: ClassVar[frozenset[Role]] = frozenset()

    columns: tuple[Column, ...] = ()
    facts: tuple[tuple[Any, tuple[Column, ...]], ...] = ()
    searches: tuple[Search, ...] = ()
    loads: tuple[Any, ...] = ()  # what a row needs besides itself, read with it
    natural: tuple[Any, ...] = ()  # the usual order; newest first where empty
    related: tuple[Related, ...] = ()
    deeds: tuple[Deed, ...] = ()
    also: tuple[str, ...] = ()  # routes of the room's own, each behind `guarded`
    empty: Any = _l("Nothing here yet.")
    empty_next: Any = ""  # what to do about it

    add_form: type[Form] | None = None
    add_service: Callable[..., Any] | None = None
    add_label: Any = _l("Add")
    add_done: Any = _l("Added.")
    edit_form: type[Form] | None = None
    edit_service: Callable[..., Any] | None = None
    edit_done: Any = _l("Saved.")
    delete_service: Callable[..., Any] | None = None
    delete_form: type[Form] = Question
    delete_asks: Any = None  # a function of the row
    delete_done: Any = _l("Deleted.")

    list_template = "rooms/list.html"
    show_template = "rooms/show.html"
    form_template = "rooms/form.html"
    ask_template = "rooms/ask.html"

    def __init__(self, **values: Any) -> None:
        self.model: Any = self.datamodel.obj
        self.key: Any = self.model.id
        # What Flask-AppBuilder reads of a view: no form of its own making, no action, no view inside another.
        self.actions: dict[str, Any] = {}
        self.label_columns = {column.name: column.label for column in self.columns}
        self.list_columns = [column.name for column in self.columns]
        self.list_title: Any = self.title
        self.include_route_methods = {"list", *self._offered()}
        self.base_permissions = sorted(self.rights())
        BaseView.__init__(self, **values)  # past the forms and filters that the others would generate

    def _offered(self) -> Iterator[str]:
        yield from self.also
        if self.facts:
            yield "show"
        for name in ("add", "edit", "delete"):
            if getattr(self, f"{name}_service") is not None:
                yield name
        if self.deeds:
            yield "deed"
        if any(deed.bulk for deed in self.deeds):
            yield "bulk"
        if self.finders():
            yield "choices"

    def rights(self) -> dict[str, frozenset[Role]]:
        """Every right of this room and the roles that hold it; what the synchronisation at a migration reads."""
        rights = {"can_list": self.readers}
        for name in self._offered():
            if name in ("add", "edit", "delete"):
                rights[f"can_{name}"] = self.doers
            elif name == "show":
                rights["can_show"] = self.readers
        rights.update({deed.right: self.doers if deed.may is None else deed.may for deed in self.deeds})
        return rights

    # --- who may -----------------------------------------------------------------------------------------------------

    def is_for(self, asker: Asker) -> bool:
        """Whether this kind of asker has any business here; to others the address does not exist."""
        raise NotImplementedError

    def admit(self, right: str) -> Response | None:
        """None for who may; the way to the sign-in for nobody; 404 for whom it is not meant, 403 for who lacks the
        right."""
        asker = current_asker()
        if not asker.signed_in:
            target = request.full_path.rstrip("?") if request.method == "GET" else None
            return make_response(redirect(url_for("SignInView.login", next=target)))
        if not self.is_for(asker):
            abort(404)
        if not self.may(right):
            abort(403)
        return None

    def may(self, right: str) -> bool:
        return bool(self.appbuilder.sm.has_access(f"can_{right}", self.class_permission_name))

    # --- rows --------------------------------------------------------------------------------------------------------

    def scope(self, statement: Select[Any]) -> Select[Any]:
        """The rows that this asker may know of. Everything that reads a row goes through it."""
        raise NotImplementedError

    def row(self, pk: int) -> Any:
        """One row within the scope, or 404."""
        self._check_range([pk])
        found = current_session().scalar(self.scope(select(self.model)).where(self.key == pk).options(*self.loads))
        return found if found is not None else abort(404)

    def rows(self, pks: Sequence[int]) -> Sequence[Any]:
        """Rows within the scope, in the order of their keys; 404 where a single one is not."""
        self._check_range(pks)
        found = current_session().scalars(
            self.scope(select(self.model)).where(self.key.in_(pks)).options(*self.loads).order_by(self.key)
        ).all()
        return found if found and len(found) == len(set(pks)) else abort(404)

    def _check_range(self, pks: Sequence[int]) -> None:
        """PostgreSQL refuses, with an error, to look for a number that the column could not hold."""
        if not all(holds(self.key, pk) for pk in pks):
            abort(404)

    def page(
        self, *where: Any, searches: tuple[Search, ...] | None = None, natural: tuple[Any, ...] = (),
        plain: bool = False,
    ) -> Page:
        """The page of this list that the address asks for, of the rows for which `where` holds.

        `plain` leaves out what `read()` would add: a list under another row shows fewer columns.
        """
        searches = self.searches if searches is None else searches
        asked = read_address(self.name, request.args, self.columns, searches)
        page = read_page(
            self.scope(select(self.model)).where(*where), asked, columns=self.columns, key=self.key,
            loads=self.loads, natural=natural or self.natural,
        )
        if page.rows and not plain:
            self.read(page.rows)
        return page

    def read(self, rows: Sequence[Any]) -> None:
        """What a page's rows need besides themselves and `loads`."""

    # --- pages -------------------------------------------------------------------------------------------------------

    @expose("/list/")
    @guarded("list")
    def list(self) -> Response:
        return self.draw(self.list_template, page=self.page(), searches=self.searches)

    @expose(f"/show/{PK}")
    @guarded("show")
    def show(self, pk: int) -> Response:
        row = self.row(pk)
        tab = self._tab()
        page = tab.page(self, row) if tab else None
        return self.draw(self.show_template, row=row, tab=tab, page=page, searches=())

    def tabs(self) -> Sequence[Related]:
        """The lists that stand under a row for this asker."""
        return [related for related in self.related if related.room_of(self).may("list")]

    def _tab(self) -> Related | None:
        tabs = self.tabs()
        wanted = request.args.get("tab")
        return next((tab for tab in tabs if tab.name == wanted), tabs[0] if tabs else None)

    # --- what is offered ---------------------------------------------------------------------------------------------

    def offers(self, method: str) -> bool:
        """Whether the room has this route and this asker its right."""
        return method in self.include_route_methods and self.may(method)

    def deeds_for(self, row: Any, *, in_line: bool = False) -> Sequence[Deed]:
        return [deed for deed in self.deeds
                if (deed.row or not in_line) and deed.fits(row) and self.may(deed.name)]

    def bulk_deeds(self) -> Sequence[Deed]:
        return [deed for deed in self.deeds if deed.bulk and self.may(deed.name)]

    def finders(self) -> dict[str, tuple[str, Any]]:
        """Load-as-you-type boxes by name: the right that opens each, and what finds its rows."""
        return finders_of(self)

    def has_line_deeds(self) -> bool:
        return any(deed.row and self.may(deed.name) for deed in self.deeds)
