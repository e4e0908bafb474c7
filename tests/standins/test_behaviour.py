"""Every trouble the stand-ins can make, seen through the SDK."""

import time

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException, ServerException, ThrottlingException
from darabonba.exceptions import UnretryableException

from standins.accounts import DEFAULT_KEY, DEFAULT_SECRET, DEFAULT_UID
from standins.control import Control
from tests.standins.provider import Provider


def test_latency(provider: Provider, control: Control) -> None:
    control.set(latency_ms=200, latency_jitter_ms=50)
    began = time.monotonic()
    provider.send("13800138000")
    assert 0.15 <= time.monotonic() - began < 20


def test_failing_before_and_after_accepting(provider: Provider, control: Control) -> None:
    control.set(http_5xx=1)
    with pytest.raises(ServerException) as before:
        provider.send("13800138000")
    assert (before.value.status_code, before.value.code) == (503, "ServiceUnavailable")
    assert control.journal_summary()["calls"] == 0
    control.set(http_5xx=0, http_5xx_after_accept=1)
    with pytest.raises(ServerException) as after:
        provider.send("13800138000", out_id="after")
    assert (after.value.status_code, after.value.code) == (500, "InternalError")
    assert [call["out_id"] for call in control.journal()] == ["after"]
    assert provider.reports(most=1)[0]["out_id"] == "after"


def test_dropping_the_connection_and_accepting_without_an_answer(control: Control) -> None:
    hasty = Provider(control.endpoint, DEFAULT_KEY, DEFAULT_SECRET, DEFAULT_UID, read_timeout=400)
    control.set(drop_connection=1)
    with pytest.raises(UnretryableException):
        hasty.send("13800138000", out_id="dropped")
    control.set(drop_connection=0, accept_then_silent=1)
    with pytest.raises(UnretryableException):
        hasty.send("13800138000", out_id="silent")
    assert [call["out_id"] for call in control.journal()] == ["silent"]
    assert hasty.reports(most=1)[0]["out_id"] == "silent"


def test_throttling_by_share_and_by_rate(provider: Provider, control: Control) -> None:
    control.set(throttle=1)
    with pytest.raises(ThrottlingException) as throttled:
        provider.send("13800138000")
    assert (throttled.value.code, throttled.value.status_code) == ("Throttling.User", 400)
    control.set(throttle_status=429)
    with pytest.raises(ThrottlingException):
        provider.send("13800138000")
    control.set(throttle=0, max_qps=2)
    outcomes = []
    for _ in range(12):
        try:
            outcomes.append(provider.send("13800138000").code)
        except ThrottlingException as refused:
            outcomes.append(refused.code)
    assert set(outcomes) == {"OK", "Throttling.User"}


def test_refusals_by_number_and_by_share(provider: Provider, control: Control) -> None:
    control.set(refuse_phones={"13800138007": "isv.BLACK_KEY_CONTROL_LIMIT"})
    assert provider.send("13800138000,13800138007").code == "isv.BLACK_KEY_CONTROL_LIMIT"
    assert provider.send("13800138000").code == "OK"
    control.set(refuse_share={"isp.SYSTEM_ERROR": 1})
    assert provider.send("13800138000").code == "isp.SYSTEM_ERROR"
    assert control.counters()["isp.SYSTEM_ERROR"] == 1


def test_the_frequency_for_a_number(provider: Provider, control: Control) -> None:
    code = '{"code":"1234"}'
    control.set(frequency_minute=0, frequency_hour=2)
    assert [provider.send("13800138000", "SMS_100001", code).code for _ in range(3)] == [
        "OK", "OK", "isv.BUSINESS_LIMIT_CONTROL"]
    refused = provider.send("13800138000", "SMS_100001", code)
    assert refused.message == "触发小时级流控Permits:2"
    assert provider.send("13800138001", "SMS_100001", code).code == "OK"
    control.set(frequency=False)
    assert provider.send("13800138000", "SMS_100001", code).code == "OK"
    control.reset()
    control.set(frequency_minute=1)
    began = int(time.time() // 60)
    codes = [provider.send("13800138000", "SMS_100001", code) for _ in range(2)]
    assert codes[1].message == "触发分钟级流控Permits:1" or int(time.time() // 60) != began
    control.set(frequency_template_day=3)
    assert [provider.send("13800138000,13800138001").code for _ in range(4)] == ["OK"] * 3 + [
        "isv.BUSINESS_LIMIT_CONTROL"]


def test_troubles_may_be_widened_to_other_actions(provider: Provider, control: Control) -> None:
    control.set(http_5xx=1)
    assert provider.token()
    control.set(trouble_actions=["QueryTokenForMnsQueue"])
    assert provider.send("13800138000").code == "OK"
    with pytest.raises(ServerException):
        provider.token()


def test_an_unknown_setting_is_refused_with_a_sentence(control: Control) -> None:
    with pytest.raises(ValueError, match="no such behaviour: latency"):
        control.set(latency=3)
    with pytest.raises(ValueError, match="no such name"):
        control.ask("nothing")
    assert control.behaviour()["latency_ms"] == 0


def test_a_key_without_a_right_secret_is_no_outage(control: Control) -> None:
    with pytest.raises(ClientException) as wrong:
        Provider(control.endpoint, DEFAULT_KEY, "wrong", DEFAULT_UID).send("13800138000")
    assert wrong.value.code == "SignatureDoesNotMatch"
