"""Who may call: access keys, the account each belongs to, its rights and its money."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from standins.signs import Sign
from standins.templates import Template

DEFAULT_KEY = "standin-key"
DEFAULT_SECRET = "standin-secret"
DEFAULT_UID = "1000000000000001"


@dataclass
class Account:
    """One Aliyun account: what it owns and what is left of its money.

    ``money`` is counted in segments; None means without end. ``sms_right`` is the RAM right to send.
    """

    uid: str
    money: int | None = None
    signs: dict[str, Sign] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    qualifications: dict[int, dict[str, Any]] = field(default_factory=dict)
    letters: dict[int, dict[str, Any]] = field(default_factory=dict)
    created_templates: list[float] = field(default_factory=list)

    def stock(self) -> "Account":
        """Put the built-in approved signature and templates on the shelf."""
        self.signs["云顶云"] = Sign("云顶云", status=1)
        for code, kind, name, content in (
            ("SMS_100001", 0, "登录验证码", "您的验证码为${code}，5分钟内有效。"),
            ("SMS_100002", 1, "发货通知", "尊敬的${name}，您的订单${order}已发货。"),
            ("SMS_100003", 1, "维护通知", "系统将于今晚零点维护，预计两小时，敬请谅解。"),
            ("SMS_100004", 2, "周年促销", "周年店庆全场八折，欢迎选购，拒收请回复R"),
        ):
            self.templates[code] = Template(code, kind, name, content, status=1)
        return self


@dataclass
class AccessKey:
    """One key pair; several may belong to one account."""

    id: str
    secret: str
    account: Account
    sms_right: bool = True


class Accounts:
    """All keys and accounts, by key id and by uid."""

    def __init__(self) -> None:
        self.keys: dict[str, AccessKey] = {}
        self.by_uid: dict[str, Account] = {}
        self.add()

    def add(self, access_key_id: str = DEFAULT_KEY, secret: str = DEFAULT_SECRET, uid: str = DEFAULT_UID,
            sms_right: bool = True, money: int | None = None, bare: bool = False) -> AccessKey:
        """Create or replace a key; its account is made on first mention, with the built-in approvals unless bare.

        Money that is given replaces what the account had.
        """
        account = self.by_uid.get(uid)
        if account is None:
            account = self.by_uid[uid] = Account(uid) if bare else Account(uid).stock()
        if money is not None:
            account.money = money
        key = self.keys[access_key_id] = AccessKey(access_key_id, secret, account, sms_right)
        return key

    def view(self) -> list[dict[str, Any]]:
        """Every key as plain values, the secrets as their hashes."""
        return [{"access_key_id": key.id, "uid": key.account.uid, "sms_right": key.sms_right,
                 "money": key.account.money, "secret_sha256": hashlib.sha256(key.secret.encode()).hexdigest()}
                for key in self.keys.values()]
