"""Sending: what is taken, what is refused, and with which of the documented codes."""

import json

import pytest
from alibabacloud_dysmsapi20170525 import models
from alibabacloud_tea_openapi.exceptions import ClientException

from standins.control import Control
from tests.standins.provider import Provider


def test_one_text_to_many_is_taken_and_journaled(provider: Provider, control: Control) -> None:
    body = provider.send("13800138000,+8613900139000,008615012345678", out_id="one-text")
    assert (body.code, body.message) == ("OK", "OK")
    assert body.biz_id.endswith("^0")
    [call] = control.journal()
    assert call["phones"] == ["13800138000", "13900139000", "15012345678"]
    assert (call["out_id"], call["biz_id"], call["segments"]) == ("one-text", body.biz_id, [1, 1, 1])


def test_personal_texts_are_counted_one_by_one(provider: Provider, control: Control) -> None:
    long = {"name": "长" * 35, "order": "9" * 35}
    body = provider.send_batch(["13800138000", "13900139000"], [{"name": "张三", "order": "A1"}, long])
    assert body.code == "OK"
    [call] = control.journal()
    assert call["segments"] == [1, 2]


@pytest.mark.parametrize(("count", "code"), [(1000, "OK"), (1001, "isv.MOBILE_COUNT_OVER_LIMIT")])
def test_a_call_takes_a_thousand_numbers(provider: Provider, count: int, code: str) -> None:
    assert provider.send(",".join(f"139{place:08d}" for place in range(count))).code == code


@pytest.mark.parametrize(("count", "code"), [(100, "OK"), (101, "isv.MOBILE_COUNT_OVER_LIMIT")])
def test_a_batch_takes_a_hundred_recipients(provider: Provider, count: int, code: str) -> None:
    phones = [f"139{place:08d}" for place in range(count)]
    assert provider.send_batch(phones, [{"name": "张三", "order": "A1"}] * count).code == code


def test_one_bad_number_refuses_the_whole_call(provider: Provider, control: Control) -> None:
    for bad in ("1380013800", "12800138000", "138001380001", "abc"):
        assert provider.send(f"13800138000,{bad}").code == "isv.MOBILE_NUMBER_ILLEGAL"
    assert control.journal_summary()["calls"] == 0


def test_a_number_twice_in_a_call_is_tolerated_and_told(provider: Provider, control: Control) -> None:
    assert provider.send("13800138000,13800138000", out_id="twice").code == "OK"
    summary = control.journal_summary()
    assert (summary["calls"], summary["numbers"], summary["distinct"]) == (1, 2, 1)
    assert summary["repeated_in_a_call"] == 1
    assert [one["phone"] for one in summary["repeated"]] == ["13800138000"]


def test_the_summary_proves_that_no_number_stands_twice(provider: Provider, control: Control) -> None:
    provider.send("13800138000,13800138001", out_id="a")
    assert control.journal_summary()["repeated"] == []
    provider.send("13800138001", out_id="b")
    provider.send_batch(["13800138000"], [{"name": "张三", "order": "A1"}], out_id="c")
    summary = control.journal_summary()
    assert {one["phone"]: [time["out_id"] for time in one["times"]] for one in summary["repeated"]} == {
        "13800138000": ["a", "c"], "13800138001": ["a", "b"]}
    assert [(one["phone"], one["times"]) for one in summary["repeated_texts"]] == [("13800138001", 2)]


PARAMS = [
    (None, "isv.TEMPLATE_MISSING_PARAMETERS"), ('{"name":"张三"}', "isv.TEMPLATE_MISSING_PARAMETERS"),
    ('{"name":"张三","order":7}', "isv.INVALID_JSON_PARAM"), ('{"name":', "isv.INVALID_JSON_PARAM"),
    ('["张三"]', "isv.INVALID_JSON_PARAM"), (json.dumps({"name": "张" * 36, "order": "1"}), "isv.PARAM_LENGTH_LIMIT"),
    ('{"name":"张三","order":"https://a.cn"}', "isv.PARAM_NOT_SUPPORT_URL"), ('{"name":"张三","order":"A1"}', "OK"),
    ('{"name":"张三","order":"A1","more":"unused"}', "OK"),
]


@pytest.mark.parametrize(("param", "code"), PARAMS)
def test_variables_are_checked(provider: Provider, param: str | None, code: str) -> None:
    assert provider.send("13800138000", "SMS_100002", param).code == code


def test_signatures_and_templates_must_be_approved_and_fit(provider: Provider, control: Control) -> None:
    assert provider.send("13800138000", sign="无名").code == "isv.SMS_SIGNATURE_ILLEGAL"
    control.add_signature("待审", status=0)
    assert provider.send("13800138000", sign="待审").code == "isv.SMS_SIGNATURE_ILLEGAL"
    assert provider.send("13800138000", "SMS_404").code == "isv.SMS_TEMPLATE_ILLEGAL"
    control.add_signature("云码", kind=0)
    assert provider.send("13800138000", sign="云码").code == "isv.SMS_SIGNATURE_SCENE_ILLEGAL"
    assert provider.send("13800138000", "SMS_100001", '{"code":"1234"}', "云码").code == "OK"
    mixed = provider.send_batch(["13800138001", "13800138002"], [{"name": "a", "order": "b"}] * 2,
                                signs=["云顶云", "无名"])
    assert mixed.code == "isv.SMS_SIGNATURE_ILLEGAL"


def test_a_text_over_500_characters_is_refused(provider: Provider, control: Control) -> None:
    control.add_template("SMS_LONG", "长" * 490 + "${a}")
    assert provider.send("13800138000", "SMS_LONG", '{"a":"12345678901"}').code == "isv.PARAM_LENGTH_LIMIT"
    assert provider.send("13800138000", "SMS_LONG", '{"a":"1234"}').code == "OK"
    assert [call["segments"] for call in control.journal()] == [[8]]


def test_texts_abroad_have_their_own_count_and_numbers(provider: Provider, control: Control) -> None:
    control.add_template("SMS_INTL", "Your order {x} has been sent." + "a" * 130, kind=3)
    control.add_signature("Acme")
    assert provider.send("8613800138000", "SMS_INTL", sign="Acme").code == "isv.DOMESTIC_NUMBER_NOT_SUPPORTED"
    assert provider.send("85261234567", "SMS_INTL", sign="Acme").code == "OK"
    assert provider.send("85261234567").code == "isv.MOBILE_NUMBER_ILLEGAL"
    [call] = control.journal()
    assert call["segments"] == [3]


def test_required_parameters_and_the_length_of_the_out_id(provider: Provider) -> None:
    with pytest.raises(ClientException) as missing:
        provider.client.send_sms(models.SendSmsRequest(phone_numbers="13800138000", sign_name="云顶云"))
    assert (missing.value.code, missing.value.status_code) == ("MissingTemplateCode", 400)
    with pytest.raises(ClientException):
        provider.send("13800138000", out_id="x" * 256)
    assert provider.send("13800138000", out_id="x" * 255).code == "OK"


def test_rights_and_money(provider: Provider, control: Control) -> None:
    control.add_account("poor", "secret", "2", money=3)
    poor = Provider(control.endpoint, "poor", "secret", "2")
    assert poor.send("13800138000,13800138001").code == "OK"
    assert poor.send("13800138002,13800138003").code == "isv.AMOUNT_NOT_ENOUGH"
    control.add_account("bound", "secret", "3", sms_right=False)
    assert Provider(control.endpoint, "bound", "secret", "3").send("13800138000").code == "isp.RAM_PERMISSION_DENY"
    control.set(out_of_money=True)
    assert provider.send("13800138000").code == "isv.AMOUNT_NOT_ENOUGH"
    control.set(out_of_money=False)
    assert provider.send("13800138000").code == "OK"
