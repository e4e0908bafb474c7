"""Broken addresses and broken forms, at every list and every form there is: a sentence, never a 500, nothing lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.rooms.base import Room
from tests import databases
from tests.samples import FakeProvider
from tests.walk.house import House, furnish

HUGE = "9" * 40
UGLY = [
    "abc", "-1", "0", HUGE, str(2**31), str(2**63 - 1), "1e9", "٣", "１２", "", " ", "%", "_", "'", '"', "\\",
    "' OR 1=1 --", "<script>alert(1)</script>", "😀", "\0", "\ud800", "x" * 10_000, "2026-13-45", "0001-01-01",
    "9999-12-31", "None", "true", "../../etc/passwd", "{{7*7}}", "%(x)s",
]
TEXTS = [
    "<script>alert(1)</script>", "'; DROP TABLE customers; --",
    "😀👨‍👩‍👧", "x" * 10_000, "\0", "a\ud800b", "{{7*7}}%(x)s{0}",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path, provider: FakeProvider) -> Iterator[House]:
    with databases.application(
        request.param, tmp_path, SMS_PROVIDER=lambda _: provider, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False
    ) as app:
        with app.app_context():
            house = furnish(app)
        yield house


def rooms(app: Flask) -> list[Room]:
    return [view for view in app.extensions["appbuilder"].baseviews if isinstance(view, Room)]


def asked_of(room: Room, value: str) -> list[str]:
    """Query strings that put `value` wherever the list looks, and where it should not: searches, order and pages apart,
    for a search that finds nothing would hide what a page number does."""
    name, raw = room.name, quote(value.encode("utf-8", "surrogatepass"))
    pages = [f"page_{name}", f"psize_{name}", f"older_{name}"]
    wrong = ["_flt_0_nothing", "_flt_9_customer_id", "tab", f"_oc_{name}", raw]
    searched = [search.address(slot) for search in room.searches for slot in search.slots]
    return ["&".join(f"{key}={raw}" for key in keys) for keys in (pages, wrong, searched)] + [
        f"_oc_{name}=created_at&_od_{name}={raw}"]


def test_no_address_breaks_a_list(house: House) -> None:
    clients = {False: house.browser("administrator"), True: house.browser("ours-owner")}
    tried = 0
    for room in rooms(house.app):
        client = clients[room.route_base.startswith("/console")]
        for value in UGLY:
            for query in asked_of(room, value):
                answer = client.get(f"{room.route_base}/list/?{query}")
                assert answer.status_code in (200, 302), (room.name, query[:200], answer.status_code)
                assert "<script>alert" not in answer.text and "49" not in re.findall(r"value=\"(\d\d)\"", answer.text)
                tried += 1
    assert tried > 1000


@pytest.mark.parametrize("query", [
    "page_X=abc", "page_CustomerRoom=abc", "_oc_CustomerRoom=nothing&_od_CustomerRoom=asc", "_flt_0_template=1",
    "psize_CustomerRoom=7",
])
def test_what_is_left_out_is_said(house: House, query: str) -> None:
    client = house.browser("administrator")
    page = client.get(f"/customers/list/?{query}").text
    assert ("ph-note wait" in page) is (query != "page_X=abc")  # another list's page number is another list's


def test_a_search_that_cannot_be_read_keeps_what_was_typed(house: House) -> None:
    client = house.browser("administrator")
    page = client.get("/customers/list/?_flt_0_phone=12&_flt_1_created_at=2026-13-45").text
    assert page.count("invalid-feedback") == 2 and 'value="12"' in page and 'value="2026-13-45"' in page
    assert client.get("/customers/list/?_flt_0_phone=%EF%BC%8B86+138-0013").status_code == 200


def fields_of(page: str) -> list[str]:
    """Names of the fields of the form on a page, its own hidden ones apart."""
    form = page[page.index('<form class="card ph-form"'):]
    names = re.findall(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"', form[:form.index("</form>")])
    return [name for name in names if name not in ("csrf_token", "request_key", "seen", "back", "sure", "rowid")]


def forms(room: Room, house: House) -> Iterator[str]:
    base, pk = room.route_base, house.rows["ours"].get(room.model, 1)
    if room.add_service is not None:
        yield f"{base}/add"
    if room.edit_service is not None:
        yield f"{base}/edit/{pk}"
    yield from (f"{base}/deed/{deed.name}/{pk}" for deed in room.deeds)


def test_no_text_breaks_a_form_and_none_is_lost(house: House) -> None:
    client, tried = house.browser("administrator"), 0
    for room in rooms(house.app):
        if room.route_base.startswith("/console"):
            continue
        for address in forms(room, house):
            names = fields_of(client.get(address).text)
            for text in TEXTS:
                sent = {name: text.encode("utf-8", "surrogatepass") for name in names}
                answer = client.post(address, data=sent)
                assert answer.status_code in (200, 302), (address, text[:40], answer.status_code)
                assert "<script>alert" not in answer.text
                tried += 1
                if answer.status_code == 200 and text in ("😀👨‍👩‍👧", "{{7*7}}%(x)s{0}"):
                    kept_in(answer.text, text, names, address)
    assert tried > 100


def kept_in(page: str, text: str, names: list[str], address: str) -> None:
    """A refused form still holds what was typed wherever a person types."""
    typed = re.findall(r'<(?:input|textarea)[^>]*type="(?:text|date)"|<textarea', page)
    if typed:
        assert text in unescape(page), (address, names)


def test_another_customer_cannot_be_named_in_a_form(house: House) -> None:
    """Whose a row is follows from who asks; what a form says beside its own fields is not read."""
    client, theirs = house.browser("ours-owner"), house.customers["theirs"]
    batch = next(pk for model, pk in house.rows["ours"].items() if model.__name__ == "Batch")
    client.post(f"/console/batches/deed/pause/{batch}", data={"customer_id": theirs, "by": "root", "reason": "x"})
    with house.app.app_context():
        from app.extensions import db
        from app.models.batches import Batch

        row = db.session.get_one(Batch, batch)
        assert (row.customer_id, row.paused_by) == (house.customers["ours"], "ours-owner")


def test_a_box_offers_only_what_one_may_see(house: House, client: FlaskClient | None = None) -> None:
    from app.services import choices
    from app.services.asking import Asker

    ours, theirs = house.customers["ours"], house.customers["theirs"]
    with house.app.app_context():
        asker = Asker(user_id=1, name="x", customer_id=ours)
        assert [pk for pk, _ in choices.customers(asker, "")] == [ours]
        assert choices.customers(asker, "", pk=theirs) == []
        for find in (choices.signatures, choices.templates):
            assert len(find(asker, "")) == 1
            assert find(asker, "", customer=theirs) == find(asker, "")  # the address does not decide whose
            assert len(find(Asker(user_id=1), "", customer=theirs)) == 1
