"""Everything that may refuse a batch is told together, before anything is held."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.domain.message_types import MessageType
from app.extensions import db
from app.models.approvals import ApprovalState, Signature, SignatureKind, Template
from app.models.blacklist import SensitiveWord
from app.services import caps, words
from app.services.approvals import move_approval
from app.services.books import check_books
from app.services.customers import freeze_customer
from app.services.sending.check import check_batch
from app.services.sending.submit import submit_batch
from app.services.work import unit_of_work
from tests.samples import NOON, FakeProvider, Samples, phones, rows
from tests.services.test_grants import figures

CODE: dict[str, Any] = {
    "content": "您的验证码是${code}，请勿告诉别人。", "kind": MessageType.VERIFICATION, "code": "SMS_2",
}  # fmt: skip
PROMOTION: dict[str, Any] = {
    "content": "周年庆全场八折，欢迎光临。拒收请回复R", "kind": MessageType.PROMOTION, "code": "SMS_9",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_words_of_another_database() -> None:
    words._lists.clear()


def codes(batch_id: int, **more: Any) -> list[str]:
    db.session.rollback()
    found = [reason.code for reason in check_batch(batch_id, **({"now": NOON} | more))]
    db.session.rollback()
    return found


def refused(batch_id: int, **more: Any) -> list[str]:
    """The codes of a submission's refusal, which are those of the check, and which changed nothing."""
    before = rows()
    with pytest.raises(Refused) as caught:
        submit_batch(batch_id, by="test", **({"now": NOON} | more))
    assert rows() == before
    found = [reason.code for reason in caught.value.reasons]
    assert found == codes(batch_id, **more)
    assert all(str(reason) for reason in caught.value.reasons)
    return found


def forbid(*listed: str) -> None:
    with unit_of_work() as session:
        session.add_all(SensitiveWord(word=word) for word in listed)


def test_all_reasons_at_once(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=5)
    member = samples.member(customer.id, may_send=False, active=False)
    caps.set_cap(member, kind=MessageType.NOTICE, limit=3, by="test")
    made = samples.batch(customer.id, phones(20), member_id=member, submit=False, now=NOON)
    freeze_customer(customer.id, by="t", reason="x")
    move_approval(Signature, 1, ApprovalState.REVOKED, by="t")
    move_approval(Template, 1, ApprovalState.REJECTED, by="t")
    with unit_of_work() as session:
        session.execute(db.update(Signature).values(kind=SignatureKind.VERIFICATION))
        session.execute(db.update(Template).values(content="另一个"))
    forbid("发货", "赌博")
    expected = [
        "frozen",
        "member",
        "right",
        "signature",
        "template",
        "scene",
        "changed",
        "words",
        "past",
        "balance",
        "cap",
    ]
    assert refused(made, at=NOON - timedelta(minutes=1)) == expected
    assert figures(1) == (5, 0, 0, 0)
    assert check_books() == []


def test_nothing_is_said_against_a_good_batch(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=20)
    member = samples.member(customer.id)
    caps.set_cap(member, kind=MessageType.NOTICE, limit=20, by="test")
    made = samples.batch(customer.id, phones(20), member_id=member, submit=False, now=NOON)
    assert codes(made) == []
    submit_batch(made, by="test", now=NOON)
    assert figures(1) == (20, 0, 20, 0)


def test_a_batch_for_nobody(any_app: Flask, samples: Samples) -> None:
    made = samples.batch(samples.customer(segments=5).id, ["abc", "123"], submit=False, now=NOON)
    assert refused(made) == ["nobody"]


@pytest.mark.parametrize("kind", list(SignatureKind))
def test_what_a_signature_carries(app: Flask, samples: Samples, kind: SignatureKind) -> None:
    customer = samples.customer(segments=50)
    notice = samples.batch(customer.id, phones(2), submit=False, now=NOON)
    code = samples.batch(customer.id, ["13800000000,1234"], submit=False, now=NOON, **CODE)
    with unit_of_work() as session:
        session.execute(db.update(Signature).values(kind=kind))
    assert codes(code) == []
    assert codes(notice) == (["scene"] if kind is SignatureKind.VERIFICATION else [])


def test_words_in_the_text_in_shared_and_in_personal_values(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=50)
    content = "您好${name}，欢迎光临。"
    plain = samples.batch(customer.id, phones(3), submit=False, now=NOON)
    lines = [f"{phone},先生" for phone in phones(30)]
    good = samples.batch(customer.id, lines, submit=False, now=NOON, content=content, code="SMS_5")
    bad = samples.batch(
        customer.id, [*lines, "13900000000,赌 博"], submit=False, now=NOON, content=content, code="SMS_5"
    )
    assert codes(plain) == codes(good) == codes(bad) == []
    forbid("赌博", "留意查收")
    assert (codes(plain), codes(good), codes(bad)) == (["words"], [], ["words"])
    assert "赌博" in str(check_batch(bad, now=NOON)[0])
    with unit_of_work() as session:
        session.execute(db.delete(SensitiveWord).where(SensitiveWord.word == "赌博"))
    assert codes(bad) == []


def test_promotions_are_scheduled_into_the_day_only(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=50)
    made = samples.batch(customer.id, phones(20), submit=False, now=NOON, **PROMOTION)
    night = NOON.replace(hour=13)
    assert refused(made, at=night) == ["hours"]
    assert codes(made, now=night) == []  # sent now, it waits for the morning by itself
    assert codes(made, at=NOON.replace(hour=11, minute=59)) == []
    notice = samples.batch(customer.id, phones(20), submit=False, now=NOON)
    assert codes(notice, at=night) == []


def code_at(samples: Samples, customer_id: int, now: Any, phone: str = "13800000000") -> list[str]:
    made = samples.batch(customer_id, [f"{phone},1234"], submit=False, now=now, **CODE)
    found = codes(made, now=now)
    if not found:
        submit_batch(made, by="test", now=now)
    return found


def test_how_often_a_code_goes_to_a_number(any_app: Flask, samples: Samples, provider: FakeProvider) -> None:
    """Aliyun's own: 1 a natural minute, 5 a natural hour, 10 in 24 hours."""
    customer_id = samples.customer(segments=100).id
    assert code_at(samples, customer_id, NOON) == []
    assert code_at(samples, customer_id, NOON + timedelta(seconds=59)) == ["frequency"]
    assert code_at(samples, customer_id, NOON + timedelta(seconds=59), "13800000001") == []
    for minute in (1, 2, 3, 4):
        assert code_at(samples, customer_id, NOON + timedelta(minutes=minute)) == []
    assert code_at(samples, customer_id, NOON + timedelta(minutes=59)) == ["frequency"]
    for minute in (60, 61, 62, 63, 64):
        assert code_at(samples, customer_id, NOON + timedelta(minutes=minute)) == []
    assert code_at(samples, customer_id, NOON + timedelta(hours=5)) == ["frequency"]
    assert code_at(samples, customer_id, NOON + timedelta(hours=23)) == ["frequency"]
    assert code_at(samples, customer_id, NOON + timedelta(hours=25)) == []
    assert code_at(samples, samples.customer(segments=9).id, NOON) == []  # another signature
    assert check_books() == []


def test_the_check_and_the_submission_agree_on_the_last_segment(any_app: Flask, samples: Samples) -> None:
    customer = samples.customer(segments=20)
    first, second = (samples.batch(customer.id, phones(count), submit=False, now=NOON) for count in (20, 1))
    assert codes(first) == codes(second) == []
    submit_batch(first, by="test", now=NOON)
    assert refused(second) == ["balance"]
