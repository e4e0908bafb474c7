from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Refused
from app.domain.phones import REASONS, clean_phone, guess_carrier, mask, normalise

GOOD = "13800138000"


@pytest.mark.parametrize(
    "raw",
    [
        GOOD, 13800138000, 13800138000.0, "13800138000.0", "13800138000.00", "13800138000.", "1.3800138E+10",
        "1.3800138000E+10", "1.3800138e10", "1.3800138E10", "+8613800138000", "+86 138 0013 8000", "008613800138000",
        "8613800138000", "86-138-0013-8000", "(+86)13800138000", "（86）13800138000", "8613800138000.0",
        8613800138000, 8613800138000.0, "8.613800138E+12", "138 0013 8000", "138-0013-8000", "138.0013.8000",
        "138\u00a00013\u30008000", "138–0013—8000", "１３８００１３８０００",
        "＋８６１３８００１３８０００", "'13800138000",
        "\u200b13800138000\ufeff", "13800138000,", "13800138000，", "13800138000；", " 13800138000\n", '"13800138000"',
        "\u202d13800138000\u202c", "138 0013\t8000", "+86.138.0013.8000", "[13800138000]", "＇13800138000",
    ],
)  # fmt: skip
def test_ugly_numbers_become_plain(raw: object) -> None:
    assert normalise(raw) == (GOOD, None)
    assert clean_phone(raw) == GOOD


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "no_number"), ("", "no_number"), ("  \u3000", "no_number"), ("-", "no_number"), ("'", "no_number"),
        (float("nan"), "no_number"), ("+", "no_number"),
        ("1380013800", "too_short"), (1380013800.0, "too_short"), ("12", "too_short"), (0, "too_short"),
        ("138001380000", "too_long"), ("013800138000", "too_long"), (1e300, "too_long"), (float("inf"), "too_long"),
        (10**30, "too_long"), ("9" * 5000, "too_long"), ("1381234567890", "too_long"),
        ("12800138000", "not_mobile"), ("02162838383", "not_mobile"), ("23800138000", "not_mobile"),
        ("+85291234567", "not_mainland"), ("+1 (415) 555-2671", "not_mainland"), ("0085291234567", "not_mainland"),
        ("1380013800a", "not_digits"), ("l3800138000", "not_digits"), ("张三", "not_digits"), (True, "not_digits"),
        ("#N/A", "not_digits"), ("1380013800O", "not_digits"), ("1380013800.5", "not_digits"), (-5, "not_digits"),
        (1380013800.5, "not_digits"), (-13800138000.0, "not_digits"), ("٣٨٠٠١٣٨٠٠٠١", "not_digits"),
        ("13800138000/13900139000", "several_numbers"), ("13800138000,13900139000", "several_numbers"),
        ("13800138000、13900139000", "several_numbers"), ("13800138000 13900139000", "several_numbers"),
        ("13800138000\n13900139000", "several_numbers"), ("１３８００１３８０００，13900139000", "several_numbers"),
        ("1.38E+10", "lost_digits"), ("1.38001E+10", "lost_digits"), ("1.38001380001E+10", "lost_digits"),
        ("1E+10", "lost_digits"), ("1.3800138E+9", "too_short"), ("1.3800138E+11", "too_long"),
        ("1.38e99", "lost_digits"), ("1.38001380001234E+99", "too_long"),
    ],
    ids=repr,
)  # fmt: skip
def test_each_bad_number_has_its_reason(raw: object, reason: str) -> None:
    assert normalise(raw) == (None, reason)
    with pytest.raises(Refused) as refusal:
        clean_phone(raw)
    assert refusal.value.code == reason
    assert str(refusal.value) == REASONS[reason]


def test_an_endless_integer_is_only_too_long() -> None:
    assert normalise(10**5000) == (None, "too_long")


@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.none(), st.binary()))
def test_anything_gives_a_number_or_a_reason(raw: object) -> None:
    phone, reason = normalise(raw)
    if phone is None:
        assert reason in REASONS
    else:
        assert reason is None and len(phone) == 11 and phone.isascii() and phone.isdigit()


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", "+86", "86", "0086", "+86 ", "'"]),
       st.sampled_from(["", " ", "\u200b", ".0"]))  # fmt: skip
def test_decoration_never_changes_a_number(phone: str, before: str, after: str) -> None:
    assert normalise(before + phone + after) == (phone, None)
    assert normalise(float(phone)) == (phone, None)


@given(st.text(alphabet="0123456789.eE+", max_size=16))
def test_cleaning_invents_no_digits(raw: str) -> None:
    phone, _ = normalise(raw)
    if phone is not None and "e" not in raw.lower():
        assert phone in raw.replace(".", "").replace("+", "")


@pytest.mark.parametrize(
    ("prefix", "carrier"),
    [
        ("133", "telecom"), ("149", "telecom"), ("199", "telecom"), ("1348", "mobile"), ("1349", "satellite"),
        ("1340", "mobile"), ("198", "mobile"), ("172", "mobile"), ("146", "unicom"), ("196", "unicom"),
        ("192", "broadcast"), ("170", "virtual"), ("1703", "virtual"), ("171", "virtual"), ("162", "virtual"),
        ("165", "virtual"), ("167", "virtual"), ("1740", "satellite"), ("1619", "satellite"), ("1618", "unknown"),
        ("140", "unknown"), ("154", "unknown"), ("194", "unknown"),
    ],
)  # fmt: skip
def test_the_range_tells_the_carrier(prefix: str, carrier: str) -> None:
    assert guess_carrier(prefix.ljust(11, "0")) == carrier


@pytest.mark.parametrize(
    ("phone", "masked"),
    [(GOOD, "138****8000"), ("85291234567", "852****4567"), ("12345", "***45"), ("12", "**"), ("", "")],
)
def test_mask_hides_the_middle(phone: str, masked: str) -> None:
    assert mask(phone) == masked
