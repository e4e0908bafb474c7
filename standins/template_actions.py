"""The actions about templates, in the newer and the older manner."""

import itertools
import time
from typing import Any

from standins.accounts import AccessKey, Account
from standins.answers import Fault, Refusal, required
from standins.reviews import submit
from standins.sign_actions import AUDIT, ok, paged, reason
from standins.signs import CANCELLED, REJECTED, REVIEWING, shanghai
from standins.templates import KINDS, LONGEST_TEXT, Template
from standins.world import World

LONGEST_NAME = 30
# In the list action the same types have other figures; OuterTemplateType carries the ones used everywhere else.
LIST_KINDS = {0: 2, 1: 0, 2: 1, 3: 6}
_codes = itertools.count(200001)


def create_sms_template(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Apply for a template; TemplateRule is needed as soon as there are variables."""
    required(fields, "TemplateName", "TemplateContent", "TemplateType")
    if "${" in fields["TemplateContent"]:
        required(fields, "TemplateRule")
    template = _new(world, key.account, fields)
    return ok(TemplateCode=template.code, TemplateName=template.name, OrderId=template.order_id)


def add_sms_template(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Apply for a template in the older manner."""
    required(fields, "TemplateName", "TemplateContent", "TemplateType", "Remark")
    return ok(TemplateCode=_new(world, key.account, fields).code)


def update_sms_template(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Change a rejected template; it goes to review again."""
    required(fields, "TemplateCode", "TemplateName", "TemplateContent", "TemplateType")
    template = _change(world, key.account, fields)
    return ok(TemplateCode=template.code, TemplateName=template.name, OrderId=template.order_id)


def modify_sms_template(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Change a rejected template in the older manner."""
    required(fields, "TemplateCode", "TemplateName", "TemplateContent", "TemplateType", "Remark")
    return ok(TemplateCode=_change(world, key.account, fields).code)


def get_sms_template(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Everything about one template; its state and type are text here."""
    template = _find(key.account, fields)
    audit = {"AuditDate": shanghai(template.reviewed), "RejectInfo": template.reason} if template.reviewed else {}
    return ok(TemplateCode=template.code, TemplateName=template.name, TemplateContent=template.content,
              TemplateStatus=str(template.status), TemplateType=str(template.kind), AuditInfo=audit,
              CreateDate=shanghai(template.created), OrderId=template.order_id, Remark=template.remark, TemplateTag=2,
              VariableAttribute=template.rule, RelatedSignName=template.related_sign,
              **({"IntlType": template.intl_kind} if template.kind == 3 else {}))


def query_sms_template(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """One template in the older manner; its state and type are figures here."""
    template = _find(key.account, fields)
    return ok(TemplateCode=template.code, TemplateName=template.name, TemplateContent=template.content,
              TemplateStatus=template.status, TemplateType=template.kind, Reason=template.reason,
              CreateDate=shanghai(template.created))


def query_sms_template_list(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """All templates, newest first, by pages of 1 to 50. A cancelled one is spelt AUDIT_SATE_CANCEL, as documented."""
    rows = sorted(key.account.templates.values(), key=lambda template: -template.created)
    page, size, part = paged(rows, fields)
    return ok(CurrentPage=page, PageSize=size, TotalCount=len(rows), SmsTemplateList=[
        {"TemplateCode": template.code, "TemplateName": template.name, "TemplateContent": template.content,
         "TemplateType": LIST_KINDS[template.kind], "OuterTemplateType": template.kind,
         "AuditStatus": "AUDIT_SATE_CANCEL" if template.status == CANCELLED else AUDIT[template.status],
         "CreateDate": shanghai(template.created), "OrderId": template.order_id,
         "SignatureName": template.related_sign, "Reason": reason(template)} for template in part])


def delete_sms_template(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Delete a template that is not under review."""
    template = _find(key.account, fields)
    if template.status == REVIEWING:
        raise Refusal("isv.ERROR_TEMPLATE_NOT_DELETE", "审核中的模板，暂时无法删除")
    del key.account.templates[template.code]
    return ok(TemplateCode=template.code)


def _find(account: Account, fields: dict[str, str]) -> Template:
    required(fields, "TemplateCode")
    template = account.templates.get(fields["TemplateCode"])
    if template is None:
        raise Refusal("isv.SMS_TEMPLATE_ILLEGAL", "账号下找不到对应模板")
    return template


def _new(world: World, account: Account, fields: dict[str, str]) -> Template:
    made = _read(f"SMS_{next(_codes)}", fields)
    _pace(world, account)
    account.templates[made.code] = made
    submit(world, account, made)
    return made


def _change(world: World, account: Account, fields: dict[str, str]) -> Template:
    old = _find(account, fields)
    if old.status not in (REJECTED, CANCELLED):
        raise Refusal("isv.ERROR_TEMPLATE_NOT_MODIFY", "审核中或已通过的模板，不支持修改")
    made = _read(old.code, fields)
    made.created = old.created
    account.templates[made.code] = made
    submit(world, account, made)
    return made


def _read(code: str, fields: dict[str, str]) -> Template:
    if len(fields["TemplateName"]) > LONGEST_NAME or len(fields["TemplateContent"]) > LONGEST_TEXT:
        raise Refusal("isv.TEMPLATE_OVER_LIMIT", "模板字符数量超过限制")
    kind, abroad = fields["TemplateType"], fields.get("IntlType", "")
    if not kind.isdigit() or int(kind) not in KINDS or (kind == "3" and abroad not in ("", "0", "1", "2")):
        raise Refusal("isv.INVALID_PARAMETERS", "模板类型不正确")
    return Template(code, int(kind), fields["TemplateName"], fields["TemplateContent"],
                    remark=fields.get("Remark", ""), rule=fields.get("TemplateRule", ""),
                    related_sign=fields.get("RelatedSignName", ""), intl_kind=int(abroad) if abroad else None)


def _pace(world: World, account: Account) -> None:
    """At most so many applications in 24 hours and so far apart, as Aliyun asks."""
    now, rules = time.time(), world.behaviour
    account.created_templates = [at for at in account.created_templates if now - at < 86400]
    if len(account.created_templates) >= rules.templates_a_day:
        raise Refusal("isv.TEMPLATE_COUNT_OVER_LIMIT", "超过单日模板申请数量上限")
    if account.created_templates and now - account.created_templates[-1] < rules.template_interval_seconds:
        raise Fault(400, "Throttling.User", "Request was denied due to user flow control.")
    account.created_templates.append(now)
