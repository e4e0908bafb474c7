"""What every room promises, and what a second press of a button does."""

from __future__ import annotations

import inspect

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.domain.roles import CUSTOMERS, STAFF
from app.extensions import db
from app.models.packages import Grant, LedgerEntry
from app.portal.base import TenantRoom
from app.rooms.base import Room
from app.services import customers
from app.views.base import StaffRoom
from app.views.customers import CustomerRoom
from tests.samples import Samples
from tests.views.conftest import on_both, token_of


def rooms(app: Flask) -> list[Room]:
    return [view for view in app.extensions["appbuilder"].baseviews if isinstance(view, Room)]


def services(room: Room) -> list[object]:
    named = [getattr(type(room), f"{name}_service") for name in ("add", "edit", "delete")]
    return [service for service in named if service is not None] + [deed.service for deed in room.deeds]


def test_every_change_is_a_named_service_that_is_told_who_asks(web: Flask) -> None:
    assert len(rooms(web)) >= 11
    for room in rooms(web):
        for service in services(room):
            assert service.__module__.startswith(("app.services.", "app.rooms.recipients")), (room.name, service)
            assert inspect.signature(service).parameters["by"].kind is inspect.Parameter.KEYWORD_ONLY


def test_rights_stay_on_their_side_of_the_house(web: Flask) -> None:
    for room in rooms(web):
        side = CUSTOMERS if isinstance(room, TenantRoom) else STAFF
        assert isinstance(room, (TenantRoom, StaffRoom))
        for right, roles in room.rights().items():
            assert roles and roles <= side, (room.name, right)


def test_no_form_of_a_customer_names_a_customer(web: Flask) -> None:
    for room in rooms(web):
        if isinstance(room, TenantRoom):
            for form in (room.add_form, room.edit_form, *(deed.form for deed in room.deeds)):
                fields = {name for name in dir(form or object) if hasattr(getattr(form, name), "field_class")}
                assert not fields & {"customer", "customer_id", "member_id", "by"}, (room.name, fields)


@on_both
def test_a_second_press_is_the_same_request(web: Flask, admin: FlaskClient) -> None:
    with web.app_context():
        customer_id = Samples().customer().id
    address = f"/customers/deed/assign/{customer_id}"
    page = admin.get(address)
    sent = {
        "csrf_token": token_of(page), "request_key": page.text.split('name="request_key"')[1].split('value="')[1][:32],
        "kind": "general", "size": "5000", "valid_until": "2099-01-01", "reason": "测试",
    }
    for _ in range(2):
        assert admin.post(address, data=sent).status_code == 302
    with web.app_context():
        grant_id = db.session.scalars(select(Grant.id).where(Grant.customer_id == customer_id)).one()
    adjust = {**sent, "request_key": "b" * 32, "change": "-100"}
    for _ in range(2):
        assert admin.post(f"/grants/deed/adjust/{grant_id}", data=adjust).status_code == 302
    with web.app_context():
        assert db.session.get_one(Grant, grant_id).size == 4900
        entries = select(func.count()).select_from(LedgerEntry).where(LedgerEntry.grant_id == grant_id)
        assert db.session.scalar(entries) == 2


def test_somebody_was_quicker(admin: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def twin(**given: object) -> None:
        raise IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed: customers.name"))

    monkeypatch.setattr(CustomerRoom, "add_service", twin)
    admin.get("/language/en")
    answer = admin.post("/customers/add", data={
        "csrf_token": token_of(admin.get("/customers/add")), "name": "津沽生鲜", "charge_on": "success"})
    assert answer.status_code == 200 and "Somebody was quicker" in answer.text and 'value="津沽生鲜"' in answer.text
    assert "UNIQUE" not in answer.text


def test_a_deed_on_many_does_what_it_can_and_says_what_it_could_not(web: Flask, admin: FlaskClient) -> None:
    with web.app_context():
        samples = Samples()
        free, void = (samples.grant(samples.customer().id, 10).id for _ in range(2))
        from app.services.grants import void_grant

        void_grant(void, by="test", reason="x")
    admin.get("/language/en")
    first = admin.post("/grants/bulk/freeze", data={
        "csrf_token": token_of(admin.get("/grants/list/")), "rowid": [str(free), str(void)]})
    assert first.status_code == 200 and 'name="sure"' in first.text
    second = admin.post("/grants/bulk/freeze", data={
        "csrf_token": token_of(first), "rowid": [str(free), str(void)], "sure": "1", "reason": "对账"})
    assert "This grant is void" in second.text and "Frozen. (1)" in second.text
    assert admin.post("/grants/bulk/freeze", data={
        "csrf_token": token_of(first), "rowid": [str(free), "999"], "sure": "1", "reason": "x"}).status_code == 404


@pytest.mark.parametrize(("typed", "leads"), [
    ("13800138000", "/messages/list/?_flt_0_phone=13800138000"),
    ("+86 138-0013", "/messages/list/?_flt_0_phone=1380013"),
    ("42", "/batches/list/?_flt_0_id=42"), ("#1380013", "/batches/list/?_flt_0_id=1380013"),
    ("津沽", "/customers/list/?_flt_0_name=%E6%B4%A5%E6%B2%BD"), ("", "/customers/list/"),
    ("//evil", "/customers/list/?_flt_0_name=//evil"),
])
def test_one_box_for_everything(admin: FlaskClient, nobody: FlaskClient, typed: str, leads: str) -> None:
    assert admin.get("/find/", query_string={"q": typed}).headers["Location"] == leads
    assert admin.get(leads).status_code == 200
    assert nobody.get("/find/", query_string={"q": typed}).headers["Location"].startswith("/login/")


def test_the_services_of_a_house_are_those_that_are_named() -> None:
    assert CustomerRoom.add_service is customers.open_customer
