"""The reseller's people: opened, given a role, suspended, restored, given a new password."""

from __future__ import annotations

import secrets
import string
from typing import Any

from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User, assoc_user_role
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.domain.errors import N_, Refused
from app.domain.roles import STAFF, Role
from app.models.customers import Member
from app.services import audit
from app.services.sign_ins import check_free, check_names, check_password, wait_for_openings
from app.services.work import unit_of_work

_SIGNS = string.ascii_letters.translate({ord(sign): None for sign in "lIO"}) + "23456789"


def open_staff(*, username: str, email: str, role: Role, password: str, by: str) -> User:
    """A new sign-in of the reseller's side. Raises `Refused` for names that are taken and a weak password."""
    username, email = username.strip(), email.strip()
    check_names(username, email)
    check_password(password)
    _check_role(role)
    with unit_of_work() as session:
        wait_for_openings(session)
        check_free(session, username, email)
        user = User(first_name=username[:64], last_name="", username=username, email=email, active=True,
                    password=generate_password_hash(password))
        session.add(user)
        session.flush()
        _give(session, user.id, role)
        audit.record("open staff", user, by=by, after={"username": username, "role": role.value})
    return user


def edit_staff(user_id: int, *, username: str, email: str, by: str) -> None:
    """Another name or address. Again: nothing changes. Raises `Refused` where they are another's."""
    username, email = username.strip(), email.strip()
    check_names(username, email)
    with unit_of_work() as session:
        wait_for_openings(session)
        user = _locked(session, user_id)
        check_free(session, username, email, but=user_id)
        before, after = {"username": user.username, "email": user.email}, {"username": username, "email": email}
        if before != after:
            user.username, user.email, user.first_name = username, email, username[:64]
            audit.record("edit staff", user, by=by, before=before, after=after)


def change_role(user_id: int, *, role: Role, by: str) -> None:
    """Again: nothing changes. Raises `Refused` for the last administrator and for a customer's sign-in."""
    _check_role(role)
    with unit_of_work() as session:
        user = _locked(session, user_id)
        before = _roles(session, user_id)
        if before == {role.value}:
            return
        if role is not Role.ADMINISTRATOR:
            _check_not_last(session, user_id)
        session.execute(delete(assoc_user_role).where(assoc_user_role.c.user_id == user_id))
        _give(session, user_id, role)
        audit.record("change role", user, by=by, before={"role": ", ".join(sorted(before))}, after={"role": role.value})


def suspend_staff(user_id: int, *, by: str, reason: str) -> None:
    """Out at once, and not in again until restored. Again: nothing changes."""
    with unit_of_work() as session:
        user = _locked(session, user_id)
        if user.active:
            _check_not_last(session, user_id)
            user.active = False
            audit.record("suspend", user, by=by, reason=reason)


def restore_staff(user_id: int, *, by: str) -> None:
    with unit_of_work() as session:
        user = _locked(session, user_id)
        if not user.active:
            user.active, user.fail_login_count = True, 0
            audit.record("restore", user, by=by)


def replace_password(user_id: int, *, password: str, by: str) -> None:
    """A new password, told to its owner by whoever sets it. Raises `Refused` for a weak one."""
    check_password(password)
    with unit_of_work() as session:
        user = _locked(session, user_id)
        user.password, user.fail_login_count = generate_password_hash(password), 0
        audit.record("replace password", user, by=by)


def random_password() -> str:
    """Twelve signs that nobody mistakes for one another: at least one letter and one digit."""
    while True:
        password = "".join(secrets.choice(_SIGNS) for _ in range(12))
        if any(sign.isdigit() for sign in password) and any(sign.isalpha() for sign in password):
            return password


def _check_role(role: Role) -> None:
    if role not in STAFF:
        raise Refused("role", N_("This is no role of the reseller's staff."))


def _locked(session: Session, user_id: int) -> User:
    """The sign-in, and every administrator's with it: two people who suspend each other wait for one another."""
    admins = (
        select(assoc_user_role.c.user_id)
        .join(RoleRow, RoleRow.id == assoc_user_role.c.role_id)
        .where(RoleRow.name == Role.ADMINISTRATOR.value)
    )
    users = session.scalars(
        select(User).where((User.id == user_id) | User.id.in_(admins)).order_by(User.id).with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    user = next((user for user in users if user.id == user_id), None)
    if user is None:
        raise Refused("user", N_("This sign-in does not exist."))
    if session.scalar(select(Member.id).where(Member.user_id == user_id)) is not None:
        raise Refused("user", N_("This sign-in is a customer's. It is changed at the customer."))
    return user


def _check_not_last(session: Session, user_id: int) -> None:
    others = session.scalar(
        select(func.count())
        .select_from(assoc_user_role)
        .join(RoleRow, RoleRow.id == assoc_user_role.c.role_id)
        .join(User, User.id == assoc_user_role.c.user_id)
        .where(RoleRow.name == Role.ADMINISTRATOR.value, User.id != user_id, User.active)
    )
    if Role.ADMINISTRATOR.value in _roles(session, user_id) and not others:
        raise Refused("role", N_("This is the last administrator. Give somebody else the role first."))


def _roles(session: Session, user_id: int) -> set[str]:
    return set(session.scalars(
        select(RoleRow.name).join(assoc_user_role, assoc_user_role.c.role_id == RoleRow.id)
        .where(assoc_user_role.c.user_id == user_id)
    ))


def _give(session: Session, user_id: int, role: Role) -> None:
    role_id: Any = session.scalar(select(RoleRow.id).where(RoleRow.name == role.value))
    if role_id is None:
        row = RoleRow(name=role.value)
        session.add(row)
        session.flush()
        role_id = row.id
    session.execute(insert(assoc_user_role).values(user_id=user_id, role_id=role_id))
    session.flush()
