"""Authorisation letters: by which an owner lets somebody else send under his name."""

import itertools
import json
import time
from typing import Any

from standins.accounts import AccessKey
from standins.answers import Refusal, required
from standins.sign_actions import ok
from standins.signs import APPROVED, shanghai
from standins.world import World

MOST_SIGNS = 100
_numbers = itertools.count(500001)


def create_sms_authorization_letter(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Enter a letter whose picture was uploaded before; its name is unique in the account."""
    required(fields, "Authorization", "AuthorizationLetterExpDate", "AuthorizationLetterName",
             "AuthorizationLetterPic", "OrganizationCode", "ProxyAuthorization", "SignList")
    if fields["AuthorizationLetterPic"] not in world.uploads:
        raise Refusal("isv.INVALID_PARAMETERS", "授权委托书文件尚未上传")
    try:
        names = json.loads(fields["SignList"])
    except ValueError:
        names = None
    if not isinstance(names, list) or not 1 <= len(names) <= MOST_SIGNS:
        raise Refusal("isv.INVALID_PARAMETERS", "签名列表不合法")
    if any(one["AuthorizationLetterName"] == fields["AuthorizationLetterName"]
           for one in key.account.letters.values()):
        raise Refusal("isv.INVALID_PARAMETERS", "授权委托书名称重复")
    number = next(_numbers)
    key.account.letters[number] = {name: fields[name] for name in (
        "Authorization", "AuthorizationLetterExpDate", "AuthorizationLetterName", "AuthorizationLetterPic",
        "OrganizationCode", "ProxyAuthorization")} | {"AuthorizationLetterId": number, "SignScope": "、".join(names)}
    return ok(Data=str(number), Success=True)


def query_sms_authorization_letter(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """The letters that match; one passes with the first signature in its scope, and is invalid after its last day."""
    today = shanghai(time.time(), "%Y-%m-%d")
    rows = []
    for letter in key.account.letters.values():
        scope = letter["SignScope"].split("、")
        passed = any(name in key.account.signs and key.account.signs[name].status == APPROVED for name in scope)
        valid = letter["AuthorizationLetterExpDate"].rpartition("~")[2] >= today
        rows.append(letter | {
            "State": "PASSED" if passed else "INT", "Status": "VALID" if valid else "INVALID",
            "AuthorizationLetterPic": f"{world.base_url}/upload/{letter['AuthorizationLetterPic']}"})
    for name in ("OrganizationCode", "State", "Status"):
        if name in fields:
            rows = [row for row in rows if row[name] == fields[name]]
    if "SignName" in fields:
        rows = [row for row in rows if fields["SignName"] in row["SignScope"].split("、")]
    if "AuthorizationLetterIdList" in fields:
        wanted = {int(number) for number in json.loads(fields["AuthorizationLetterIdList"])}
        rows = [row for row in rows if row["AuthorizationLetterId"] in wanted]
    return ok(Data=rows, Success=True)
