"""The push address stores what comes and answers; everything else is left to the clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app.api import push
from app.extensions import db
from app.models.access_keys import AccessKey, KeyState
from app.models.batches import Batch
from app.models.inbox import RawKind, RawReceipt, RawState
from app.models.states import Lane
from app.models.types import utc_now
from app.services.books import check_books
from app.services.notices import open_notices
from app.services.sending.dispatch import dispatch_next
from app.services.sending.receipts import apply_receipts
from app.services.work import unit_of_work
from tests.samples import FakeProvider, Samples

RECEIPT = {"phone_number": "13800000000", "success": True, "err_code": "DELIVERED", "sms_size": "1",
           "biz_id": "b1", "out_id": "o1", "send_time": "2026-11-20 12:00:00", "report_time": "2026-11-20 12:00:03"}


def post(app: Flask, secret: str, body: bytes | Sequence[Any], what: str = "receipts") -> TestResponse:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return app.test_client().post(f"/push/{secret}/{what}", data=data, content_type="application/json")


def stored(app: Flask) -> list[RawReceipt]:
    with app.app_context():
        return list(db.session.scalars(select(RawReceipt).order_by(RawReceipt.id)))


def test_an_array_is_stored_as_it_came(web: Flask, key: SimpleNamespace) -> None:
    answer = post(web, key.secret, [RECEIPT, RECEIPT | {"phone_number": "13800000001"}])
    assert (answer.status_code, answer.json) == (200, {"code": 0, "msg": "接收成功"})
    assert "Set-Cookie" not in answer.headers
    (row,) = stored(web)
    assert (row.kind, row.source, row.size, row.access_key_id) == (RawKind.RECEIPT, "push", 2, key.id)
    assert json.loads(row.body)[0] == RECEIPT


def test_replies_have_an_address_of_their_own(web: Flask, key: SimpleNamespace) -> None:
    assert post(web, key.secret, [{"phone_number": "13800000000", "content": "R"}], "replies").status_code == 200
    assert stored(web)[0].kind is RawKind.REPLY


@pytest.mark.parametrize("secret", ["wrong", "%20", "密", "%00", "x" * 5000])
def test_a_wrong_secret_finds_nothing(web: Flask, key: SimpleNamespace, secret: str) -> None:
    assert post(web, secret, [RECEIPT]).status_code == 404
    assert stored(web) == []


def test_a_key_without_a_secret_opens_no_door(web: Flask, key: SimpleNamespace) -> None:
    with web.app_context(), unit_of_work() as session:
        session.execute(update(AccessKey).values(push_secret=""))
    assert post(web, "", [RECEIPT]).status_code == 404
    assert post(web, key.secret, [RECEIPT]).status_code == 404


@pytest.mark.parametrize(("hours", "status"), [(71, 200), (73, 404)])
def test_a_retired_key_is_heard_for_72_hours(web: Flask, key: SimpleNamespace, hours: int, status: int) -> None:
    with web.app_context(), unit_of_work() as session:
        session.execute(update(AccessKey).values(
            state=KeyState.RETIRED, retired_at=utc_now() - timedelta(hours=hours)))
    assert post(web, key.secret, [RECEIPT]).status_code == status


@pytest.mark.parametrize("body", [b"hello", b"[1, 2]", b"\xff\xfe[", b"[" * 50_000, b"", b'[{"a": "\xe5'])
def test_garbage_is_kept_for_a_person_and_answered(web: Flask, key: SimpleNamespace, body: bytes) -> None:
    answer = post(web, key.secret, body)
    assert (answer.status_code, answer.json) == (200, {"code": 0, "msg": "接收成功"})
    (row,) = stored(web)
    assert row.state is RawState.UNREADABLE
    with web.app_context():
        assert [notice.kind for notice in open_notices(db.session())] == ["unreadable-report"]


def test_a_body_too_large_is_refused_unread(web: Flask, key: SimpleNamespace) -> None:
    body = b"[" + b" " * push.LARGEST + b"]"
    assert post(web, key.secret, body).status_code == 413
    assert stored(web) == []


def test_what_could_not_be_stored_is_asked_for_again(
    web: Flask, key: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    with monkeypatch.context() as patch:
        patch.setattr(push, "store_arrivals", full)
        answer = post(web, key.secret, [RECEIPT])
        assert (answer.status_code, answer.json["code"] if answer.json else 0) == (503, 1)
    assert post(web, key.secret, [RECEIPT]).status_code == 200
    assert len(stored(web)) == 1


def test_the_same_push_twice_settles_once(web: Flask, key: SimpleNamespace, provider: FakeProvider) -> None:
    with web.app_context():
        samples = Samples()
        customer = samples.customer(segments=10)
        batch = samples.batch(customer.id, ["13800000000"])
        dispatch_next(list(Lane), worker="test")
    receipts = [samples.receipt(provider.calls[0], "13800000000")]
    for _ in range(2):
        assert post(web, key.secret, receipts).status_code == 200
    with web.app_context():
        apply_receipts()
        found = db.session.get(Batch, batch)
        assert found is not None and (found.delivered, found.accepted) == (1, 0)
        assert check_books() == []


def test_only_post(web: Flask, key: SimpleNamespace) -> None:
    assert web.test_client().get(f"/push/{key.secret}/receipts").status_code == 405
