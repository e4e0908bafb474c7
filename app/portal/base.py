"""The tenant's base: `app.rooms` for a customer's people. Another customer's row is a row that does not exist."""

from __future__ import annotations

from typing import Any

from flask import abort
from sqlalchemy import Select

from app.domain.roles import CUSTOMERS
from app.rooms.doing import WorkingRoom
from app.security import Asker, current_asker
from app.services.access import own


class TenantRoom(WorkingRoom):
    """Every row comes through `own()`, which refuses a model that it cannot tie to a customer."""

    readers = CUSTOMERS
    doers = CUSTOMERS

    def is_for(self, asker: Asker) -> bool:
        return asker.customer_id is not None

    def scope(self, statement: Select[Any]) -> Select[Any]:
        customer_id = current_asker().customer_id
        if customer_id is None:
            abort(404)
        return own(statement, self.model, customer_id)
