"""The gateway and the stand-ins, written apart from Aliyun's papers, must understand each other."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest

from app.gateways.aliyun import AliyunQueue, AliyunSms, parse_body, parse_receipt, parse_reply
from app.gateways.sms import Credentials, Outcome, QueueItem, SendDetail, SmsError

UID = "1000000000000001"
SIGN, CODE_TEMPLATE, NOTICE, PLAIN = "云顶云", "SMS_100001", "SMS_100002", "SMS_100003"
SHANGHAI = timezone(timedelta(hours=8))


@pytest.fixture
def credentials(standins_server) -> Credentials:
    url = standins_server.base_url
    return Credentials("standin-key", "standin-secret", endpoint=url, token_endpoint=url, queue_endpoint=url)


@pytest.fixture
def sms(credentials) -> AliyunSms:
    return AliyunSms(credentials, connect_timeout=1, read_timeout=1)


def send(sms: AliyunSms, out_id: str, phones: list[str] | None = None, template: str = PLAIN, variables=None) -> str:
    return sms.send(
        signature=SIGN,
        template_code=template,
        phones=phones or ["13800138000"],
        variables=variables,
        out_id=out_id,
    )


def trouble(sms: AliyunSms, out_id: str = "o", **call: object) -> SmsError:
    with pytest.raises(SmsError) as caught:
        send(sms, out_id, **call)  # type: ignore[arg-type]
    return caught.value


def drain(queue: AliyunQueue, count: int) -> list[QueueItem]:
    items: list[QueueItem] = []
    deadline = time.monotonic() + 5
    while len(items) < count and time.monotonic() < deadline:
        items += queue.receive(wait_seconds=1)
    return items


def test_one_text_for_a_thousand_is_accepted_and_its_receipts_come_back(standins_server, credentials, sms):
    phones = [f"138{n:08}" for n in range(1000)]
    biz_id = send(sms, "batch-1", phones)

    (call,) = standins_server.journal()
    assert (call["out_id"], call["biz_id"], call["phones"]) == ("batch-1", biz_id, phones)

    queue = AliyunQueue(credentials, "SmsReport", account_uid=UID)
    items = drain(queue, 40)
    receipts = [parse_receipt(report) for item in items for report in parse_body(item.body)]
    assert {(r.out_id, r.biz_id, r.delivered, r.err_code) for r in receipts} == {("batch-1", biz_id, True, "DELIVERED")}
    assert len({r.phone for r in receipts}) == len(receipts) >= 40
    assert all(r.segments == 1 and r.sent_at and r.reported_at for r in receipts)
    queue.delete([item.handle for item in items])
    queue.delete([items[0].handle])  # gone already: passed over


def test_what_was_not_deleted_comes_again_and_what_was_does_not(standins_server, credentials, sms):
    standins_server.set(visibility_seconds=0.3, receipt_delay_ms=0)
    send(sms, "o1", ["13800138000", "13800138001"])
    queue = AliyunQueue(credentials, "SmsReport", account_uid=UID)
    first, second = drain(queue, 2)
    queue.delete([first.handle])
    (again,) = drain(queue, 1)
    assert again.body == second.body
    queue.delete([again.handle])
    assert queue.receive(wait_seconds=0) == []


def test_personal_texts_are_accepted(standins_server, sms):
    phones = [f"139{n:08}" for n in range(100)]
    send(sms, "p1", phones, NOTICE, [{"name": f"张{n}", "order": f"A&B+{n} 100%"} for n in range(100)])
    (call,) = standins_server.journal()
    assert call["phones"] == phones


def test_a_message_is_found_by_its_out_id_and_a_stranger_is_not(standins_server, sms):
    standins_server.set(receipt_delay_ms=0)
    send(sms, "mine")
    day = datetime.now(SHANGHAI).date()
    found: SendDetail | None = None
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and not (found and found.delivered):
        found = sms.find(phone="13800138000", day=day, out_id="mine")
    assert found is not None and found.delivered and found.phone == "13800138000"
    assert found.sent_at is not None and abs(found.sent_at.timestamp() - time.time()) < 60
    assert sms.find(phone="13800138000", day=day, out_id="other") is None
    assert sms.find(phone="13800138009", day=day, out_id="mine") is None


def test_a_reply_comes_by_its_own_queue(standins_server, credentials, sms):
    send(sms, "o1")
    standins_server.reply("13800138000", "退订", sign_name=SIGN)
    (item,) = drain(AliyunQueue(credentials, "SmsUp", account_uid=UID), 1)
    (reply,) = map(parse_reply, parse_body(item.body))
    assert (reply.phone, reply.content) == ("13800138000", "退订")
    assert reply.dest_code and reply.sequence_id and reply.sent_at


def test_a_token_that_ran_out_is_replaced_unnoticed(standins_server, credentials, sms):
    queue = AliyunQueue(credentials, "SmsReport", account_uid=UID)
    assert queue.receive(wait_seconds=0) == []
    standins_server.expire_tokens()
    send(sms, "o1")
    assert len(drain(queue, 1)) == 1


@pytest.mark.parametrize(
    ("behaviour", "outcome", "handed_over"),
    [
        ({"http_5xx": 1}, Outcome.UNKNOWN, 0),
        ({"http_5xx_after_accept": 1}, Outcome.UNKNOWN, 1),
        ({"accept_then_silent": 1}, Outcome.UNKNOWN, 1),
        ({"drop_connection": 1}, Outcome.UNKNOWN, 0),
        ({"throttle": 1, "throttle_status": 429}, Outcome.TRANSIENT, 0),
        ({"throttle": 1, "throttle_status": 400}, Outcome.TRANSIENT, 0),
        ({"out_of_money": True}, Outcome.ACCOUNT, 0),
        ({"refuse_phones": {"13800138000": "isv.MOBILE_NUMBER_ILLEGAL"}}, Outcome.SUSPECT, 0),
        ({"refuse_share": {"isp.SYSTEM_ERROR": 1.0}}, Outcome.UNKNOWN, 0),
    ],
)
def test_every_trouble_is_judged_and_nothing_is_sent_twice(standins_server, sms, behaviour, outcome, handed_over):
    standins_server.set(**behaviour)
    assert trouble(sms).outcome is outcome
    assert len(list(standins_server.journal())) == handed_over


@pytest.mark.parametrize(
    ("call", "code", "outcome"),
    [
        ({"template": "SMS_9"}, "isv.SMS_TEMPLATE_ILLEGAL", Outcome.PERMANENT),
        ({"template": CODE_TEMPLATE}, "isv.TEMPLATE_MISSING_PARAMETERS", Outcome.PERMANENT),
        ({"phones": ["12345"]}, "isv.MOBILE_NUMBER_ILLEGAL", Outcome.SUSPECT),
    ],
)
def test_refusals_of_the_call_itself(sms, call, code, outcome):
    error = trouble(sms, **call)
    assert (error.code, error.outcome) == (code, outcome)


def test_the_second_verification_code_within_a_minute_is_refused_with_its_window(sms):
    send(sms, "c1", template=CODE_TEMPLATE, variables={"code": "123456"})
    error = trouble(sms, template=CODE_TEMPLATE, variables={"code": "123456"})
    assert error.code == "isv.BUSINESS_LIMIT_CONTROL"
    assert "级流控" in error.message


@pytest.mark.parametrize(("key", "secret"), [("standin-key", "wrong"), ("nobody", "standin-secret")])
def test_a_wrong_key_is_account_trouble_for_sending_and_for_reading(standins_server, key, secret):
    url = standins_server.base_url
    wrong = Credentials(key, secret, endpoint=url, token_endpoint=url, queue_endpoint=url)
    assert trouble(AliyunSms(wrong)).outcome is Outcome.ACCOUNT
    with pytest.raises(SmsError) as caught:
        AliyunQueue(wrong, "SmsReport", account_uid=UID).receive(wait_seconds=0)
    assert caught.value.outcome is Outcome.ACCOUNT
