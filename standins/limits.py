"""How often one number may be written to, by Aliyun's own figures (settable in the behaviour).

验证码: for one signature and number a minute, an hour and a day, and a day for a number across signatures.
Everything else: a day for one signature, template and number. Minutes and hours are natural ones, a day is 24 hours
from the first message. What was accepted counts, whether or not it arrives.
"""

from standins.answers import Refusal
from standins.behaviour import Behaviour
from standins.templates import Template

DAY = 1440


class Frequency:
    """Counters in memory; a mark packs the minute it began with the times since, to stay small for millions."""

    def __init__(self) -> None:
        self._days: dict[tuple[str, ...], dict[str, int]] = {}

    def clear(self) -> None:
        """Forget all that was counted."""
        self._days.clear()

    def admit(self, uid: str, sign: str, template: Template, phones: list[str], now: float, rules: Behaviour) -> None:
        """Count these numbers, or refuse the whole call if one of them is written to too often.

        Raises Refusal isv.BUSINESS_LIMIT_CONTROL with the window and its limit in the message.
        """
        if not rules.frequency:
            return
        minute = int(now // 60)
        if template.kind != 0:
            self._window((uid, sign, template.code), phones, minute, DAY, rules.frequency_template_day, "天", True)
            return
        # Beijing has whole hours, so natural hours there begin when they begin in UTC.
        windows = (((uid, sign, "minute"), minute, 1, rules.frequency_minute, "分钟"),
                   ((uid, sign, "hour"), minute - minute % 60, 60, rules.frequency_hour, "小时"),
                   ((uid, sign, "day"), minute, DAY, rules.frequency_day, "天"),
                   (("number",), minute, DAY, rules.frequency_number_day, "天"))
        for count in (False, True):
            for key, begin, length, limit, name in windows:
                self._window(key, phones, begin, length, limit, name, count)

    def _window(self, key: tuple[str, ...], phones: list[str], minute: int, length: int, limit: int, name: str,
                count: bool) -> None:
        table = self._days.setdefault(key, {})
        fresh = minute << 16 | 1
        if table.keys().isdisjoint(phones):
            if count:
                table.update(dict.fromkeys(phones, fresh))
            return
        marks = [table.get(phone, 0) for phone in phones]
        for mark in marks:
            if limit and minute - (mark >> 16) < length and mark & 0xFFFF >= limit:
                raise Refusal("isv.BUSINESS_LIMIT_CONTROL", f"触发{name}级流控Permits:{limit}")
        if count:
            for phone, mark in zip(phones, marks, strict=True):
                table[phone] = mark + 1 if minute - (mark >> 16) < length else fresh
