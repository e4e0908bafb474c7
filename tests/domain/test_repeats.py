from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from app.domain.repeats import Seen

phones = st.sampled_from(["13000000000", "13000000001", "19999999999", "13800138000", "15900000000"])


@given(st.lists(st.tuples(phones, st.integers(0, 3))))
def test_it_agrees_with_a_plain_dictionary(sightings: list[tuple[str, int]]) -> None:
    seen = Seen()
    texts: dict[str, list[int]] = defaultdict(list)
    for phone, text in sightings:
        expected = -1 if text in texts[phone] else len(texts[phone])
        assert seen.note(phone, text) == expected
        if expected >= 0:
            texts[phone].append(text)


def test_every_number_is_remembered_while_the_table_grows() -> None:
    seen = Seen()
    numbers = [str(13000000000 + n * 65_537) for n in range(30_000)]
    assert {seen.note(number) for number in numbers} == {0}
    assert {seen.note(number) for number in numbers} == {-1}


def test_one_number_with_very_many_texts() -> None:
    seen = Seen()
    assert [seen.note("13800138000", n) for n in range(100_000)] == list(range(100_000))


def test_negative_hashes_are_hashes_too() -> None:
    seen = Seen()
    assert [seen.note("13800138000", n) for n in (-1, -(2**61), -1, 5)] == [0, 1, -1, 2]


def test_ranges_of_numbers_take_no_longer_than_scattered_ones() -> None:
    """Whole ranges under several prefixes, as companies have them, once took a hundred times as long."""
    prefixes = ("138", "159", "186", "133", "199", "177")
    ranges = [f"{prefix}{index:08d}" for index in range(10_000) for prefix in prefixes]
    seen = Seen()
    assert all(seen.note(phone) == 0 for phone in ranges)
    assert _longest_walk(seen) < 200
    assert all(seen.note(phone) == -1 for phone in ranges)


def _longest_walk(seen: Seen) -> int:
    """The longest run of places taken one after the other: what a search may have to walk through."""
    longest = run = 0
    for word in seen._table:
        run = run + 1 if word else 0
        longest = max(longest, run)
    return longest
