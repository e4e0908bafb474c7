"""Asking the provider what became of a message."""

import time
from typing import Any

from alibabacloud_dysmsapi20170525 import models

from standins.control import Control
from tests.standins.provider import Provider

TODAY = time.strftime("%Y%m%d", time.gmtime(time.time() + 8 * 3600))


def details(provider: Provider, phone: str, **more: Any) -> Any:
    """QuerySendDetails for today; returns the body."""
    return provider.client.query_send_details(models.QuerySendDetailsRequest(**({
        "phone_number": phone, "send_date": TODAY, "page_size": 50, "current_page": 1} | more))).body


def test_details_tell_state_text_and_out_id(provider: Provider, control: Control) -> None:
    control.set(fail_phones={"13800138001": "MK:0001"})
    biz = provider.send_batch(["13800138000", "13800138001"], [{"name": "张三", "order": "A1"},
                                                               {"name": "李四", "order": "A2"}], out_id="d1").biz_id
    [arrived] = details(provider, "8613800138000").sms_send_detail_dtos.sms_send_detail_dto
    assert (arrived.send_status, arrived.err_code, arrived.out_id) == (3, "DELIVERED", "d1")
    assert arrived.content == "【云顶云】尊敬的张三，您的订单A1已发货。"
    [failed] = details(provider, "13800138001", biz_id=biz).sms_send_detail_dtos.sms_send_detail_dto
    assert (failed.send_status, failed.err_code) == (2, "MK:0001")
    assert details(provider, "13800138001", biz_id="900000000000999999^0").total_count == 0
    assert details(provider, "13800138009").total_count == 0


def test_a_message_without_a_receipt_waits(provider: Provider, control: Control) -> None:
    control.set(receipt_delay_ms=60_000)
    provider.send("13800138000")
    body = details(provider, "13800138000")
    assert [one.send_status for one in body.sms_send_detail_dtos.sms_send_detail_dto] == [1]


def test_details_may_lag(provider: Provider, control: Control) -> None:
    control.set(details_lag_ms=200)
    provider.send("13800138000")
    assert details(provider, "13800138000").total_count == 0
    time.sleep(0.25)
    assert details(provider, "13800138000").total_count == 1


def test_details_come_newest_first_by_pages(provider: Provider) -> None:
    for out_id in ("a", "b", "c"):
        provider.send("13800138000", out_id=out_id)
    first = details(provider, "13800138000", page_size=2)
    assert first.total_count == 3
    assert [one.out_id for one in first.sms_send_detail_dtos.sms_send_detail_dto] == ["c", "b"]
    second = details(provider, "13800138000", page_size=2, current_page=2)
    assert [one.out_id for one in second.sms_send_detail_dtos.sms_send_detail_dto] == ["a"]
    assert details(provider, "13800138000", page_size=51).code == "isv.INVALID_PARAMETERS"
    assert details(provider, "13800138000", send_date="20200101").code == "isv.INVALID_PARAMETERS"


def test_statistics_count_by_day(provider: Provider, control: Control) -> None:
    control.set(fail_phones={"13800138001": "MK:0001"})
    provider.send("13800138000,13800138001,13800138002")
    time.sleep(0.02)
    data = provider.client.query_send_statistics(models.QuerySendStatisticsRequest(
        start_date=TODAY, end_date=TODAY, is_globe=1, page_index=1, page_size=10)).body.data
    [day] = data.target_list
    assert (day.send_date, day.total_count, day.responded_success_count, day.responded_fail_count) == (TODAY, 3, 2, 1)
