from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clock import SHANGHAI, end_of_day, inside_hours, next_opening, shanghai_day, start_of_day

EIGHT, TWENTY = time(8), time(20)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def shanghai(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2024, 5, 1, hour, minute, second, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2024, 4, 30, 15, 59, 59, tzinfo=UTC), date(2024, 4, 30)),
        (datetime(2024, 4, 30, 16, 0, tzinfo=UTC), date(2024, 5, 1)),
        (datetime(2024, 5, 1, 0, 30, tzinfo=timezone(timedelta(hours=9))), date(2024, 4, 30)),
    ],
)
def test_the_day_is_shanghais(moment: datetime, day: date) -> None:
    assert shanghai_day(moment) == day


def test_a_day_runs_from_midnight_to_its_last_second() -> None:
    assert start_of_day(date(2024, 5, 1)) == datetime(2024, 4, 30, 16, tzinfo=UTC)
    assert end_of_day(date(2024, 5, 1)) == datetime(2024, 5, 1, 15, 59, 59, tzinfo=UTC)
    assert end_of_day(date(2024, 5, 1)).tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (shanghai(7, 59, 59), False), (shanghai(8), True), (shanghai(19, 59, 59), True), (shanghai(20), False),
        (shanghai(0), False), (shanghai(12).astimezone(UTC), True),
    ],
)  # fmt: skip
def test_hours_hold_from_their_start_to_just_before_their_end(moment: datetime, inside: bool) -> None:
    assert inside_hours(moment, EIGHT, TWENTY) is inside
    assert inside_hours(moment, TWENTY, EIGHT) is not inside
    assert inside_hours(moment, EIGHT, EIGHT)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (shanghai(7), shanghai(8)), (shanghai(8), shanghai(8)), (shanghai(12, 5), shanghai(12, 5)),
        (shanghai(20), shanghai(8) + timedelta(days=1)), (shanghai(23, 59), shanghai(8) + timedelta(days=1)),
    ],
)  # fmt: skip
def test_sending_waits_for_the_next_opening(moment: datetime, opens: datetime) -> None:
    assert next_opening(moment, EIGHT, TWENTY) == opens
    assert next_opening(moment, EIGHT, TWENTY).tzinfo is UTC


def test_a_window_over_midnight_opens_the_same_evening() -> None:
    assert next_opening(shanghai(9), TWENTY, EIGHT) == shanghai(20)


@given(moments, st.times(), st.times())
def test_an_opening_is_inside_and_never_past_nor_a_day_away(moment: datetime, start: time, end: time) -> None:
    opening = next_opening(moment, start, end)
    assert inside_hours(opening, start, end)
    assert moment <= opening <= moment + timedelta(days=1)


def test_naive_moments_are_mistakes() -> None:
    naive = datetime(2024, 5, 1)
    for call in (lambda: shanghai_day(naive), lambda: inside_hours(naive, EIGHT, TWENTY),
                 lambda: next_opening(naive, EIGHT, TWENTY)):  # fmt: skip
        with pytest.raises(ValueError, match="time zone"):
            call()
