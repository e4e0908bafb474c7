"""Templates: the only texts that may go out, and how their variables are filled."""

import re
import time
import zlib
from dataclasses import dataclass, field
from typing import Any

from standins.answers import Refusal
from standins.signs import APPROVED, REVIEWING, shanghai

KINDS = {0: "验证码", 1: "通知", 2: "推广", 3: "国际/港澳台"}
LONGEST_VALUE = 35
LONGEST_TEXT = 500
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


@dataclass
class Template:
    """One template, split once into its fixed text and its variables. ``kind`` as in CreateSmsTemplate."""

    code: str
    kind: int
    name: str
    content: str
    status: int = REVIEWING
    reason: str = ""
    remark: str = ""
    rule: str = ""
    related_sign: str = ""
    intl_kind: int | None = None
    created: float = field(default_factory=time.time)
    reviewed: float | None = None
    order_id: str = ""

    def __post_init__(self) -> None:
        self.names = tuple(dict.fromkeys(_VARIABLE.findall(self.content)))
        self.uses = tuple(_VARIABLE.findall(self.content))
        self.fixed = len(_VARIABLE.sub("", self.content))
        self.order_id = self.order_id or f"{zlib.crc32(self.code.encode()) + 30000000000}"

    def length(self, values: Any) -> int:
        """The characters of the text with these values in it.

        Raises Refusal when a value is missing, is no string or is too long, or the whole is over 500.
        """
        if type(values) is not dict:
            raise Refusal("isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值")
        total = self.fixed
        for value in values.values():
            if type(value) is not str:
                raise Refusal("isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值")
            if len(value) > LONGEST_VALUE:
                raise Refusal("isv.PARAM_LENGTH_LIMIT", "参数超出长度限制")
        try:
            for name in self.uses:
                total += len(values[name])
        except KeyError:
            raise Refusal("isv.TEMPLATE_MISSING_PARAMETERS", "模板缺少变量") from None
        if total > LONGEST_TEXT:
            raise Refusal("isv.PARAM_LENGTH_LIMIT", "短信内容超出长度限制")
        return total

    def render(self, values: dict[str, str]) -> str:
        """The text with these values in it, without the signature."""
        return _VARIABLE.sub(lambda found: values.get(found[1], ""), self.content)

    def report(self) -> dict[str, Any]:
        """What the TemplateSmsReport queue says after a review."""
        return {"template_code": self.code, "template_name": self.name, "template_type": KINDS[self.kind],
                "template_content": self.content, "template_status": {REVIEWING: "approving", APPROVED: "approved"}.get(
                    self.status, "rejected"), "reason": self.reason, "remark": self.remark,
                "create_date": shanghai(self.created), "order_id": self.order_id}
