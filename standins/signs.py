"""Signatures: what an account may put between the brackets."""

import time
import zlib
from dataclasses import dataclass, field
from typing import Any

REVIEWING, APPROVED, REJECTED, CANCELLED = 0, 1, 2, 10


def shanghai(at: float, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A moment as the provider writes it: Beijing time without a zone."""
    return time.strftime(form, time.gmtime(at + 8 * 3600))


@dataclass
class Sign:
    """One signature. ``kind`` is 0 for 验证码 and 1 for 通用; ``status`` is 0, 1, 2 or 10 as in GetSmsSign."""

    name: str
    kind: int = 1
    status: int = REVIEWING
    source: int = 0
    reason: str = ""
    remark: str = ""
    qualification_id: int | None = None
    letter_id: int | None = None
    third_party: bool = False
    carriers: dict[str, int] | None = None
    created: float = field(default_factory=time.time)
    reviewed: float | None = None
    order_id: str = ""

    def __post_init__(self) -> None:
        self.order_id = self.order_id or f"{zlib.crc32(self.name.encode()) + 20000000000}"

    @property
    def dest_code(self) -> str:
        """The extension code to which replies come; Aliyun makes one for each signature and it never changes."""
        return f"{zlib.crc32(self.name.encode()) % 9000 + 1000}"

    @property
    def sign_code(self) -> str:
        """The id of the signature in the console."""
        return f"SIGN_{zlib.crc32(self.name.encode())}"

    def report(self) -> dict[str, Any]:
        """What the SignSmsReport queue says after a review."""
        return {"sign_name": self.name, "sign_status": {REVIEWING: "approving", APPROVED: "approved"}.get(
            self.status, "rejected"), "reason": self.reason, "sign_source": str(self.source),
            "sign_scene": "验证码" if self.kind == 0 else "通用", "remark": self.remark,
            "create_date": shanghai(self.created), "order_id": self.order_id}
