"""Who a sign-in is and what it may do, read once a request."""

from __future__ import annotations

from dataclasses import dataclass

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    ViewMenu,
    assoc_permissionview_role,
    assoc_user_role,
)
from flask_appbuilder.security.sqla.models import (
    Role as RoleRow,
)
from sqlalchemy import select

from app.domain.roles import CUSTOMERS, SEE_PHONES, STAFF, Role
from app.models.customers import Member
from app.services.work import current_session

Right = tuple[str, str]  # ("can_list", "CustomerRoom")


@dataclass(frozen=True)
class Asker:
    """Nobody in particular unless it says who. Staff belong to no customer, and a customer's people are never staff."""

    user_id: int | None = None
    name: str = ""
    roles: frozenset[Role] = frozenset()
    rights: frozenset[Right] = frozenset()
    member_id: int | None = None
    customer_id: int | None = None

    @property
    def signed_in(self) -> bool:
        return self.user_id is not None

    @property
    def is_staff(self) -> bool:
        return bool(self.roles & STAFF) and self.customer_id is None

    @property
    def by(self) -> str:
        """How the log and the ledger call this person."""
        return self.name

    @property
    def sees_phones(self) -> bool:
        """Whole phone numbers: staff who have the right, and a customer's people their own."""
        return SEE_PHONES in self.rights or self.customer_id is not None


NOBODY = Asker()


def asker_of(user_id: int, name: str) -> Asker:
    """Roles, rights and the place at a customer, in one query."""
    rows = current_session().execute(
        select(RoleRow.name, Permission.name, ViewMenu.name, Member.id, Member.customer_id, Member.active)
        .select_from(assoc_user_role)
        .join(RoleRow, RoleRow.id == assoc_user_role.c.role_id)
        .outerjoin(Member, Member.user_id == assoc_user_role.c.user_id)
        .outerjoin(assoc_permissionview_role, assoc_permissionview_role.c.role_id == RoleRow.id)
        .outerjoin(PermissionView, PermissionView.id == assoc_permissionview_role.c.permission_view_id)
        .outerjoin(Permission, Permission.id == PermissionView.permission_id)
        .outerjoin(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(assoc_user_role.c.user_id == user_id)
    ).all()
    known = {role.value for role in Role}
    roles = frozenset(Role(row[0]) for row in rows if row[0] in known)
    rights = frozenset((row[1], row[2]) for row in rows if row[1] is not None and row[0] in known)
    member_id, customer_id, active = rows[0][3:] if rows else (None, None, None)
    if member_id is None and not roles & CUSTOMERS:
        return Asker(user_id, name, roles, rights)
    # Without a place at a customer there is nothing to see; and a place at a customer is never staff's.
    if not active or roles & STAFF:
        return Asker(user_id, name)
    return Asker(user_id, name, roles, rights, member_id, customer_id)
