"""Access keys: their secret is encrypted at rest, replaced and never shown; one is active at a time."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken
from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.errors import N_, Refused
from app.gateways.sms import Credentials
from app.models.access_keys import AccessKey, KeyState, Trouble
from app.models.types import utc_now
from app.services import audit
from app.services.notices import clear_notice, raise_notice
from app.services.site import site_settings
from app.services.work import unit_of_work

READ_AFTER_RETIREMENT = timedelta(hours=72)  # receipts of what it sent may still come (sending.md, account trouble)


def _box() -> Fernet:
    return _box_of(current_app.config["POSTHOUSE_KEY"])


@cache
def _box_of(key: str) -> Fernet:
    return Fernet(key.encode("ascii"))


def credentials_of(key: Any) -> Credentials:
    """What the gateway needs, of an AccessKey or a row with its columns.

    Raises `Refused` where the secret was encrypted with another key than ours.
    """
    try:
        secret = _box().decrypt(key.secret.encode("ascii")).decode("utf-8")
    except InvalidToken:
        raise Refused(
            "key", N_("The secret cannot be read: POSTHOUSE_KEY is not the key it was stored with. Enter it again.")
        ) from None
    return Credentials(key.key, secret, key.endpoint, key.token_endpoint, key.queue_endpoint)


def save_access_key(
    *,
    key: str,
    secret: str,
    by: str,
    endpoint: str = Credentials.endpoint,
    token_endpoint: str = Credentials.token_endpoint,
    queue_endpoint: str = Credentials.queue_endpoint,
    receipt_queue: str = "",
    reply_queue: str = "",
    rate: int = 1000,
    note: str = "",
    now: datetime | None = None,
) -> AccessKey:
    """Make this the active access key; the one before retires and its queues are read 72 h more."""
    now = now or utc_now()
    if not key.strip() or not secret.strip():
        raise Refused("key", N_("Enter both the AccessKey ID and its secret."))
    for address in (endpoint, token_endpoint, queue_endpoint):
        _check_address(address)
    if not 1 <= rate <= 5000:
        raise Refused("rate", N_("The rate is 1 to 5,000 calls a second."))
    with unit_of_work() as session:
        session.refresh(site_settings(session), with_for_update=True)  # one after the other, for one stays active
        retired = session.scalars(
            update(AccessKey)
            .where(AccessKey.state == KeyState.ACTIVE)
            .values(state=KeyState.RETIRED, retired_at=now)
            .returning(AccessKey.id)
        ).all()
        for key_id in retired:
            clear_notice(session, f"access-key-{key_id}", now=now)
        entry = AccessKey(
            key=key.strip(),
            secret=_box().encrypt(secret.strip().encode()).decode("ascii"),
            endpoint=endpoint,
            token_endpoint=token_endpoint,
            queue_endpoint=queue_endpoint,
            receipt_queue=receipt_queue,
            reply_queue=reply_queue,
            push_secret=secrets.token_urlsafe(24),
            rate=rate,
            note=note,
            created_at=now,
        )
        session.add(entry)
        audit.record("save access key", entry, by=by, after={"key": entry.key, "endpoint": endpoint, "rate": rate})
    return entry


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise Refused(
            "endpoint", N_("An address begins with https:// and has no path: %(address)s is none."), address=address
        )


def active_access_key(session: Session) -> AccessKey | None:
    return session.scalar(select(AccessKey).where(AccessKey.state == KeyState.ACTIVE))


def keys_to_read(session: Session, *, now: datetime) -> list[AccessKey]:
    """Whose queues are read: the active key's, and for 72 h those of the ones before."""
    since = now - READ_AFTER_RETIREMENT
    query = select(AccessKey).where((AccessKey.state == KeyState.ACTIVE) | (AccessKey.retired_at > since))
    return list(session.scalars(query.order_by(AccessKey.id)))


def suspend(session: Session, key_id: int, *, code: str, message: str, now: datetime) -> None:
    """Account trouble: nothing goes through this key until a person acts or a single probe is accepted."""
    session.execute(
        update(AccessKey)
        .where(AccessKey.id == key_id, AccessKey.trouble != Trouble.ACCOUNT)
        .values(
            trouble=Trouble.ACCOUNT,
            trouble_code=code,
            trouble_message=message,
            trouble_since=now,
            probe_at=now + _seconds("TROUBLE_PROBE_SECONDS"),
        )
    )
    raise_notice(session, f"access-key-{key_id}", "provider-account", f"{code}: {message}", now=now)


def count_connection_failure(session: Session, key_id: int, *, code: str, now: datetime) -> None:
    """One more call without an answer; too many in a row open the breaker."""
    session.execute(update(AccessKey).where(AccessKey.id == key_id).values(failures=AccessKey.failures + 1))
    opened: Any = session.execute(
        update(AccessKey)
        .where(
            AccessKey.id == key_id,
            AccessKey.trouble == Trouble.NONE,
            AccessKey.failures >= current_app.config["BREAKER_FAILURES"],
        )
        .values(
            trouble=Trouble.BREAKER,
            trouble_code=code,
            trouble_message="",
            trouble_since=now,
            probe_at=now + _seconds("BREAKER_SECONDS"),
        )
    )
    if opened.rowcount:
        raise_notice(session, f"access-key-{key_id}", "provider-away", code, now=now)


def is_well_again(session: Session, key_id: int, *, now: datetime, account: bool) -> None:
    """The provider answered. `account`: it took the message or judged it, so the account is in order too."""
    curable = [Trouble.NONE, Trouble.BREAKER] + ([Trouble.ACCOUNT] if account else [])
    done: Any = session.execute(
        update(AccessKey)
        .where(AccessKey.id == key_id, AccessKey.trouble.in_(curable))
        .values(
            trouble=Trouble.NONE, trouble_code="", trouble_message="", trouble_since=None, probe_at=None, failures=0
        )
    )
    if done.rowcount:
        clear_notice(session, f"access-key-{key_id}", now=now)


def resume_access_key(key_id: int, *, by: str, now: datetime | None = None) -> None:
    """A person says that the trouble is over: everything that waited goes on together. Again: nothing changes."""
    now = now or utc_now()
    with unit_of_work() as session:
        key = session.scalar(select(AccessKey).where(AccessKey.id == key_id).with_for_update())
        if key is None:
            raise Refused("key", N_("This access key does not exist."))
        if key.trouble is not Trouble.NONE:
            audit.record("resume access key", key, by=by, before={"trouble": key.trouble_code})
            is_well_again(session, key_id, now=now, account=True)


def may_probe(session: Session, key: Any, *, now: datetime) -> bool:
    """Whether the asker is the one that looks if the trouble is over; one asker for each interval."""
    if key.probe_at is None or key.probe_at > now:
        return False
    pause = "TROUBLE_PROBE_SECONDS" if key.trouble is Trouble.ACCOUNT else "BREAKER_SECONDS"
    won: Any = session.execute(
        update(AccessKey)
        .where(AccessKey.id == key.id, AccessKey.trouble == key.trouble, AccessKey.probe_at == key.probe_at)
        .values(probe_at=now + _seconds(pause))
        .execution_options(synchronize_session=False)
    )
    return bool(won.rowcount == 1)


def _seconds(name: str) -> timedelta:
    return timedelta(seconds=current_app.config[name])
