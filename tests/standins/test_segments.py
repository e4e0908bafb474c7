"""The provider's own count, and what of it can be seen in a receipt."""

import pytest

from standins.control import Control
from standins.segments import domestic, international
from tests.standins.provider import Provider


@pytest.mark.parametrize(("length", "segments"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (160, 3), (500, 8)])
def test_mainland(length: int, segments: int) -> None:
    assert domestic(length) == segments


@pytest.mark.parametrize(("text", "segments"), [
    ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("a" * 159 + "€", 2), ("【a】" + "a" * 68, 2)])
def test_abroad(text: str, segments: int) -> None:
    assert international(text) == segments


def test_the_signature_counts_with_its_brackets(provider: Provider, control: Control) -> None:
    control.add_template("SMS_65", "字" * 65)
    control.add_template("SMS_66", "字" * 66)
    provider.send("13800138000", "SMS_65")
    provider.send("13800138000", "SMS_66")
    assert [report["sms_size"] for report in provider.reports(most=2)] == ["1", "2"]
