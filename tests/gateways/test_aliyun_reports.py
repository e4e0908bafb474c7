"""Receipts and replies as they may arrive, and as we read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from app.gateways.aliyun import Unreadable, parse_body, parse_receipt, parse_reply
from app.gateways.aliyun.reports import beijing

RECEIPT = {
    "phone_number": "13900000000",
    "send_time": "2026-01-01 10:00:00",
    "report_time": "2026-01-01 10:00:03",
    "success": True,
    "err_code": "DELIVERED",
    "err_msg": "用户接收成功",
    "sms_size": "1",
    "biz_id": "123^0",
    "out_id": "o1",
}
REPLY = {
    "phone_number": "13900000000",
    "content": "退订",
    "send_time": "2026-01-01 00:05:00",
    "dest_code": "1234",
    "sequence_id": "1234567890",
}


def test_a_body_is_one_report_or_an_array_of_them():
    assert parse_body(json.dumps(RECEIPT)) == [RECEIPT]
    assert parse_body("\ufeff" + json.dumps([RECEIPT, REPLY])) == [RECEIPT, REPLY]
    assert parse_body("[]") == []


@pytest.mark.parametrize("body", ["", "{", "nonsense", "1", "null", '"text"', "[1]", "[{}, []]", "[" * 100_000])
def test_a_body_that_is_no_report_says_so(body):
    with pytest.raises(Unreadable):
        parse_body(body)


def test_a_receipt():
    receipt = parse_receipt(RECEIPT)
    assert (receipt.phone, receipt.biz_id, receipt.out_id) == ("13900000000", "123^0", "o1")
    assert receipt.delivered is True
    assert (receipt.err_code, receipt.err_msg, receipt.segments) == ("DELIVERED", "用户接收成功", 1)
    assert receipt.sent_at == datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
    assert receipt.reported_at == datetime(2026, 1, 1, 2, 0, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("success", "delivered"), [(True, True), (False, False), ("true", True), ("TRUE", True), ("false", False)]
)
def test_success_as_a_boolean_or_a_word(success, delivered):
    assert parse_receipt({**RECEIPT, "success": success}).delivered is delivered


@pytest.mark.parametrize(
    ("size", "segments"),
    [("1", 1), (3, 3), ("12", 12), (None, None), ("", None), ("one", None), (True, None), (1.5, None), (-1, None)],
)
def test_the_size_as_text_number_or_nothing(size, segments):
    assert parse_receipt({**RECEIPT, "sms_size": size}).segments == segments


def test_a_receipt_with_the_least_there_can_be():
    receipt = parse_receipt({"phone_number": 13900000000, "success": False, "biz_id": "1^0"})
    assert (receipt.phone, receipt.out_id, receipt.err_code) == ("13900000000", "", "")
    assert receipt.segments is receipt.sent_at is receipt.reported_at is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"success": None}, "success"),
        ({"success": "perhaps"}, "success"),
        ({"success": 1}, "success"),
        ({"phone_number": None}, "phone_number"),
        ({"phone_number": ""}, "phone_number"),
        ({"phone_number": ["13900000000"]}, "phone_number"),
        ({"out_id": None, "biz_id": ""}, "neither"),
        ({"err_code": {"a": 1}}, "err_code"),
    ],
)
def test_a_receipt_that_cannot_be_read_says_why(change, told):
    with pytest.raises(Unreadable, match=told):
        parse_receipt({**RECEIPT, **change})


@pytest.mark.parametrize(
    "value", [None, "", "yesterday", "2026-13-01 10:00:00", "2026-01-01T25:00:00", 5, "0001-01-01 00:00:00"]
)
def test_a_time_that_cannot_be_read_is_no_time(value):
    assert beijing(value) is None


def test_a_reply():
    reply = parse_reply(REPLY)
    assert (reply.phone, reply.content, reply.dest_code, reply.sign_name) == ("13900000000", "退订", "1234", "")
    assert reply.sent_at == datetime(2025, 12, 31, 16, 5, tzinfo=UTC)
    assert parse_reply({**REPLY, "content": ""}).content == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1234567890", "1234567890"),
        (1234567890, "1234567890"),
        (1234567890.0, "1234567890"),
        ("1.23456789E9", "1234567890"),
        ("1234567890.0", "1234567890"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        ("1E999999999", "1E999999999"),
        ("a-b", "a-b"),
        (None, ""),
    ],
)
def test_one_spelling_for_a_sequence_id(value, text):
    assert parse_reply({**REPLY, "sequence_id": value}).sequence_id == text


def test_what_no_database_takes_is_taken_out():
    reply = parse_reply(json.loads('{"phone_number":"139","content":"a\\u0000b\\ud800云","sequence_id":"1"}'))
    assert reply.content == "ab?云"
    assert parse_reply({**REPLY, "content": "a\x00b"}).content == "ab"


@pytest.mark.parametrize("change", [{"content": None}, {"phone_number": None}])
def test_a_reply_without_its_phone_or_content(change):
    reply = {key: value for key, value in {**REPLY, **change}.items() if value is not None}
    with pytest.raises(Unreadable):
        parse_reply(reply)
