"""How the provider behaves today: every trouble a test may wish for, settable while it runs."""

import random
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass
class Behaviour:
    """Shares are between 0 and 1, ``_ms`` are milliseconds. Random choices come from one seeded generator."""

    seed: int = 1
    # The answer to a call.
    latency_ms: float = 0
    latency_jitter_ms: float = 0
    trouble_actions: list[str] = field(default_factory=lambda: ["SendSms", "SendBatchSms"])
    drop_connection: float = 0
    http_5xx: float = 0
    throttle: float = 0
    throttle_status: int = 400
    retry_after_ms: int = 1000
    max_qps: int = 0
    refuse_share: dict[str, float] = field(default_factory=dict)
    refuse_phones: dict[str, str] = field(default_factory=dict)
    out_of_money: bool = False
    # After the call was accepted.
    http_5xx_after_accept: float = 0
    accept_then_silent: float = 0
    # What becomes of a message.
    fail_share: dict[str, float] = field(default_factory=dict)
    fail_phones: dict[str, str] = field(default_factory=dict)
    # Receipts.
    receipts: bool = True
    receipts_mode: str = "queue"
    receipt_delay_ms: float = 50
    receipt_jitter_ms: float = 0
    receipts_doubled: float = 0
    receipts_lost: float = 0
    receipts_shuffled: bool = False
    receipts_early: bool = False
    details_lag_ms: float = 0
    visibility_seconds: float = 30
    token_seconds: float = 3600
    sequence_id: str = "string"
    # Delivery by push instead of queues.
    push_url: str = ""
    push_replies_url: str = ""
    push_size: int = 100
    push_concurrency: int = 4
    push_timeout_ms: float = 700
    push_retry_seconds: list[float] = field(default_factory=lambda: [60, 300, 600])
    # Frequency for a number (mainland): 验证码 by minute, hour and day, the rest by day; 0 lifts one limit.
    frequency: bool = True
    frequency_minute: int = 1
    frequency_hour: int = 5
    frequency_day: int = 10
    frequency_number_day: int = 40
    frequency_template_day: int = 50
    # Reviews of signatures, templates and qualifications: approve, reject or hold.
    review: str = "approve"
    review_delay_ms: float = 0
    review_reason: str = "资料不符合要求"
    template_interval_seconds: float = 30
    templates_a_day: int = 100
    carriers: dict[str, int] = field(default_factory=lambda: {"mobile": 3, "unicom": 3, "telecom": 3})

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def merge(self, changes: dict[str, Any]) -> None:
        """Take over the named settings; a dict replaces a dict. Raises ValueError for a name that is none."""
        known = {one.name for one in fields(self)}
        if strange := sorted(changes.keys() - known):
            raise ValueError(f"no such behaviour: {', '.join(strange)}")
        for name, value in changes.items():
            if name == "receipts_mode" and value not in ("queue", "push"):
                raise ValueError("receipts_mode is queue or push")
            if name == "review" and value not in ("approve", "reject", "hold"):
                raise ValueError("review is approve, reject or hold")
            setattr(self, name, value)
        if "seed" in changes:
            self.chance.seed(self.seed)

    def view(self) -> dict[str, Any]:
        """All settings as they are now."""
        return asdict(self)

    def hits(self, share: float) -> bool:
        """Whether this time is one of the share; costs nothing when the share is zero."""
        return share > 0 and self.chance.random() < share

    def latency(self) -> float:
        """Seconds until the next answer."""
        return max(0.0, self.latency_ms + self.chance.uniform(-1, 1) * self.latency_jitter_ms) / 1000

    def receipt_delay(self) -> float:
        """Seconds from the answer to the receipts of a call."""
        return max(0.0, self.receipt_delay_ms + self.chance.uniform(-1, 1) * self.receipt_jitter_ms) / 1000

    def fates(self, phones: list[str]) -> dict[int, str]:
        """The delivery code of each number that fails, by its place in the call; all others are delivered."""
        fates = {}
        if self.fail_phones:
            fates = {place: self.fail_phones[phone] for place, phone in enumerate(phones) if phone in self.fail_phones}
        if self.fail_share:
            draw, codes = self.chance.random, list(self.fail_share.items())
            bound = sum(self.fail_share.values())
            for place in range(len(phones)):
                point = draw()
                if point < bound and place not in fates:
                    fates[place] = _pick(codes, point)
        return fates


def _pick(codes: list[tuple[str, float]], point: float) -> str:
    for code, share in codes:
        if point < share:
            return code
        point -= share
    return codes[-1][0]
