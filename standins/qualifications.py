"""Qualifications: whose papers stand behind a signature, and the code sent to the person who submits them."""

import itertools
import json
import time
from typing import Any

from standins.accounts import AccessKey, Account
from standins.answers import Refusal, required
from standins.sign_actions import ok
from standins.signs import shanghai
from standins.world import World

CERTIFY_CODE = "123456"
# One state has two spellings: in QuerySingleSmsQualification and in QuerySmsQualificationRecord.
RECORD_STATES = {"INT": "INIT", "PASSED": "PASS", "FAILED": "NOT_PASS", "CANCELED": "CANCEL"}
_PAPERS = ("AdminIDCardExpDate", "AdminIDCardFrontFace", "AdminIDCardNo", "AdminIDCardPic", "AdminIDCardType",
           "AdminName", "AdminPhoneNo", "BussinessLicenseExpDate", "CertifyCode", "CompanyName", "CompanyType",
           "LegalPersonIDCardNo", "LegalPersonIDCardType", "LegalPersonIdCardEffTime", "LegalPersonName",
           "OrganizationCode", "QualificationName", "UseBySelf", "WhetherShare")
_SHOWN = tuple(name for name in _PAPERS if name not in ("BussinessLicenseExpDate", "CertifyCode", "UseBySelf",
                                                        "WhetherShare"))
_numbers = itertools.count(100001)


def submit_sms_qualification(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Hand in papers for review; pictures are named by the keys under which they were uploaded."""
    required(fields, *_PAPERS)
    # The SDKs write booleans as their language does: Python's says True.
    fields |= {name: fields[name].lower() for name in ("UseBySelf", "WhetherShare")}
    if fields["UseBySelf"] == "false":
        required(fields, "BusinessLicensePics")
    _check_papers(world, fields)
    number = next(_numbers)
    key.account.qualifications[number] = {"id": number, "order": number + 7_000_000, "created": time.time()}
    _review(world, key.account, number, fields)
    return ok(Data=str(number), Success=True)


def update_sms_qualification(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Change papers and hand them in again."""
    required(fields, "AdminPhoneNo", "BusinessLicensePics", "CertifyCode", "OrderId", "QualificationGroupId")
    qualification = _find(key.account, fields)
    if str(qualification["order"]) != fields["OrderId"]:
        raise Refusal("isv.INVALID_PARAMETERS", "工单不存在")
    _check_papers(world, fields)
    _review(world, key.account, qualification["id"], qualification["fields"] | fields)
    return ok(Data=str(qualification["id"]), Success=True)


def query_single_sms_qualification(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """One qualification with its papers; why it was rejected is told by the record action only."""
    one = _find(key.account, fields)
    given = one["fields"]
    pictures = [{"LicensePic": picture.get("LicensePic", ""), "PicUrl": f"{world.base_url}/upload/"
                 f"{picture.get('LicensePic', '')}", "Type": picture.get("Type", "")}
                for picture in json.loads(given.get("BusinessLicensePics") or "[]")]
    return ok(Success=True, Data={
        "QualificationGroupId": one["id"], "WorkOrderId": one["order"], "State": one["state"],
        "UseBySelf": given["UseBySelf"] == "true", "WhetherShare": given["WhetherShare"] == "true",
        "EffTimeStr": given["BussinessLicenseExpDate"], "Remark": given.get("Remark", ""),
        "BusinessLicensePics": pictures, "OtherFiles": [], **{name: given[name] for name in _SHOWN}})


def query_sms_qualification_record(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """All qualifications by pages, newest first, with the reviewer's remark."""
    rows = [{"GroupId": one["id"], "WorkOrderId": one["order"], "StateName": RECORD_STATES[one["state"]],
             "QualificationGroupName": one["fields"]["QualificationName"], "CompanyName": one["fields"]["CompanyName"],
             "LegalPersonName": one["fields"]["LegalPersonName"], "UseBySelf": one["fields"]["UseBySelf"],
             "CreateDate": shanghai(one["created"]), "AuditRemark": one["reason"],
             "AuditTime": shanghai(one["reviewed"]) if one["reviewed"] else ""}
            for one in reversed(key.account.qualifications.values())]
    for name, column in (("State", "StateName"), ("CompanyName", "CompanyName"), ("WorkOrderId", "WorkOrderId"),
                         ("QualificationGroupName", "QualificationGroupName"), ("UseBySelf", "UseBySelf")):
        if name in fields:
            rows = [row for row in rows if str(row[column]).lower() == fields[name].lower()]
    page, size = fields.get("PageNo", "1"), fields.get("PageSize", "10")
    if not (page.isdigit() and size.isdigit() and int(page) and int(size)):
        raise Refusal("isv.INVALID_PARAMETERS", "分页参数不合法")
    first = (int(page) - 1) * int(size)
    return ok(Success=True, Data={"PageNo": int(page), "PageSize": int(size), "Total": len(rows),
                                  "List": rows[first:first + int(size)]})


def delete_sms_qualification(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Delete a qualification on which no signature stands."""
    required(fields, "OrderId", "QualificationGroupId")
    one = _find(key.account, fields)
    if any(sign.qualification_id == one["id"] for sign in key.account.signs.values()):
        raise Refusal("isv.INVALID_PARAMETERS", "资质已被签名使用，不能删除")
    del key.account.qualifications[one["id"]]
    return ok(Data=True, Success=True)


def required_phone_code(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Pretend to send a code to the administrator's phone; it is always the same."""
    required(fields, "PhoneNo")
    return ok(Data=True, Success=True)


def valid_phone_code(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Whether a code is the one that was sent."""
    required(fields, "PhoneNo", "CertifyCode")
    return ok(Data=fields["CertifyCode"] == CERTIFY_CODE, Success=True)


def decide(account: Account, number: int, approve: bool, reason: str = "") -> None:
    """Let a qualification under review pass or fail."""
    one = account.qualifications.get(number)
    if one is not None and one["state"] == "INT":
        one["state"], one["reason"] = ("PASSED", "") if approve else ("FAILED", reason)
        one["reviewed"] = time.time()


def _find(account: Account, fields: dict[str, str]) -> dict[str, Any]:
    required(fields, "QualificationGroupId")
    number = fields["QualificationGroupId"]
    one = account.qualifications.get(int(number)) if number.isdigit() else None
    if one is None:
        raise Refusal("isv.INVALID_PARAMETERS", "资质不存在")
    return one


def _check_papers(world: World, fields: dict[str, str]) -> None:
    if fields["CertifyCode"] != CERTIFY_CODE:
        raise Refusal("isv.INVALID_PARAMETERS", "手机验证码不正确")
    for name in ("AdminIDCardFrontFace", "AdminIDCardPic"):
        if name in fields and fields[name] not in world.uploads:
            raise Refusal("isv.INVALID_PARAMETERS", f"{name}对应的文件尚未上传")


def _review(world: World, account: Account, number: int, fields: dict[str, str]) -> None:
    account.qualifications[number] |= {"fields": fields, "state": "INT", "reason": "", "reviewed": None}
    rules = world.behaviour
    if rules.review != "hold":
        world.later(rules.review_delay_ms / 1000, lambda: decide(
            account, number, rules.review == "approve", rules.review_reason))
