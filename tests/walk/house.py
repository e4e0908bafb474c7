"""A house with everybody in it: each role of staff, two customers with an owner and a member each, and rows of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.domain.roles import STAFF, Role
from app.extensions import db
from app.models.batches import Batch
from app.models.customers import Customer, Member, MemberRole
from app.models.messages import Message
from app.models.packages import Grant
from app.services import members, sign_ins, staff
from app.services.roles import sync_roles
from app.services.work import unit_of_work
from app.views import rights_of
from tests.samples import Samples, phones

PASSWORD = "letme1n!"
SECRET = "乙家机密"  # stands in every row of the second customer and must reach nobody of the first


@dataclass
class House:
    app: Flask
    customers: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[type[Any], int]] = field(default_factory=dict)  # of "ours" and "theirs", by model

    def browser(self, who: str) -> FlaskClient:
        """A browser that `who` has signed in with; "" for nobody."""
        client = self.app.test_client()
        if who:
            answer = client.post("/login/", data={"username": who, "password": PASSWORD})
            assert answer.status_code == 302, who
        return client


# Sign-ins by what they are; a customer's by whose.
PEOPLE = {
    "": None, "administrator": Role.ADMINISTRATOR, "operator": Role.OPERATOR, "finance": Role.FINANCE,
    "auditor": Role.AUDITOR, "ours-owner": Role.OWNER, "ours-member": Role.MEMBER,
}


def furnish(app: Flask) -> House:
    """Inside the application's context, on an empty database."""
    house, samples = House(app), Samples()
    sync_roles(rights_of(app))
    samples.access_key()
    sign_ins.create_admin("administrator", "administrator@example.com", PASSWORD, by="test")
    for role in STAFF - {Role.ADMINISTRATOR}:
        name = role.value.lower()
        staff.open_staff(username=name, email=f"{name}@example.com", role=role, password=PASSWORD, by="test")
    for side, mark in (("ours", "甲家"), ("theirs", SECRET)):
        customer = samples.customer(segments=1000)
        house.customers[side] = customer.id
        _people(side, customer.id)
        content, code = f"{mark}，请留意查收。", f"SMS_{customer.id}0001"
        batch_id = samples.batch(customer.id, phones(30), content=content, code=code)
        house.rows[side] = {
            Customer: customer.id,
            Batch: batch_id,
            Grant: db.session.scalars(select(Grant.id).where(Grant.customer_id == customer.id)).one(),
            Message: db.session.scalars(select(Message.id).where(Message.customer_id == customer.id)).first() or 0,
        }
    with unit_of_work() as session:
        session.get_one(Customer, house.customers["theirs"]).name = SECRET
    return house


def _people(side: str, customer_id: int) -> None:
    with unit_of_work() as session:
        owner = session.scalars(select(Member).where(Member.customer_id == customer_id)).one()
        other = Member(customer_id=customer_id, name=f"{side} clerk", role=MemberRole.MEMBER)
        session.add(other)
        session.flush()
        places = {"owner": owner.id, "member": other.id}
    for name, member_id in places.items():
        members.open_member_sign_in(
            member_id, username=f"{side}-{name}", email=f"{side}-{name}@example.com", password=PASSWORD, by="test")
