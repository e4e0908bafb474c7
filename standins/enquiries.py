"""QuerySendDetails and QuerySendStatistics: what became of what was accepted."""

import time
from collections.abc import Iterator
from typing import Any

from standins.accounts import AccessKey
from standins.answers import Refusal, request_id, required
from standins.journal import Call
from standins.signs import shanghai
from standins.sms import CHINESE
from standins.world import World

WAITING, FAILED, ARRIVED = 1, 2, 3


def query_send_details(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """The messages to one number on one Beijing day, newest first. Raises Refusal or Fault.

    By ``details_lag_ms`` of the behaviour a message may become visible only a while after it was accepted.
    """
    required(fields, "PhoneNumber", "SendDate", "PageSize", "CurrentPage")
    found = CHINESE.fullmatch(fields["PhoneNumber"])
    phone = found[1] if found else fields["PhoneNumber"]
    size, page = _paging(fields, "PageSize", "CurrentPage")
    day = fields["SendDate"]
    now = time.time()
    if len(day) != 8 or not day.isdigit() or not shanghai(now - 30 * 86400, "%Y%m%d") <= day:
        raise Refusal("isv.INVALID_PARAMETERS", "查询日期不合法，只能查询30天内的记录")
    calls: Iterator[Call] = reversed(world.journal.calls)
    if biz := fields.get("BizId"):
        call = world.journal.find(biz)
        calls = iter([call] if call else [])
    newest = now - world.behaviour.details_lag_ms / 1000
    hits = [(call, place) for call in calls
            if call.at <= newest and call.uid == key.account.uid and phone in call.phones
            and shanghai(call.at, "%Y%m%d") == day
            for place, other in enumerate(call.phones) if other == phone]
    return {"RequestId": request_id(), "Code": "OK", "Message": "OK", "TotalCount": len(hits),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": [
                _detail(call, place, now) for call, place in hits[(page - 1) * size:page * size]]}}


def query_send_statistics(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Totals for each Beijing day between two days. Raises Refusal or Fault."""
    required(fields, "StartDate", "EndDate", "IsGlobe", "PageIndex", "PageSize")
    size, page = _paging(fields, "PageSize", "PageIndex")
    days: dict[str, dict[str, int]] = {}
    now = time.time()
    for call in world.journal.calls:
        day = shanghai(call.at, "%Y%m%d")
        abroad = call.template.kind == 3
        if call.uid != key.account.uid or not fields["StartDate"] <= day <= fields["EndDate"] or (
                abroad != (fields["IsGlobe"] == "2")) or fields.get("SignName", call.sign) != call.sign or (
                fields.get("TemplateType", str(call.template.kind)) != str(call.template.kind)):
            continue
        totals = days.setdefault(day, dict.fromkeys(
            ("TotalCount", "RespondedSuccessCount", "RespondedFailCount", "NoRespondedCount"), 0))
        totals["TotalCount"] += len(call.phones)
        if _due(call) > now:
            totals["NoRespondedCount"] += len(call.phones)
        else:
            totals["RespondedFailCount"] += len(call.fates)
            totals["RespondedSuccessCount"] += len(call.phones) - len(call.fates)
    rows = [{"SendDate": day, **totals} for day, totals in sorted(days.items())]
    return {"RequestId": request_id(), "Code": "OK", "Message": "OK",
            "Data": {"TotalSize": len(rows), "TargetList": rows[(page - 1) * size:page * size]}}


def _due(call: Call) -> float:
    return call.at if call.due is None else call.due


def _detail(call: Call, place: int, now: float) -> dict[str, Any]:
    detail: dict[str, Any] = {"PhoneNum": call.phones[place], "SendStatus": WAITING, "Content": call.text(place),
                              "TemplateCode": call.template.code, "SendDate": shanghai(call.at)}
    if call.out_id:
        detail["OutId"] = call.out_id
    if _due(call) <= now:
        code = call.fates.get(place, "DELIVERED")
        detail |= {"SendStatus": ARRIVED if code == "DELIVERED" else FAILED, "ErrCode": code,
                   "ReceiveDate": shanghai(_due(call))}
    return detail


def _paging(fields: dict[str, str], size: str, page: str) -> tuple[int, int]:
    """Page size and number. Raises Refusal unless 1 to 50 and at least 1."""
    if not (fields[size].isdigit() and 1 <= int(fields[size]) <= 50 and fields[page].isdigit() and int(fields[page])):
        raise Refusal("isv.INVALID_PARAMETERS", "分页参数不合法")
    return int(fields[size]), int(fields[page])
