"""How a grant stands, for staff and customers alike."""

from __future__ import annotations

from markupsafe import Markup

from app.domain.clock import shanghai_day
from app.models.packages import Grant, GrantState
from app.models.types import utc_now
from app.rooms.words import badge


def stands(grant: Grant) -> Markup:
    """A grant's state as people mean it: over and used up are not states of the books."""
    if grant.state is GrantState.NORMAL and grant.valid_until < shanghai_day(utc_now()):
        return badge("over")
    if grant.state is GrantState.NORMAL and grant.remaining == 0 and grant.held == 0:
        return badge("used-up")
    return badge(grant.state)
