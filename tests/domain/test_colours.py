"""Contrast as WCAG counts it, and which colours a house may wear."""

from __future__ import annotations

import pytest

from app.domain.colours import clean_brand, contrast
from app.domain.errors import Refused


@pytest.mark.parametrize(("one", "other", "expected"), [
    ("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#777777", "#ffffff", 4.48),
    ("#767676", "#ffffff", 4.54), ("#0b6b50", "#ffffff", 6.50), ("#ff0000", "#ffffff", 4.0),
])
def test_contrast(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == pytest.approx(expected, abs=0.02) == contrast(other, one)


@pytest.mark.parametrize(("raw", "colour"), [
    ("#0b6b50", "#0b6b50"), (" 2B4C8C ", "#2b4c8c"), ("#767676", "#767676"), ("000000", "#000000"),
])
def test_what_may_be_worn(raw: str, colour: str) -> None:
    assert clean_brand(raw) == colour


@pytest.mark.parametrize("raw", ["", "#", "red", "#12345", "#1234567", "#ffee00", "#777777", "#0b6b5g", "#0b6b50;}",
                                 "ＦＦ００００"])
def test_what_may_not(raw: str) -> None:
    with pytest.raises(Refused) as refused:
        clean_brand(raw)
    assert refused.value.code == "brand"
