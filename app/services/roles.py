"""Brings roles and their rights into the database: at a migration, never at a start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    ViewMenu,
    assoc_group_role,
    assoc_permissionview_role,
    assoc_user_role,
)
from flask_appbuilder.security.sqla.models import (
    Role as RoleRow,
)
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app.domain.roles import Role
from app.services.asking import Right
from app.services.work import unit_of_work

FORMER = {"Admin": Role.ADMINISTRATOR}  # Flask-AppBuilder's name for it, in houses of version 0001
PUBLIC = "Public"  # Flask-AppBuilder asks for it; it may nothing


def sync_roles(rights: Mapping[Right, frozenset[Role]]) -> int:
    """Make the tables say what `rights` says, and nothing else. Returns how many rows it wrote. Again: none."""
    with unit_of_work() as session:
        written = _rename_former(session)
        roles, made = _named(session, RoleRow, {*(role.value for role in Role), PUBLIC})
        permissions, more = _named(session, Permission, {right[0] for right in rights})
        views, most = _named(session, ViewMenu, {right[1] for right in rights})
        pairs, links = _pairs(session, rights, permissions, views)
        written += made + more + most + links + _grant(session, rights, roles, pairs)
        written += _remove_roles(session, {*(role.value for role in Role), PUBLIC})
        written += _remove(session, Permission, {right[0] for right in rights})
        return written + _remove(session, ViewMenu, {right[1] for right in rights})


def _rename_former(session: Session) -> int:
    written = 0
    for old, new in FORMER.items():
        old_id = session.scalar(select(RoleRow.id).where(RoleRow.name == old))
        if old_id is None:
            continue
        new_id = session.scalar(select(RoleRow.id).where(RoleRow.name == new.value))
        if new_id is None:
            session.execute(update(RoleRow).where(RoleRow.id == old_id).values(name=new.value))
        else:  # both: whoever had the old one has the new one
            holders = select(assoc_user_role.c.user_id).where(assoc_user_role.c.role_id == new_id)
            session.execute(
                update(assoc_user_role)
                .where(assoc_user_role.c.role_id == old_id, assoc_user_role.c.user_id.not_in(holders))
                .values(role_id=new_id)
            )
            session.execute(delete(assoc_user_role).where(assoc_user_role.c.role_id == old_id))
            session.execute(delete(assoc_permissionview_role).where(assoc_permissionview_role.c.role_id == old_id))
            session.execute(delete(RoleRow).where(RoleRow.id == old_id))
        written += 1
    return written


def _named(session: Session, model: Any, names: set[str]) -> tuple[dict[str, int], int]:
    """Ids of the rows of these names, made where they are missing; and how many were made."""
    found = {name: number for number, name in session.execute(select(model.id, model.name))}
    missing = sorted(names - found.keys())
    for name in missing:
        row = model(name=name)
        session.add(row)
        session.flush()
        found[name] = row.id
    return found, len(missing)


def _pairs(
    session: Session, rights: Mapping[Right, frozenset[Role]], permissions: dict[str, int], views: dict[str, int]
) -> tuple[dict[Right, int], int]:
    """Ids of permission-on-view rows; those that no room names any more go, with whatever hung on them."""
    wanted = {(permissions[right[0]], views[right[1]]): right for right in rights}
    rows = session.execute(
        select(PermissionView.id, PermissionView.permission_id, PermissionView.view_menu_id)
    ).all()
    found = {wanted[(row[1], row[2])]: row[0] for row in rows if (row[1], row[2]) in wanted}
    gone = [row[0] for row in rows if (row[1], row[2]) not in wanted]
    if gone:
        session.execute(
            delete(assoc_permissionview_role).where(assoc_permissionview_role.c.permission_view_id.in_(gone)))
        session.execute(delete(PermissionView).where(PermissionView.id.in_(gone)))
    missing = [right for right in rights if right not in found]
    for right in missing:
        row = PermissionView(permission_id=permissions[right[0]], view_menu_id=views[right[1]])
        session.add(row)
        session.flush()
        found[right] = row.id
    return found, len(gone) + len(missing)


def _grant(
    session: Session, rights: Mapping[Right, frozenset[Role]], roles: dict[str, int], pairs: dict[Right, int]
) -> int:
    table = assoc_permissionview_role.c
    wanted = {(pairs[right], roles[role.value]) for right, holders in rights.items() for role in holders}
    has = {(row[0], row[1]): row[2]
           for row in session.execute(select(table.permission_view_id, table.role_id, table.id))}
    extra = [number for pair, number in has.items() if pair not in wanted]
    if extra:
        session.execute(delete(assoc_permissionview_role).where(table.id.in_(extra)))
    missing = sorted(wanted - has.keys())
    if missing:
        session.execute(
            insert(assoc_permissionview_role),
            [{"permission_view_id": pair, "role_id": role} for pair, role in missing],
        )
    return len(extra) + len(missing)


def _remove_roles(session: Session, names: set[str]) -> int:
    """Roles that nobody here knows give no right (`asker_of`); they go, from whoever has them."""
    gone = list(session.scalars(select(RoleRow.id).where(RoleRow.name.not_in(names))))
    for table in (assoc_user_role, assoc_group_role, assoc_permissionview_role) if gone else ():
        session.execute(delete(table).where(table.c.role_id.in_(gone)))
    return _remove(session, RoleRow, names)


def _remove(session: Session, model: Any, names: set[str]) -> int:
    gone = list(session.scalars(select(model.id).where(model.name.not_in(names))))
    if gone:
        session.execute(delete(model).where(model.id.in_(gone)))
    return len(gone)
