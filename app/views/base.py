"""The hardened base of every staff room: `app.rooms` for the reseller's people. A new room needs no security code."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select

from app.domain.roles import STAFF, Role
from app.rooms.doing import WorkingRoom
from app.security import Asker

ADMINISTRATOR, OPERATOR, FINANCE = Role.ADMINISTRATOR, Role.OPERATOR, Role.FINANCE


class StaffRoom(WorkingRoom):
    """Read by all staff unless it says otherwise; nobody does anything in it until it names its doers."""

    readers = STAFF
    doers = frozenset({ADMINISTRATOR})

    def is_for(self, asker: Asker) -> bool:
        return asker.is_staff

    def scope(self, statement: Select[Any]) -> Select[Any]:
        """Staff know of every customer's rows."""
        return statement
