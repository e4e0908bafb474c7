"""Pages of a list: counted to a limit, ended there, gone on with by the key; and what an address may ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.datastructures import MultiDict

from app.extensions import db
from app.models.customers import Customer
from app.rooms import listing
from app.rooms.columns import Column
from app.rooms.listing import Asked, Page, read_address, read_page
from app.rooms.searches import Beginning, Phone
from app.services.customers import open_customer

COLUMNS = (Column("name", "Name", order=Customer.name), Column("phone", "Phone"))
SEARCHES = (Beginning("name", "Name", Customer.name), Phone("phone", "Phone", Customer.phone))


@pytest.fixture
def many(any_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """Sixty customers, in a house that counts to fifty."""
    monkeypatch.setattr(listing, "CAP", 50)
    for number in range(60):
        open_customer(name=f"Ab_{number:02d}%", phone=f"1380013{number:04d}", by="test")
    yield any_app


def ask(**args: str) -> Page:
    asked = read_address("X", MultiDict({**args}), COLUMNS, SEARCHES)
    return read_page(select(Customer), asked, columns=COLUMNS, key=Customer.id)


def test_counting_stops_and_older_goes_on(many: Flask) -> None:
    first = ask(psize_X="25")
    assert (first.count, first.capped, first.pages, first.more) == (50, True, 2, None)
    last = ask(psize_X="25", page_X="1")
    assert last.more == last.rows[-1].id == 11
    older = ask(psize_X="25", older_X=str(last.more))
    assert [row.id for row in older.rows] == list(range(10, 0, -1)) and not older.capped and older.more is None
    assert (ask(page_X="999").asked.page, ask(page_X="999").first) == (1, 26)  # clamped


def test_orders_and_the_wrong_ones(many: Flask) -> None:
    assert ask(_oc_X="name", _od_X="asc").rows[0].name == "Ab_00%"
    assert ask(_oc_X="name", _od_X="desc").rows[0].name == "Ab_59%"
    for wrong in ("phone", "nothing", "__class__", "name; --"):
        page = ask(_oc_X=wrong, _od_X="asc")
        assert page.rows[0].id == 60 and len(page.asked.notes) == 1


@pytest.mark.parametrize(("typed", "found"), [
    ("ab_0", 10), ("AB_", 50), ("Ab_00%", 1), ("%", 0), ("Ab%", 0), ("_", 0), ("\\", 0), ("", 50), ("zz", 0),
])
def test_a_beginning_is_taken_to_the_letter(many: Flask, typed: str, found: int) -> None:
    assert ask(_flt_0_name=typed).count == found


@pytest.mark.parametrize(("typed", "found"), [
    ("13800130005", 1), ("+86 138-0013-0005", 1), ("１３８００１３０００５", 1), ("138001300", 50), ("1380013005", 10),
    ("139", 0), ("999", 0), ("99999999999", 0),
])
def test_a_phone_however_it_is_written(many: Flask, typed: str, found: int) -> None:
    assert ask(_flt_0_phone=typed).count == found


@pytest.mark.parametrize("typed", ["1", "12", "abc", "1380013800013800138", "13a"])
def test_what_is_no_number_is_said_and_left_out(many: Flask, typed: str) -> None:
    page = ask(_flt_0_phone=typed)
    assert page.count == 50 and page.asked.found["phone"].wrong and page.asked.found["phone"].values[0] == typed


@pytest.mark.parametrize(("count", "at", "offered"), [
    (10, 0, [0]), (200, 0, [0, 1, 2, None, 7]), (200, 4, [0, None, 2, 3, 4, 5, 6, 7]), (75, 1, [0, 1, 2]),
])
def test_the_pages_offered(count: int, at: int, offered: list[int | None]) -> None:
    assert Page([object()], Asked(page=at), count, False).near() == offered


def test_a_page_asks_for_rights_once(admin: FlaskClient, web: Flask) -> None:
    asked: list[str] = []
    with web.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert admin.get("/customers/list/").status_code == 200
    assert len([statement for statement in asked if "ab_permission" in statement]) == 1
    assert len([statement for statement in asked if "ab_user" in statement]) == 2  # who it is, and what they may


def test_nothing_offered_is_closed(admin: FlaskClient) -> None:
    """What a room shows as a button is what its routes let through, and the other way round."""
    page = admin.get("/customers/list/").text
    assert 'href="/customers/add"' in page and admin.get("/customers/add").status_code == 200
    for address in ("/grants/edit/1", "/grants/delete/1", "/ledger/add", "/log/edit/1", "/batches/add"):
        assert admin.get(address).status_code == 404
