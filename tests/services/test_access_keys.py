"""The access key: its secret is unreadable at rest, one is active, and the one before is listened to for 72 hours."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from app.domain.errors import Refused
from app.extensions import db
from app.gateways.sms import Outcome
from app.models.access_keys import AccessKey, KeyState
from app.models.audit import AuditEntry
from app.models.batches import Attempt
from app.services.access_keys import active_access_key, credentials_of, keys_to_read, save_access_key
from app.services.sending.unknown import ask_due
from tests.samples import NOON, FakeProvider, Samples, phones, rows, send_all
from tests.services.sending.crowd import at_once
from tests.services.sending.test_dispatch import batch, fails

SECRET = "very-secret-0123456789"


def save(name: str = "LTAI-one", secret: str = SECRET, minutes: int = 0) -> AccessKey:
    return save_access_key(key=name, secret=secret, by="test", now=NOON + timedelta(minutes=minutes))


def test_the_secret_is_nowhere_to_be_read(any_app: Flask) -> None:
    key = save(f" {'LTAI-one'} ", f" {SECRET}\n")
    assert (key.key, credentials_of(key).secret) == ("LTAI-one", SECRET)
    shown = [repr(key), str(key), repr(credentials_of(key)), repr(vars(key)), repr(rows())]
    shown += [repr([entry.before, entry.after, entry.reason]) for entry in db.session.scalars(db.select(AuditEntry))]
    assert not [text for text in shown if SECRET in text]
    db.session.rollback()
    other = save("LTAI-two", SECRET)
    assert other.secret != key.secret  # the same secret twice looks like two


def test_another_key_of_ours_cannot_read_it(any_app: Flask) -> None:
    key = save()
    any_app.config["POSTHOUSE_KEY"] = Fernet.generate_key().decode()
    with pytest.raises(Refused) as caught:
        credentials_of(key)
    assert caught.value.code == "key"
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("name", "secret"), [("", "x"), ("x", ""), (" ", "x"), ("x", "\n")])
def test_both_halves_are_needed(app: Flask, name: str, secret: str) -> None:
    before = rows()
    with pytest.raises(Refused):
        save(name, secret)
    assert rows() == before


def test_a_new_key_retires_the_one_before(any_app: Flask) -> None:
    first = save()
    second = save("LTAI-two", minutes=10)
    third = save("LTAI-three", minutes=20)
    active = active_access_key(db.session())
    assert active is not None and active.id == third.id
    states = {key.id: (key.state, key.retired_at) for key in db.session.scalars(db.select(AccessKey))}
    assert states == {
        first.id: (KeyState.RETIRED, NOON + timedelta(minutes=10)),
        second.id: (KeyState.RETIRED, NOON + timedelta(minutes=20)),
        third.id: (KeyState.ACTIVE, None),
    }


def test_the_queues_of_the_one_before_are_read_for_72_hours(any_app: Flask) -> None:
    first = save()
    second = save("LTAI-two")
    for minutes, expected in ((1, [first.id, second.id]), (72 * 60 - 1, [first.id, second.id]), (72 * 60, [second.id])):
        found = keys_to_read(db.session(), now=NOON + timedelta(minutes=minutes))
        assert [key.id for key in found] == expected


def test_an_attempt_is_asked_about_through_the_key_that_made_it(
    any_app: Flask, samples: Samples, provider: FakeProvider
) -> None:
    asked: list[str] = []
    old, new = FakeProvider(), FakeProvider()
    old.answer = fails(Outcome.UNKNOWN, "timeout")
    for name, one in (("LTAI-one", old), ("LTAI-two", new)):
        one.known = lambda phone, out_id, name=name: not asked.append(name)  # type: ignore[misc,func-returns-value]
    any_app.config["SMS_PROVIDER"] = lambda credentials: old if credentials.key == "LTAI-one" else new
    save()
    made = samples.batch(samples.customer(segments=50).id, phones(20), now=NOON)
    send_all(NOON)
    save("LTAI-two")
    later = samples.batch(samples.customer(segments=50).id, phones(20), now=NOON)
    send_all(NOON)
    assert db.session.scalars(db.select(Attempt.access_key_id).order_by(Attempt.id)).all() == [1, 2]
    assert ask_due(now=NOON + timedelta(minutes=5)) == 1
    assert asked == ["LTAI-one"]
    assert (batch(made).accepted, batch(later).accepted) == (20, 20)


def test_two_who_save_at_once_leave_one_active(any_app: Flask) -> None:
    save()
    at_once(any_app, *[lambda number=number: save(f"LTAI-{number}") for number in range(4)])
    db.session.rollback()
    states = [key.state for key in db.session.scalars(db.select(AccessKey))]
    assert states.count(KeyState.ACTIVE) == 1
