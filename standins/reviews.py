"""The reviewer: decides on signatures and templates after a while, by the rules for texts and by the behaviour."""

import re
import time

from standins.accounts import Account
from standins.signs import APPROVED, REJECTED, REVIEWING, Sign
from standins.templates import KINDS, Template
from standins.world import World

_NEIGHBOURS = re.compile(r"\}\s*\$\{")
_CODE_WORDS = ("验证码", "注册码", "校验码", "动态码")
_REFUSAL = "拒收请回复R"


def submit(world: World, account: Account, item: Sign | Template) -> None:
    """Put a signature or template under review, and decide when the behaviour's delay is over."""
    item.status, item.reason, item.reviewed = REVIEWING, "", None
    rules = world.behaviour
    if rules.review != "hold":
        world.later(rules.review_delay_ms / 1000, lambda: decide(
            world, account, item, rules.review == "approve", rules.review_reason))


def decide(world: World, account: Account, item: Sign | Template, approve: bool, reason: str = "") -> None:
    """Approve or reject what is under review, and report it; nothing happens to what was deleted meanwhile."""
    shelf: object = account.signs.get(item.name) if isinstance(item, Sign) else account.templates.get(item.code)
    if shelf is not item or item.status != REVIEWING:
        return
    fault = broken_rule(item.kind, item.content) if isinstance(item, Template) else ""
    item.status = APPROVED if approve and not fault else REJECTED
    item.reason = "" if item.status == APPROVED else fault or reason
    item.reviewed = time.time()
    world.tell(account.uid, "SignSmsReport" if isinstance(item, Sign) else "TemplateSmsReport", item.report())


def broken_rule(kind: int, content: str) -> str:
    """The first of Aliyun's rules for templates that this text breaks, or nothing."""
    names = re.findall(r"\$\{([^}]*)\}", content)
    if not re.sub(r"\$\{[^}]*\}", "", content).strip():
        return "模板不能全部为变量"
    if len(names) != len(set(names)):
        return "同一变量不能重复使用"
    if _NEIGHBOURS.search(content):
        return "变量不能相邻"
    if kind == 0 and not any(word in content for word in _CODE_WORDS):
        return "验证码模板须含有验证码、注册码、校验码或动态码"
    if kind == 1 and _REFUSAL in content:
        return "通知模板不能含有退订内容"
    if kind == 2 and not content.endswith(_REFUSAL):
        return "推广模板须以拒收请回复R结尾"
    return "" if kind in KINDS else "模板类型不正确"
