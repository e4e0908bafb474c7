"""Sign-ins: Flask-AppBuilder's users, written in our own units of work."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, or_, select, true, update
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from app.domain.errors import N_, Refused
from app.domain.roles import Role
from app.models.customers import Member
from app.models.types import utc_now
from app.services import audit
from app.services.work import unit_of_work

ADMIN = Role.ADMINISTRATOR.value


def check_password(password: str) -> None:
    """Raises `Refused` unless 6 to 18 characters of at least two kinds: digits, letters, punctuation (A1)."""
    if not 6 <= len(password) <= 18:
        raise Refused("password", N_("Choose a password of 6 to 18 characters."))
    if not all(character.isprintable() and not character.isspace() for character in password):
        raise Refused("password", N_("A password holds digits, letters and punctuation, and no spaces."))
    if len({_kind(character) for character in password}) < 2:
        raise Refused("password", N_("Choose a password of at least two kinds of digits, letters and punctuation."))


def create_admin(username: str, email: str, password: str, *, by: str, replace: bool = False) -> bool:
    """Open an administrator's sign-in; True where it is new. Again: nothing changes, unless `replace` is set.

    `replace` gives the sign-in of this name the new password, lets it in again and makes it an administrator.
    Raises `Refused` for a weak password, for an empty name, for something that is no e-mail address, where the
    address is another's, and for a name that is taken by a customer's person or somebody who is no administrator.
    """
    username, email = username.strip(), email.strip()
    check_names(username, email)
    check_password(password)
    with unit_of_work() as session:
        wait_for_openings(session)
        found = _sign_in(session, username, email)
        role = _role(session, ADMIN)
        if found is None:
            found = User(first_name=username[:64], last_name="", username=username, email=email, active=True,
                         password=generate_password_hash(password), roles=[role])
            session.add(found)
            audit.record("create admin", found, by=by, after={"username": username, "email": email})
            return True
        if session.scalar(select(Member.id).where(Member.user_id == found.id)) is not None:
            raise Refused("user", N_("This sign-in is a customer's. It is changed at the customer."))
        if not replace:
            if role not in found.roles:
                raise Refused("username", N_("This name is taken by somebody who is no administrator."))
            return False
        found.password, found.active, found.fail_login_count = generate_password_hash(password), True, 0
        if role not in found.roles:
            found.roles.append(role)
        audit.record("replace password", found, by=by, after={"username": username})
    return False


def change_own_password(user_id: int, *, old: str, new: str, by: str) -> None:
    """Raises `Refused` for a weak password, and where `old` is not the one that the sign-in has."""
    check_password(new)
    with unit_of_work() as session:
        user = session.scalar(
            select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True))
        if user is None:
            raise Refused("user", N_("This sign-in does not exist."))
        if not check_password_hash(user.password or "", old):
            raise Refused("old", N_("The name or the password is wrong."))
        if old != new:
            user.password = generate_password_hash(new)
            audit.record("change own password", user, by=by)


def note_sign_in(user_id: int, *, success: bool | None, now: datetime | None = None) -> None:
    """Count a try to sign in. None: nothing is counted, it only takes as long."""
    # Flask-AppBuilder's columns know no time zone; they hold UTC here, as everything does.
    moment = (now or utc_now()).astimezone(UTC).replace(tzinfo=None)
    with unit_of_work() as session:
        change = update(User).where(User.id == user_id)
        if success:
            session.execute(change.values(
                login_count=func.coalesce(User.login_count, 0) + 1, fail_login_count=0, last_login=moment))
        else:
            missed = 1 if success is False else 0
            session.execute(change.values(fail_login_count=func.coalesce(User.fail_login_count, 0) + missed))


def _kind(character: str) -> str:
    group = unicodedata.category(character)[0]
    return {"N": "digit", "L": "letter", "M": "letter"}.get(group, "punctuation")


def check_names(username: str, email: str) -> None:
    """Raises `Refused` for an empty name and for what is no e-mail address."""
    if not username or len(username) > 128 or not username.isprintable():
        raise Refused("username", N_("Give the sign-in a name of up to 128 characters."))
    name, at, host = email.rpartition("@")
    if not (name and at and host) or any(map(str.isspace, email)) or len(email) > 320 or not email.isprintable():
        raise Refused("email", N_("This is not an e-mail address."))


def wait_for_openings(session: Session) -> None:
    """One sign-in is opened at a time, so that a name that was free when looked at is free when taken."""
    session.execute(select(RoleRow.id).order_by(RoleRow.id).with_for_update())


def check_free(session: Session, username: str, email: str, *, but: int | None = None) -> None:
    """Raises `Refused` where a name or an address is another's. One signs in with either, so a name may not be
    another's address, nor the other way round. `but` is the sign-in that they are for."""
    others = select(User.id).where(User.id != but if but is not None else true())
    for code, text, sentence in (
        ("username", username, N_("There is a sign-in of this name already.")),
        ("email", email, N_("This e-mail address belongs to another sign-in.")),
    ):
        taken = or_(func.lower(User.username) == text.lower(), func.lower(User.email) == text.lower())
        if session.scalar(others.where(taken).limit(1)) is not None:
            raise Refused(code, sentence)


def _sign_in(session: Session, username: str, email: str) -> User | None:
    """The sign-in of this name. Raises `Refused` where the address is another's: it signs in too."""
    found = session.scalars(select(User).where(func.lower(User.username) == username.lower())).first()
    check_free(session, username, email, but=found.id if found else None)
    return found


def _role(session: Session, name: str) -> RoleRow:
    role = session.scalar(select(RoleRow).where(RoleRow.name == name))
    if role is None:
        role = RoleRow(name=name)
        session.add(role)
        session.flush()
    return role
