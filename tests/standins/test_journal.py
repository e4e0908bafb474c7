"""The journal's arithmetic without a server: it is what other tests prove things with."""

import json
import time

import pytest

from standins.answers import Refusal
from standins.behaviour import Behaviour
from standins.journal import Call, Journal
from standins.limits import DAY, Frequency
from standins.templates import Template

NOTICE = Template("SMS_1", 1, "通知", "您好${name}", status=1)
CODE = Template("SMS_2", 0, "验证码", "验证码${code}", status=1)


def call(phones: list[str], out_id: str = "o", segments: int | bytes = 1, names: list[str] | None = None) -> Call:
    """A call with one name for each number."""
    params = json.dumps([{"name": name} for name in names or ["甲"] * len(phones)])
    return Call("1", out_id, time.time(), "云", NOTICE, phones, segments, params)


def test_numbers_of_calls_are_never_given_twice() -> None:
    journal = Journal()
    first, second = call(["1"]), call(["2"])
    journal.write(first)
    journal.clear()
    journal.write(second)
    assert first.biz_id != second.biz_id
    assert journal.find(second.biz_id) is second
    assert journal.find(first.biz_id) is journal.find("nonsense") is None


def test_the_same_text_twice_differs_from_another_text() -> None:
    journal = Journal()
    journal.write(call(["1", "2"], "a", bytes([1, 2]), ["甲", "乙"]))
    journal.write(call(["1", "2"], "b", bytes([1, 1]), ["甲", "丙"]))
    summary = journal.summary()
    assert (summary["numbers"], summary["distinct"], summary["segments"], summary["out_ids"]) == (4, 2, 5, 2)
    assert len(summary["repeated"]) == 2
    assert [one["phone"] for one in summary["repeated_texts"]] == ["1"]
    assert [json.loads(line)["segments"] for line in journal.lines()] == [[1, 2], [1, 1]]


def test_windows_end() -> None:
    frequency, rules, now = Frequency(), Behaviour(), 1_800_000_000.0 // 3600 * 3600
    phones = ["13800138000"]

    def admitted(at: float) -> str:
        try:
            frequency.admit("1", "云", CODE, phones, at, rules)
        except Refusal as refused:
            return refused.message
        return "OK"

    assert [admitted(now), admitted(now + 30), admitted(now + 60)] == ["OK", "触发分钟级流控Permits:1", "OK"]
    assert [admitted(now + 60 * minute) for minute in range(2, 6)] == ["OK", "OK", "OK", "触发小时级流控Permits:5"]
    assert [admitted(now + 3600 + 60 * minute) for minute in range(5)] == ["OK"] * 5
    assert admitted(now + 7200) == "触发天级流控Permits:10"
    assert admitted(now + DAY * 60) == "OK"


def test_fates_follow_the_shares_and_the_seed() -> None:
    phones = [str(number) for number in range(20_000)]
    rules = Behaviour(fail_share={"MK:0001": 0.02, "UNDELIV": 0.01})
    fates = list(rules.fates(phones).values())
    assert fates.count("MK:0001") == pytest.approx(400, rel=0.25)
    assert fates.count("UNDELIV") == pytest.approx(200, rel=0.35)
    rules.merge({"seed": 1})
    assert list(rules.fates(phones).values()) == fates
