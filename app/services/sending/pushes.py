"""Whose push it is: the address holds a secret of its own for each access key."""

from __future__ import annotations

import hmac
from datetime import datetime

from app.models.types import utc_now
from app.services.access_keys import keys_to_read
from app.services.work import current_session


def key_of_push(secret: str, *, now: datetime | None = None) -> int | None:
    """The id of the access key whose push address ends in `secret`, None where there is none.

    A retired key's address works 72 h more. Every secret is compared, each in constant time.
    """
    given = secret.encode("utf-8", "replace")
    found: int | None = None
    for key in keys_to_read(current_session(), now=now or utc_now()):
        if key.push_secret and hmac.compare_digest(key.push_secret.encode(), given):
            found = key.id
    return found
