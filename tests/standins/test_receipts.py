"""Receipts and replies through the queues, with everything that can be odd about them."""

from typing import Any

from mns.mns_exception import MNSServerException

from standins.control import Control
from tests.standins.provider import Provider

PHONES = [f"139{place:08d}" for place in range(40)]


def test_a_receipt_comes_as_the_documentation_has_it(provider: Provider) -> None:
    biz = provider.send("13800138000", out_id="r1").biz_id
    [report] = provider.reports(most=1)
    assert {name: report[name] for name in ("phone_number", "success", "err_code", "err_msg", "sms_size", "biz_id",
                                            "out_id")} == {
        "phone_number": "13800138000", "success": True, "err_code": "DELIVERED", "err_msg": "用户接收成功",
        "sms_size": "1", "biz_id": biz, "out_id": "r1"}
    assert len(report["send_time"]) == len(report["report_time"]) == 19


def test_every_number_gets_one_receipt(provider: Provider, control: Control) -> None:
    provider.send(",".join(PHONES))
    reports = provider.reports(most=40, wait=1)
    assert [report["phone_number"] for report in reports] == PHONES
    queue = control.journal_summary()["queues"]["Alicom-Queue-1000000000000001-SmsReport"]
    assert (queue["delivered"], queue["deleted"], queue["held"]) == (40, 40, 0)


def test_failures_by_code_and_by_number(provider: Provider, control: Control) -> None:
    control.set(fail_phones={PHONES[3]: "MOBILE_IN_BLACK"}, fail_share={"MK:0001": 0.3})
    provider.send(",".join(PHONES))
    codes = {report["phone_number"]: report["err_code"] for report in provider.reports(most=40)}
    assert codes[PHONES[3]] == "MOBILE_IN_BLACK"
    assert 4 <= list(codes.values()).count("MK:0001") <= 20
    control.reset()
    control.set(receipt_delay_ms=0, fail_phones={PHONES[3]: "MOBILE_IN_BLACK"}, fail_share={"MK:0001": 0.3})
    provider.send(",".join(PHONES))
    again = {report["phone_number"]: report["err_code"] for report in provider.reports(most=40)}
    assert codes == again, "the same seed gives the same day"


def test_receipts_doubled_lost_and_shuffled(provider: Provider, control: Control) -> None:
    control.set(receipts_doubled=1)
    provider.send(PHONES[0])
    assert len(provider.reports(most=2)) == 2
    control.set(receipts_doubled=0, receipts_shuffled=True)
    for start in (0, 20):
        provider.send(",".join(PHONES[start:start + 20]))
    mixed = [report["phone_number"] for report in provider.reports(most=40)]
    assert sorted(mixed) == PHONES
    assert mixed != PHONES
    control.set(receipts_shuffled=False, receipts_lost=0.5)
    provider.send(",".join(PHONES))
    provider.send(PHONES[0], out_id="last")
    assert 5 <= len(provider.reports()) <= 36


def test_receipts_early_late_and_off(provider: Provider, control: Control) -> None:
    control.set(receipts=False)
    provider.send(PHONES[0])
    control.set(receipts=True, receipt_delay_ms=300)
    provider.send(PHONES[1])
    assert provider.reports(wait=0) == []
    assert [report["phone_number"] for report in provider.reports(most=1)] == [PHONES[1]]
    control.set(receipts_early=True, receipt_delay_ms=60_000)
    provider.send(PHONES[2])
    assert [report["phone_number"] for report in provider.reports(wait=0)] == [PHONES[2]]


def test_what_is_not_deleted_comes_back_under_a_new_handle(provider: Provider, control: Control) -> None:
    control.set(visibility_seconds=0.3)
    provider.send("13800138000")
    queue = provider.queue()
    [first] = queue.batch_receive_message(16, 1)
    assert first.dequeue_count == 1
    [second] = queue.batch_receive_message(16, 2)
    assert (second.dequeue_count, second.message_id, second.message_body) == (2, first.message_id, first.message_body)
    assert second.receipt_handle != first.receipt_handle
    try:
        queue.delete_message(first.receipt_handle)
        raise AssertionError("an old handle deleted the message")
    except MNSServerException as stale:
        assert stale.type == "MessageNotExist"
    queue.delete_message(second.receipt_handle)
    assert control.journal_summary()["queues"][queue.queue_name]["deleted"] == 1


def test_single_receive_visibility_and_partial_batch_delete(provider: Provider) -> None:
    provider.send("13800138000,13800138001")
    queue = provider.queue()
    one, two = queue.receive_message(1), queue.receive_message(1)
    changed = queue.change_message_visibility(one.receipt_handle, 60)
    try:
        queue.batch_delete_message([one.receipt_handle, two.receipt_handle])
        raise AssertionError("a stale handle passed")
    except MNSServerException as partly:
        assert [error["ReceiptHandle"] for error in partly.sub_errors] == [one.receipt_handle]
    queue.delete_message(changed.receipt_handle)
    assert provider.reports(wait=0) == []


def test_replies_strangers_and_unreadable_reports(provider: Provider, control: Control) -> None:
    code = control.reply("13800138000", "R")["dest_code"]
    control.set(sequence_id="double")
    control.reply("13800138000", "好的", dest_code="9999")
    first, second = provider.reports("SmsUp", wait=0)
    assert (first["content"], first["dest_code"], type(first["sequence_id"])) == ("R", code, str)
    assert (second["dest_code"], type(second["sequence_id"])) == ("9999", float)
    control.foreign(2)
    control.unreadable()
    queue = provider.queue()
    bodies: list[Any] = [message.message_body for message in queue.batch_receive_message(16, 1)]
    assert [b"stranger" in body for body in bodies] == [True, True, False]
