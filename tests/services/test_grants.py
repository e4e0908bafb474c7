"""What is done to a grant: each thing done twice changes nothing the second time, and each refusal has its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.extensions import db
from app.models.packages import EntryKind, Grant, GrantState, LedgerEntry
from app.services import grants
from app.services.books import check_books
from tests.samples import FAR, NOON, Samples, phones, rows

TODAY = date(2026, 11, 20)
WHO: dict[str, Any] = {"reason": "test", "by": "test"}


def figures(grant_id: int) -> tuple[int, int, int, int]:
    """size, used, held, lapsed as they stand in the database."""
    db.session.rollback()
    grant = db.session.get(Grant, grant_id, populate_existing=True)
    assert grant is not None
    return grant.size, grant.used, grant.held, grant.lapsed


def entries(grant_id: int) -> list[tuple[EntryKind, int]]:
    query = db.select(LedgerEntry.kind, LedgerEntry.segments).where(LedgerEntry.grant_id == grant_id)
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(LedgerEntry.id))]


def refused(code: str, service: Callable[..., Any], *args: Any, **more: Any) -> Refused:
    before = rows()
    with pytest.raises(Refused) as caught:
        service(*args, **more)
    assert caught.value.code == code
    assert rows() == before
    return caught.value


def twice(service: Callable[..., Any], *args: Any, **more: Any) -> None:
    service(*args, **more)
    before = rows()
    service(*args, **more)
    assert rows() == before
    assert check_books() == []


def test_an_assignment_is_made_once(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer()
    given = {"kind": MessageType.NOTICE, "size": 100, "valid_until": FAR, "request_key": "k1", **WHO}
    twice(grants.assign_grant, customer.id, **given)
    (grant,) = db.session.scalars(db.select(Grant)).all()
    assert figures(grant.id) == (100, 0, 0, 0)
    assert entries(grant.id) == [(EntryKind.ASSIGNMENT, 100)]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("size", {"size": 0}),
        ("size", {"size": -5}),
        ("size", {"size": grants.MAX_SIZE + 1}),
        ("day", {"valid_until": TODAY - timedelta(days=1)}),
        ("customer", {"customer_id": 999}),
    ],
)
def test_an_assignment_refused(app: Flask, samples: Samples, code: str, change: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "customer_id": samples.customer().id,
        "kind": MessageType.NOTICE,
        "size": 1,
        "valid_until": TODAY,
    }
    refused(code, grants.assign_grant, **(given | change), now=NOON, **WHO)
    grants.assign_grant(**given, now=NOON, **WHO)


def test_adjusting_takes_only_what_is_free(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer()
    grant = samples.grant(customer.id, 100)
    samples.batch(customer.id, phones(60))
    no = refused("free", grants.adjust_grant, grant.id, change=-41, **WHO)
    assert no.reasons[0].values == {"free": 40, "size": 100}
    refused("free", grants.adjust_grant, grant.id, change=0, **WHO)
    refused("free", grants.adjust_grant, grant.id, change=grants.MAX_SIZE, **WHO)
    refused("reason", grants.adjust_grant, grant.id, change=1, reason="  ", by="test")
    refused("grant", grants.adjust_grant, 999, change=1, **WHO)
    twice(grants.adjust_grant, grant.id, change=-40, request_key="a", **WHO)
    twice(grants.adjust_grant, grant.id, change=7, request_key="b", **WHO)
    assert figures(grant.id) == (67, 0, 60, 0)
    assert entries(grant.id)[-2:] == [(EntryKind.ADJUSTMENT, -40), (EntryKind.ADJUSTMENT, 7)]


def test_a_refund_takes_free_segments_once(any_app: Flask, samples: Samples) -> None:
    grant = samples.grant(samples.customer().id, 100)
    refused("size", grants.take_back, grant.id, segments=0, request_key="r", **WHO)
    refused("free", grants.take_back, grant.id, segments=101, request_key="r", **WHO)
    twice(grants.take_back, grant.id, segments=30, request_key="r", **WHO)
    assert figures(grant.id) == (70, 0, 0, 0)
    assert entries(grant.id)[-1] == (EntryKind.REFUND, 30)


def test_a_frozen_grant_pays_for_nothing_new_and_settles(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer()
    grant = samples.grant(customer.id, 100)
    samples.batch(customer.id, phones(10))
    twice(grants.freeze_grant, grant.id, by="test", reason="x")
    with pytest.raises(Refused) as caught:
        samples.batch(customer.id, phones(10))
    assert caught.value.code == "balance"
    assert caught.value.reasons[0].values == {"needed": 10, "free": 0}
    twice(grants.thaw_grant, grant.id, by="test")
    samples.batch(customer.id, phones(10))
    assert figures(grant.id) == (100, 0, 20, 0)


def test_a_void_grant_lapses_and_never_comes_back(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer()
    grant = samples.grant(customer.id, 100)
    samples.batch(customer.id, phones(10))
    twice(grants.void_grant, grant.id, **WHO)
    assert figures(grant.id) == (100, 0, 10, 90)
    assert entries(grant.id)[-1] == (EntryKind.VOID, 90)
    refused("void", grants.freeze_grant, grant.id, by="test")
    refused("void", grants.thaw_grant, grant.id, by="test")
    refused("void", grants.adjust_grant, grant.id, change=5, **WHO)
    refused("free", grants.adjust_grant, grant.id, change=-1, **WHO)
    with pytest.raises(Refused, match="are left"):
        samples.batch(customer.id, phones(1))


def test_a_grant_lasts_to_the_end_of_its_shanghai_day(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer()
    grant = grants.assign_grant(customer.id, kind=MessageType.NOTICE, size=9, valid_until=TODAY, now=NOON, **WHO)
    last = NOON.replace(hour=15, minute=59, second=59)
    assert grants.expire_due_grants(now=last) == 0
    samples.batch(customer.id, phones(2), now=last)
    assert grants.expire_due_grants(now=last + timedelta(seconds=1)) == 1
    before = rows()
    assert grants.expire_due_grants(now=last + timedelta(days=3)) == 0
    assert rows() == before
    assert figures(grant.id) == (9, 0, 2, 7)
    assert entries(grant.id)[-1] == (EntryKind.EXPIRY, 7)
    with pytest.raises(Refused):
        samples.batch(customer.id, phones(1), now=last + timedelta(seconds=1))
    assert check_books() == []


def test_a_frozen_grant_expires_too(app: Flask, samples: Samples) -> None:
    customer = samples.customer()
    grant = grants.assign_grant(customer.id, kind=MessageType.NOTICE, size=9, valid_until=TODAY, now=NOON, **WHO)
    grants.freeze_grant(grant.id, by="test")
    assert grants.expire_due_grants(now=NOON + timedelta(days=1)) == 1
    assert figures(grant.id) == (9, 0, 0, 9)


def test_moving_the_last_day_brings_nothing_back(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer()
    grant = grants.assign_grant(customer.id, kind=MessageType.NOTICE, size=9, valid_until=TODAY, now=NOON, **WHO)
    day = {"by": "test", "now": NOON}
    refused("day", grants.change_valid_until, grant.id, valid_until=TODAY - timedelta(days=1), **day)
    twice(grants.change_valid_until, grant.id, valid_until=TODAY + timedelta(days=2), **day)
    assert grants.expire_due_grants(now=NOON + timedelta(days=2)) == 0
    assert grants.expire_due_grants(now=NOON + timedelta(days=3)) == 1
    grants.change_valid_until(grant.id, valid_until=FAR, by="test", now=NOON + timedelta(days=4))
    assert figures(grant.id) == (9, 0, 0, 9)
    refused("free", grants.adjust_grant, grant.id, change=-1, **WHO)
    grants.adjust_grant(grant.id, change=4, **WHO)
    assert figures(grant.id) == (13, 0, 0, 9)
    assert grant.state is GrantState.NORMAL
    assert check_books() == []
