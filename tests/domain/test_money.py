from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import price_of, to_fen, to_unit_price, to_yuan, unit_price_in_yuan, unit_price_of


@pytest.mark.parametrize(
    ("yuan", "fen"),
    [("0", 0), ("1", 100), ("380.00", 38000), ("0.01", 1), ("0.005", 1), ("0.0049", 0), ("1.015", 102), ("-0.005", -1)],
)
def test_yuan_become_fen_half_up(yuan: str, fen: int) -> None:
    assert to_fen(Decimal(yuan)) == fen


def test_fen_are_shown_with_two_decimals() -> None:
    assert str(to_yuan(38000)) == "380.00"
    assert str(to_yuan(-5)) == "-0.05"


@pytest.mark.parametrize(("yuan", "units"), [("0.038", 380), ("0.0385", 385), ("0.00005", 1), ("1", 10_000)])
def test_unit_prices(yuan: str, units: int) -> None:
    assert to_unit_price(Decimal(yuan)) == units
    assert str(unit_price_in_yuan(380)) == "0.0380"


@pytest.mark.parametrize(
    ("segments", "unit_price", "price"),
    [(10_000, 380, 38_000), (1, 380, 4), (1, 350, 4), (1, 349, 3), (3, 385, 12), (0, 9, 0)],
)
def test_a_price_is_rounded_to_fen(segments: int, unit_price: int, price: int) -> None:
    assert price_of(segments, unit_price) == price


@pytest.mark.parametrize(("price", "segments", "unit_price"), [(38_000, 10_000, 380), (100, 3, 3333), (200, 3, 6667)])
def test_a_unit_price_from_a_price(price: int, segments: int, unit_price: int) -> None:
    assert unit_price_of(price, segments) == unit_price


def test_no_segments_have_no_unit_price() -> None:
    with pytest.raises(ValueError, match="segment"):
        unit_price_of(100, 0)


@pytest.mark.parametrize("convert", [to_fen, to_unit_price])
def test_money_is_decimal_and_finite(convert: object) -> None:
    assert callable(convert)
    with pytest.raises(TypeError):
        convert(1.5)
    for value in ("NaN", "Infinity"):
        with pytest.raises(ValueError, match="amount"):
            convert(Decimal(value))


@given(st.integers(-(10**15), 10**15))
def test_fen_come_back_from_yuan(fen: int) -> None:
    assert to_fen(to_yuan(fen)) == fen


@given(st.integers(1, 10**9), st.integers(0, 10**6))
def test_a_unit_price_comes_back_within_rounding(segments: int, unit_price: int) -> None:
    error = abs(unit_price_of(price_of(segments, unit_price), segments) - unit_price)
    assert error <= 50 / segments + 1
