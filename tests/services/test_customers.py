"""Customers: opened and edited, each change once, and told what is wrong all together."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.domain.errors import Refused
from app.extensions import db
from app.models.audit import AuditEntry
from app.models.customers import ChargeOn, Customer, Member
from app.services.customers import delete_customer, edit_customer, open_customer
from app.services.work import unit_of_work
from tests.samples import Samples


def last_entry() -> AuditEntry:
    return db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()  # type: ignore[return-value]


def test_an_edit_is_logged_once_and_masks_the_phone(any_app: Flask) -> None:
    customer = open_customer(name="津沽生鲜", by="test")
    change = {"name": "津沽生鲜连锁", "phone": "+86 138-0013-8000", "charge_on": ChargeOn.HANDOVER}
    edit_customer(customer.id, **change, by="li")
    entry = last_entry()
    assert entry.after == {"name": "津沽生鲜连锁", "phone": "138****8000", "charge_on": "handover"}
    assert db.session.get_one(Customer, customer.id).phone == "13800138000"
    edit_customer(customer.id, **change, by="li")
    assert last_entry().id == entry.id


def test_everything_wrong_is_told_together(app: Flask) -> None:
    with pytest.raises(Refused) as refused:
        open_customer(name=" ", email="x", phone="12", by="test")
    assert [reason.code for reason in refused.value.reasons] == ["name", "email", "phone"]


def test_a_name_is_one_customers(app: Flask) -> None:
    one, two = (open_customer(name=name, by="test") for name in ("甲", "乙"))
    with pytest.raises(Refused):
        edit_customer(two.id, name="甲", by="test")
    edit_customer(one.id, name="甲", by="test")  # its own it may keep
    with pytest.raises(Refused):
        edit_customer(99, name="丙", by="test")


def test_only_one_without_a_history_is_deleted(any_app: Flask, samples: Samples) -> None:
    mistaken, busy, signing = samples.customer(), samples.customer(segments=10), samples.customer()
    with unit_of_work() as session:
        user = User(first_name="x", last_name="", username="x", email="x@example.com", active=True)
        session.add(user)
        session.flush()
        session.scalars(select(Member).where(Member.customer_id == signing.id)).one().user_id = user.id
    delete_customer(mistaken.id, by="test")
    assert db.session.get(Customer, mistaken.id) is None and last_entry().before == {"name": mistaken.name}
    for other in (mistaken, busy, signing):
        with pytest.raises(Refused):
            delete_customer(other.id, by="test")
    assert db.session.get(Customer, busy.id) is not None and db.session.get(Customer, signing.id) is not None
