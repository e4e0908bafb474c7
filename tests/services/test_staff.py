"""The reseller's people: each act once, the last administrator always there, staff and customers never mixed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select
from werkzeug.security import check_password_hash

from app.domain.errors import Refused
from app.domain.roles import Role
from app.extensions import db
from app.models.audit import AuditEntry
from app.models.customers import Member
from app.services import sign_ins
from app.services.asking import asker_of
from app.services.members import open_member_sign_in
from app.services.roles import sync_roles
from app.services.staff import (
    change_role,
    edit_staff,
    open_staff,
    random_password,
    replace_password,
    restore_staff,
    suspend_staff,
)
from tests.samples import Samples
from tests.services.sending.crowd import at_once

PASSWORD = "letme1n!"


def opened(name: str, role: Role = Role.OPERATOR) -> int:
    return open_staff(username=name, email=f"{name}@example.com", role=role, password=PASSWORD, by="test").id


def user(user_id: int) -> User:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(User, user_id)


def written() -> int:
    return db.session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def test_each_act_is_done_once(any_app: Flask) -> None:
    opened("root", Role.ADMINISTRATOR)
    li = opened("li")
    for act in (
        lambda: edit_staff(li, username="Li", email="li.new@example.com", by="root"),
        lambda: change_role(li, role=Role.FINANCE, by="root"),
        lambda: suspend_staff(li, by="root", reason="离职"),
        lambda: restore_staff(li, by="root"),
    ):
        before = written()
        act()
        act()
        assert written() == before + 1
    assert [role.name for role in user(li).roles] == ["Finance"] and user(li).active
    replace_password(li, password="other1!", by="root")
    assert check_password_hash(user(li).password or "", "other1!")


@pytest.mark.parametrize(("name", "email", "code"), [
    ("LI", "new@example.com", "username"), ("wang", "LI@example.com", "email"), ("", "a@example.com", "username"),
    ("wang", "nonsense", "email"), ("li@EXAMPLE.com", "new@example.com", "username"),
])
def test_names_are_one_persons(app: Flask, name: str, email: str, code: str) -> None:
    opened("li")
    with pytest.raises(Refused) as refused:
        open_staff(username=name, email=email, role=Role.AUDITOR, password=PASSWORD, by="test")
    assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        edit_staff(opened("zhao"), username=name, email=email, by="test")
    assert refused.value.code == code


def test_a_name_is_taken_once_by_two_who_want_it_at_once(any_app: Flask) -> None:
    sync_roles({})

    def take(name: str) -> str:
        try:
            open_staff(username=name, email=f"{name}@example.com", role=Role.AUDITOR, password=PASSWORD, by="test")
        except Refused as refusal:
            return refusal.code
        return "opened"

    for number in range(4):
        lower, upper = f"zhao{number}", f"ZHAO{number}"
        taken = at_once(any_app, lambda a=lower: take(a), lambda a=upper: take(a), lambda a=lower: take(a))
        assert sorted(taken) == ["opened", "username", "username"]


def test_ones_own_password_is_changed_by_who_knows_it(app: Flask) -> None:
    li = opened("li")
    for old, new, code in (("wrong1", "other1!", "old"), (PASSWORD, "weak", "password")):
        with pytest.raises(Refused) as refused:
            sign_ins.change_own_password(li, old=old, new=new, by="li")
        assert refused.value.code == code and check_password_hash(user(li).password or "", PASSWORD)
    before = written()
    sign_ins.change_own_password(li, old=PASSWORD, new="other1!", by="li")
    assert check_password_hash(user(li).password or "", "other1!") and written() == before + 1
    with pytest.raises(Refused):
        sign_ins.change_own_password(li, old=PASSWORD, new="other2!", by="li")


@pytest.mark.parametrize("role", [Role.OWNER, Role.MEMBER])
def test_staff_are_no_customers(app: Flask, role: Role) -> None:
    with pytest.raises(Refused):
        open_staff(username="x", email="x@example.com", role=role, password=PASSWORD, by="test")
    with pytest.raises(Refused):
        change_role(opened("li"), role=role, by="test")


def test_the_last_administrator_stays(any_app: Flask) -> None:
    root = opened("root", Role.ADMINISTRATOR)
    for act in (
        lambda: suspend_staff(root, by="root", reason=""),
        lambda: change_role(root, role=Role.AUDITOR, by="root"),
    ):
        with pytest.raises(Refused, match="last administrator"):
            act()
    other = opened("other", Role.ADMINISTRATOR)
    suspend_staff(root, by="other", reason="")
    with pytest.raises(Refused):
        suspend_staff(other, by="other", reason="")


def test_two_administrators_who_suspend_each_other(any_app: Flask) -> None:
    one, two = opened("one", Role.ADMINISTRATOR), opened("two", Role.ADMINISTRATOR)

    def suspend(user_id: int) -> None:
        with suppress(Refused):
            suspend_staff(user_id, by="test", reason="")

    for _ in range(8):
        at_once(any_app, lambda: suspend(one), lambda: suspend(two))
        assert [user(one).active, user(two).active].count(True) == 1
        for user_id in (one, two):
            restore_staff(user_id, by="test")


def test_a_customers_sign_in(any_app: Flask, samples: Samples) -> None:
    sync_roles({})
    customer = samples.customer()
    member_id = db.session.scalars(select(Member.id).where(Member.customer_id == customer.id)).one()
    give = {"username": "boss", "email": "boss@example.com", "password": PASSWORD, "by": "test"}
    first = open_member_sign_in(member_id, **give)
    before = written()
    assert open_member_sign_in(member_id, **give).id == first.id and written() == before
    asker = asker_of(first.id, "boss")
    assert (asker.customer_id, asker.member_id, asker.is_staff, asker.roles) == (
        customer.id, member_id, False, frozenset({Role.OWNER}))
    for act in (
        lambda: suspend_staff(first.id, by="test", reason=""),
        lambda: change_role(first.id, role=Role.ADMINISTRATOR, by="test"),
        lambda: edit_staff(first.id, username="x", email="x@example.com", by="test"),
        lambda: sign_ins.create_admin("boss", "boss@example.com", PASSWORD, by="test", replace=True),
        lambda: open_member_sign_in(member_id, **(give | {"username": "another"})),
    ):
        with pytest.raises(Refused):
            act()


def test_a_name_of_the_staff_is_no_customers(app: Flask, samples: Samples) -> None:
    sync_roles({})
    opened("li")
    member_id = samples.member(samples.customer().id)
    with pytest.raises(Refused) as refused:
        open_member_sign_in(member_id, username="LI", email="x@example.com", password=PASSWORD, by="test")
    assert refused.value.code == "username"


def test_whoever_is_both_is_nobody(app: Flask, samples: Samples) -> None:
    """A row changed by hand in the database: no customer's person becomes staff by it."""
    from flask_appbuilder.security.sqla.models import Role as RoleRow

    from app.services.work import unit_of_work

    sync_roles({("can_list", "X"): frozenset({Role.ADMINISTRATOR})})
    member_id = samples.member(samples.customer().id)
    made = open_member_sign_in(member_id, username="m", email="m@example.com", password=PASSWORD, by="test")
    with unit_of_work() as session:
        role = session.scalars(select(RoleRow).where(RoleRow.name == Role.ADMINISTRATOR.value)).one()
        session.get_one(User, made.id).roles.append(role)
    asker = asker_of(made.id, "m")
    assert not asker.is_staff and asker.customer_id is None and asker.rights == frozenset()


@pytest.mark.parametrize("active", [True, False])
def test_staff_who_are_tied_to_a_customer_by_hand_are_nobody(app: Flask, samples: Samples, active: bool) -> None:
    sync_roles({("can_list", "X"): frozenset({Role.ADMINISTRATOR})})
    root = opened("root", Role.ADMINISTRATOR)
    assert asker_of(root, "root").is_staff
    samples.member(samples.customer().id, user_id=root, active=active)
    asker = asker_of(root, "root")
    assert not asker.is_staff and asker.customer_id is None and asker.rights == frozenset()


def test_random_passwords_are_passwords() -> None:
    made = {random_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        sign_ins.check_password(password)
