"""A provider, a key or an address that misbehaves: nothing is lost, nothing sent twice, nobody else held up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from app.domain.errors import Refused
from app.extensions import db
from app.gateways.sms import Outcome, SmsError
from app.models.access_keys import AccessKey, Trouble
from app.models.batches import Attempt, Batch, Chunk
from app.models.states import BatchState, ChunkState
from app.services import access_keys, providers
from app.services.access_keys import save_access_key
from app.services.books import check_books
from app.services.notices import open_notices
from app.services.sending.unknown import ask_due, sweep_leases
from app.services.work import current_session
from tests.samples import NOON, FakeProvider, Samples, claim_one, phones, send_all

BAD_WORDS = "half \ud800 of a pair and a \0 NUL"


def the_batch(batch_id: int) -> Batch:
    db.session.rollback()
    db.session.expire_all()
    batch = db.session.get(Batch, batch_id)
    assert batch is not None
    return batch


@pytest.fixture
def made(any_app: Flask, samples: Samples) -> int:
    samples.access_key()
    return samples.batch(samples.customer(segments=5000).id, phones(20), now=NOON)


def test_words_that_no_database_takes_are_written_down_without_them(made: int, provider: FakeProvider) -> None:
    def refuse(call: object) -> str:
        raise SmsError(Outcome.PERMANENT, "isv.ODD\0", BAD_WORDS)

    provider.answer = refuse  # type: ignore[assignment]
    assert send_all(NOON) == 1
    assert (the_batch(made).state, the_batch(made).failed) == (BatchState.DONE, 20)
    assert check_books() == []


def test_a_biz_id_that_no_database_takes_loses_no_acceptance(made: int, provider: FakeProvider) -> None:
    provider.answer = lambda call: "x\0" + "9" * 200
    assert send_all(NOON) == 1
    assert the_batch(made).accepted == 20
    assert len(db.session.scalars(db.select(Attempt.biz_id)).one() or "") == 64


def test_an_error_that_no_gateway_knows_is_asked_after(made: int, provider: FakeProvider) -> None:
    def broken(call: object) -> str:
        raise TypeError("a bug of a library")

    provider.answer = broken  # type: ignore[assignment]
    assert send_all(NOON) == 1
    assert the_batch(made).unknown == 20
    assert send_all(NOON + timedelta(hours=1)) == 0


@pytest.mark.parametrize("address", ["dysmsapi.aliyuncs.com", "ftp://host", "https://", "https://host/path", ""])
def test_an_address_that_is_none_is_refused(app: Flask, address: str) -> None:
    with pytest.raises(Refused) as refusal:
        save_access_key(key="k", secret="s", by="test", endpoint=address)
    assert refusal.value.code == "endpoint"


def test_an_address_gone_wrong_suspends_the_key_and_fails_nobody(made: int, any_app: Flask) -> None:
    any_app.config["SMS_PROVIDER"] = None
    db.session.execute(db.update(AccessKey).values(endpoint="no address"))
    db.session.commit()
    assert send_all(NOON) == 1
    assert (the_batch(made).failed, the_batch(made).queued) == (0, 20)
    key = db.session.scalars(db.select(AccessKey)).one()
    assert (key.trouble, key.trouble_code) == (Trouble.ACCOUNT, "endpoint")


def test_a_secret_that_cannot_be_read_suspends_the_key_once(made: int, any_app: Flask) -> None:
    any_app.config["POSTHOUSE_KEY"] = Fernet.generate_key().decode()
    assert send_all(NOON) == 0
    assert [notice.kind for notice in open_notices(current_session())] == ["provider-account"]
    assert the_batch(made).queued == 20
    # Entered again, it goes on, and the notice of the key before is closed.
    save_access_key(key="k", secret="s", by="test", now=NOON)
    assert open_notices(current_session()) == []
    assert send_all(NOON) == 1


def test_one_question_that_cannot_be_put_holds_up_no_other(
    any_app: Flask, samples: Samples, provider: FakeProvider
) -> None:
    """The older chunk was sent with a key whose secret cannot be read any more."""

    def silent(call: object) -> str:
        raise SmsError(Outcome.UNKNOWN, "timeout", connection=True)

    customer = samples.customer(segments=100)
    provider.answer = silent  # type: ignore[assignment]
    samples.access_key()
    first = samples.batch(customer.id, phones(12), now=NOON)
    assert send_all(NOON) == 1
    any_app.config["POSTHOUSE_KEY"] = Fernet.generate_key().decode()
    samples.access_key()
    second = samples.batch(customer.id, phones(12), now=NOON)
    assert send_all(NOON + timedelta(seconds=1)) == 1
    provider.known = lambda phone, out_id: True
    assert ask_due(now=NOON + timedelta(minutes=6)) == 2
    assert (the_batch(first).unknown, the_batch(second).accepted) == (12, 12)
    stuck = db.session.scalars(db.select(Chunk).where(Chunk.state == ChunkState.UNKNOWN)).one()
    assert stuck.ask_at == NOON + timedelta(minutes=11)


def test_the_gateway_of_a_key_is_made_once(app: Flask, samples: Samples) -> None:
    app.config["SMS_PROVIDER"] = None
    credentials = access_keys.credentials_of(samples.access_key())
    assert providers.provider_for(credentials) is providers.provider_for(credentials)
    assert "standin-secret" not in repr(credentials)


def test_a_call_lost_with_its_process_does_not_spend_the_second_one(
    made: int, any_app: Flask, provider: FakeProvider
) -> None:
    """Killed before the call, twice: the provider knows of neither, and the third call is the first it hears of."""
    now = NOON
    for _ in range(2):
        assert claim_one(now) is not None  # and here the process dies
        now += timedelta(minutes=2)
        assert sweep_leases(now=now) == 1
        for minutes in (5, 30, 120):
            now += timedelta(minutes=minutes)
            assert ask_due(now=now) == 1
    assert provider.calls == []
    assert send_all(now) == 1
    assert (the_batch(made).accepted, len(provider.calls)) == (20, 1)
    assert check_books() == []
