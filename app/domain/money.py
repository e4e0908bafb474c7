"""Yuan outside, fen inside; unit prices in 1/10,000 yuan, since 0.038 yuan exists. All rounding is half up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")


def _rounded(amount: Decimal) -> int:
    if not isinstance(amount, Decimal):
        raise TypeError(f"money is a Decimal, not {type(amount).__name__}")
    if not amount.is_finite():
        raise ValueError(f"not an amount: {amount}")
    return int(amount.to_integral_value(ROUND_HALF_UP))


def to_fen(yuan: Decimal) -> int:
    """Yuan to whole fen; TypeError for anything but a Decimal, ValueError for infinities and not-a-number."""
    return _rounded(yuan * 100 if isinstance(yuan, Decimal) else yuan)


def to_yuan(fen: int) -> Decimal:
    """Fen to yuan with two decimals."""
    return (Decimal(fen) / 100).quantize(_CENT)


def to_unit_price(yuan: Decimal) -> int:
    """Yuan a segment to 1/10,000 yuan; raises as `to_fen` does."""
    return _rounded(yuan * 10_000 if isinstance(yuan, Decimal) else yuan)


def unit_price_in_yuan(unit_price: int) -> Decimal:
    """1/10,000 yuan to yuan with four decimals."""
    return (Decimal(unit_price) / 10_000).quantize(Decimal("0.0001"))


def price_of(segments: int, unit_price: int) -> int:
    """Price in fen of `segments` at `unit_price` (1/10,000 yuan each)."""
    return _rounded(Decimal(segments * unit_price) / 100)


def unit_price_of(price: int, segments: int) -> int:
    """The unit price (1/10,000 yuan) that comes nearest to `price` fen for `segments`; ValueError for no segments."""
    if segments <= 0:
        raise ValueError("a unit price needs at least one segment")
    return _rounded(Decimal(price * 100) / segments)
