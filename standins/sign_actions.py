"""The actions about signatures, in the newer and the older manner."""

import re
from typing import Any

from standins.accounts import AccessKey, Account
from standins.answers import Refusal, request_id, required
from standins.reviews import submit
from standins.signs import APPROVED, CANCELLED, REJECTED, REVIEWING, Sign, shanghai
from standins.world import World

AUDIT = {REVIEWING: "AUDIT_STATE_INIT", APPROVED: "AUDIT_STATE_PASS", REJECTED: "AUDIT_STATE_NOT_PASS",
         CANCELLED: "AUDIT_STATE_CANCEL"}
_NAME = re.compile(r"[\w·()（）&+\-. ]{2,12}")


def ok(**more: Any) -> dict[str, Any]:
    """A successful answer."""
    return {"RequestId": request_id(), "Code": "OK", "Message": "OK", **more}


def create_sms_sign(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Apply for a signature under a qualification that has passed."""
    required(fields, "SignName", "SignSource", "QualificationId")
    if fields["SignName"] in key.account.signs:
        raise Refusal("isv.SIGN_NAME_ILLEGAL", "签名已存在")
    return _apply(world, key.account, Sign(_name(fields)), fields)


def update_sms_sign(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Change a rejected signature; it goes to review again."""
    required(fields, "SignName", "SignSource", "QualificationId", "ApplySceneContent")
    return _apply(world, key.account, _changeable(key.account, fields), fields)


def add_sms_sign(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Apply for a signature in the older manner, with files instead of a qualification."""
    required(fields, "SignName", "SignSource", "Remark", "SignFileList.1.FileContents", "SignFileList.1.FileSuffix")
    if fields["SignName"] in key.account.signs:
        raise Refusal("isv.SIGN_NAME_ILLEGAL", "签名已存在")
    _enter(world, key.account, Sign(_name(fields)), fields)
    return ok(SignName=fields["SignName"])


def modify_sms_sign(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Change a rejected signature in the older manner."""
    required(fields, "SignName", "SignSource", "Remark", "SignFileList.1.FileContents", "SignFileList.1.FileSuffix")
    _enter(world, key.account, _changeable(key.account, fields), fields)
    return ok(SignName=fields["SignName"])


def get_sms_sign(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Everything about one signature, registration with the carriers included."""
    sign = _find(key.account, fields)
    registered = (sign.carriers or world.behaviour.carriers) if sign.status == APPROVED else dict.fromkeys(
        ("mobile", "unicom", "telecom"), -2)
    audit = {"AuditDate": shanghai(sign.reviewed), "RejectInfo": sign.reason} if sign.reviewed else {}
    details = [{"OperatorCode": carrier, "RegisterStatus": status, "RegisterStatusReasons": [] if status >= 0 else [
        {"ReasonCode": "OTHERS_ERROR", "ReasonDescList": ["尚未完成报备"]}], **(
            {"OperatorCompleteTime": shanghai(sign.reviewed or sign.created)} if status == 3 else {})}
        for carrier, status in registered.items()]
    return ok(SignName=sign.name, SignStatus=sign.status, AuditInfo=audit, CreateDate=shanghai(sign.created),
              OrderId=sign.order_id, QualificationId=sign.qualification_id, SignTag="2", SignCode=sign.sign_code,
              Remark=sign.remark, ThirdParty=sign.third_party, AuthorizationLetterId=sign.letter_id,
              AuthorizationLetterAuditPass=sign.letter_id is not None, FileUrlList=[],
              SignIspRegisterDetailList=details)


def query_sms_sign(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """The state of one signature in the older manner."""
    sign = _find(key.account, fields)
    return ok(SignName=sign.name, SignStatus=sign.status, Reason=sign.reason, CreateDate=shanghai(sign.created))


def query_sms_sign_list(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """All signatures, newest first, by pages of 1 to 50."""
    rows = sorted(key.account.signs.values(), key=lambda sign: -sign.created)
    page, size, part = paged(rows, fields)
    return ok(CurrentPage=page, PageSize=size, TotalCount=len(rows), SmsSignList=[
        {"SignName": sign.name, "AuditStatus": AUDIT[sign.status], "BusinessType": "验证码类型" if sign.kind == 0
         else "通用类型", "CreateDate": shanghai(sign.created), "OrderId": sign.order_id, "Reason": reason(sign)}
        for sign in part])


def delete_sms_sign(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Delete a signature that is not under review."""
    sign = _find(key.account, fields)
    if sign.status == REVIEWING:
        raise Refusal("isv.ERROR_SIGN_NOT_DELETE", "审核中的签名，暂时无法删除")
    del key.account.signs[sign.name]
    return ok(SignName=sign.name)


def paged(rows: list[Any], fields: dict[str, str]) -> tuple[int, int, list[Any]]:
    """Page number, page size and the rows of a list action. Raises Refusal for a size outside 1 to 50."""
    page, size = fields.get("PageIndex", "1"), fields.get("PageSize", "10")
    if not (page.isdigit() and int(page) >= 1 and size.isdigit() and 1 <= int(size) <= 50):
        raise Refusal("isv.INVALID_PARAMETERS", "分页参数不合法")
    first = (int(page) - 1) * int(size)
    return int(page), int(size), rows[first:first + int(size)]


def reason(item: Any) -> dict[str, str]:
    """Why something was rejected, as the list actions say it."""
    if item.status != REJECTED:
        return {}
    return {"RejectDate": shanghai(item.reviewed or item.created), "RejectInfo": item.reason, "RejectSubInfo": ""}


def _name(fields: dict[str, str]) -> str:
    name = fields["SignName"]
    if len(name) > 12:
        raise Refusal("isv.SIGN_OVER_LIMIT", "签名字符数量超过限制")
    if not _NAME.fullmatch(name):
        raise Refusal("isv.SIGN_NAME_ILLEGAL", "签名名称不符合规范")
    return name


def _find(account: Account, fields: dict[str, str]) -> Sign:
    required(fields, "SignName")
    sign = account.signs.get(fields["SignName"])
    if sign is None:
        raise Refusal("isv.SMS_SIGNATURE_ILLEGAL", "账号下找不到对应签名")
    return sign


def _changeable(account: Account, fields: dict[str, str]) -> Sign:
    sign = _find(account, fields)
    if sign.status not in (REJECTED, CANCELLED):
        raise Refusal("isv.ERROR_SIGN_NOT_MODIFY", "审核中或已通过的签名，不支持修改")
    return sign


def _apply(world: World, account: Account, sign: Sign, fields: dict[str, str]) -> dict[str, Any]:
    """Tie a signature to its qualification and letter, and submit it."""
    number = fields["QualificationId"]
    qualification = account.qualifications.get(int(number)) if number.isdigit() else None
    if qualification is None or qualification["state"] != "PASSED":
        raise Refusal("isv.INVALID_PARAMETERS", "资质不存在或未通过审核")
    letter = fields.get("AuthorizationLetterId", "")
    if fields.get("ThirdParty", "").lower() == "true" and (not letter.isdigit() or int(letter) not in account.letters):
        raise Refusal("isv.INVALID_PARAMETERS", "他用签名须提供委托授权书")
    if len(fields.get("Remark", "")) > 200:
        raise Refusal("isv.INVALID_PARAMETERS", "申请说明超过200个字符")
    sign.qualification_id, sign.third_party = int(number), fields.get("ThirdParty", "").lower() == "true"
    sign.letter_id = int(letter) if letter.isdigit() else None
    _enter(world, account, sign, fields)
    return ok(SignName=sign.name, OrderId=sign.order_id)


def _enter(world: World, account: Account, sign: Sign, fields: dict[str, str]) -> None:
    if not fields["SignSource"].isdigit() or int(fields["SignSource"]) > 5:
        raise Refusal("isv.SIGN_SOURCE_ILLEGAL", "签名来源不支持")
    sign.source, sign.kind = int(fields["SignSource"]), 0 if fields.get("SignType") == "0" else 1
    sign.remark = fields.get("Remark", "")
    account.signs[sign.name] = sign
    submit(world, account, sign)
