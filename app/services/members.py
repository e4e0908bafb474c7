"""Sign-ins of a customer's people: a user of the house tied to a place at one customer."""

from __future__ import annotations

from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User, assoc_user_role
from sqlalchemy import insert, select
from werkzeug.security import generate_password_hash

from app.domain.errors import N_, Refused
from app.domain.roles import Role
from app.models.customers import Member, MemberRole
from app.services import audit
from app.services.sign_ins import check_free, check_names, check_password, wait_for_openings
from app.services.work import unit_of_work

ROLES = {MemberRole.OWNER: Role.OWNER, MemberRole.MEMBER: Role.MEMBER}


def open_member_sign_in(member_id: int, *, username: str, email: str, password: str, by: str) -> User:
    """Let a member sign in. Again for the same member and name: the sign-in that there is, unchanged.

    Raises `Refused` for a name or address that is taken (staff are never members), and a weak password.
    """
    username, email = username.strip(), email.strip()
    check_names(username, email)
    check_password(password)
    with unit_of_work() as session:
        member = session.scalar(
            select(Member).where(Member.id == member_id).with_for_update().execution_options(populate_existing=True)
        )
        if member is None:
            raise Refused("member", N_("This member does not exist."))
        if member.user_id is not None:
            found = session.get_one(User, member.user_id)
            if found.username.lower() == username.lower():
                return found
            raise Refused("member", N_("This member has a sign-in already."))
        wait_for_openings(session)
        check_free(session, username, email)
        user = User(first_name=member.name[:64], last_name="", username=username, email=email, active=True,
                    password=generate_password_hash(password))
        session.add(user)
        session.flush()
        role_id = session.scalar(select(RoleRow.id).where(RoleRow.name == ROLES[member.role].value))
        if role_id is None:
            raise Refused("role", N_("The roles are not in the database yet. Run: python run.py migrate"))
        session.execute(insert(assoc_user_role).values(user_id=user.id, role_id=role_id))
        member.user_id = user.id
        audit.record("open sign-in", member, by=by, after={"username": username})
    return user
