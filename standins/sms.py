"""SendSms and SendBatchSms: everything the product checks before it takes a call."""

import json
import re
from typing import Any

from standins.accounts import AccessKey, Account
from standins.answers import Fault, Refusal, required
from standins.journal import Call
from standins.segments import domestic, international
from standins.signs import APPROVED, Sign
from standins.templates import Template
from standins.world import World

MOST_NUMBERS = 1000
MOST_PERSONAL = 100
LONGEST_OUT_ID = 255
_PLAIN = re.compile(r"1[3-9][0-9]{9}(?:,1[3-9][0-9]{9})*")
CHINESE = re.compile(r"(?:\+?86|0086)?(1[3-9][0-9]{9})")
_ABROAD = re.compile(r"[1-9][0-9]{6,14}")


def send_sms(world: World, key: AccessKey, fields: dict[str, str], now: float) -> Call:
    """One text to up to 1000 numbers. Returns the call as it is accepted; raises Refusal or Fault."""
    required(fields, "PhoneNumbers", "SignName", "TemplateCode")
    out_id = _admit(world, fields)
    raw = fields["PhoneNumbers"].split(",")
    if len(raw) > MOST_NUMBERS:
        raise Refusal("isv.MOBILE_COUNT_OVER_LIMIT", "手机号码数量超过限制")
    sign, template = _approved(key.account, fields["SignName"], fields["TemplateCode"])
    phones = _numbers(raw, template)
    params = fields.get("TemplateParam", "")
    values = _read(params) if params else {}
    _check_urls(params)
    length = len(sign.name) + 2 + template.length(values)
    size = domestic(length) if template.kind != 3 else international(f"【{sign.name}】{template.render(values)}")
    _check_numbers(world, phones)
    _charge(key.account, size * len(phones))
    world.frequency.admit(key.account.uid, sign.name, template, phones, now, world.behaviour)
    return Call(key.account.uid, out_id, now, sign.name, template, phones, size, params)


def send_batch_sms(world: World, key: AccessKey, fields: dict[str, str], now: float) -> Call:
    """Up to 100 recipients, each with a signature and variables. Returns the call; raises Refusal or Fault."""
    required(fields, "PhoneNumberJson", "SignNameJson", "TemplateCode", "TemplateParamJson")
    out_id = _admit(world, fields)
    raw, names = _read(fields["PhoneNumberJson"]), _read(fields["SignNameJson"])
    params = fields["TemplateParamJson"]
    values = _read(params)
    if not (type(raw) is type(names) is type(values) is list and len(raw) == len(names) == len(values) > 0):
        raise Refusal("isv.INVALID_PARAMETERS", "参数格式不正确")
    if len(raw) > MOST_PERSONAL:
        raise Refusal("isv.MOBILE_COUNT_OVER_LIMIT", "手机号码数量超过限制")
    if not set(map(type, raw)) == set(map(type, names)) == {str}:
        raise Refusal("isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值")
    brackets = {}
    for name in set(names):
        sign, template = _approved(key.account, name, fields["TemplateCode"])
        brackets[name] = len(sign.name) + 2
    phones = _numbers(raw, template)
    _check_urls(params)
    lengths = [brackets[name] + template.length(one) for name, one in zip(names, values, strict=True)]
    sizes = bytes(map(domestic, lengths)) if template.kind != 3 else bytes(
        international(f"【{name}】{template.render(one)}") for name, one in zip(names, values, strict=True))
    _check_numbers(world, phones)
    _charge(key.account, sum(sizes))
    for name in brackets:
        mine = phones if len(brackets) == 1 else [phone for phone, of in zip(phones, names, strict=True) if of == name]
        world.frequency.admit(key.account.uid, name, template, mine, now, world.behaviour)
    return Call(key.account.uid, out_id, now, names[0] if len(brackets) == 1 else names, template, phones, sizes,
                params)


def _admit(world: World, fields: dict[str, str]) -> str:
    """What is checked of the caller, whatever is sent; returns the OutId."""
    if world.behaviour.out_of_money:
        raise Refusal("isv.AMOUNT_NOT_ENOUGH", "账户余额不足")
    for code, share in world.behaviour.refuse_share.items():
        if world.behaviour.hits(share):
            raise Refusal(code, "按设定拒绝")
    out_id = fields.get("OutId", "")
    if len(out_id) > LONGEST_OUT_ID:
        raise Fault(400, "InvalidParameter", "The length of OutId must be less than 256.")
    return out_id


def _approved(account: Account, name: str, code: str) -> tuple[Sign, Template]:
    sign, template = account.signs.get(name), account.templates.get(code)
    if sign is None or sign.status != APPROVED:
        raise Refusal("isv.SMS_SIGNATURE_ILLEGAL", "账号下找不到对应签名")
    if template is None or template.status != APPROVED:
        raise Refusal("isv.SMS_TEMPLATE_ILLEGAL", "账号下找不到对应模板")
    if sign.kind == 0 and template.kind != 0:
        raise Refusal("isv.SMS_SIGNATURE_SCENE_ILLEGAL", "签名和模板类型不一致")
    return sign, template


def _numbers(raw: list[str], template: Template) -> list[str]:
    """The numbers without prefixes; one bad number refuses the whole call."""
    joined = ",".join(raw)
    if template.kind != 3 and len(joined) == 12 * len(raw) - 1 and _PLAIN.fullmatch(joined):
        return raw
    if template.kind == 3:
        if any(CHINESE.fullmatch(phone) for phone in raw):
            raise Refusal("isv.DOMESTIC_NUMBER_NOT_SUPPORTED", "国际/港澳台消息模板不支持发送境内号码")
        found = [_ABROAD.fullmatch(phone) for phone in raw]
    else:
        found = [CHINESE.fullmatch(phone) for phone in raw]
    numbers = [match[match.lastindex or 0] for match in found if match]
    if len(numbers) != len(raw):
        raise Refusal("isv.MOBILE_NUMBER_ILLEGAL", "非法手机号")
    return numbers


def _check_numbers(world: World, phones: list[str]) -> None:
    refused = world.behaviour.refuse_phones
    if refused and not refused.keys().isdisjoint(phones):
        code = next(refused[phone] for phone in phones if phone in refused)
        raise Refusal(code, "按设定拒绝")


def _charge(account: Account, segments: int) -> None:
    """Take from the account's money where it has an end; what fails later is not given back."""
    if account.money is None:
        return
    if account.money < segments:
        raise Refusal("isv.AMOUNT_NOT_ENOUGH", "账户余额不足")
    account.money -= segments


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise Refusal("isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值") from None


def _check_urls(params: str) -> None:
    if "://" in params or ":\\/\\/" in params or "www." in params or "WWW." in params:
        raise Refusal("isv.PARAM_NOT_SUPPORT_URL", "变量不支持传入URL")
