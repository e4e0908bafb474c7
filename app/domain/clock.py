"""Pure rules of time: days and hours are Shanghai's, moments are aware UTC. Nothing here reads a clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def in_shanghai(moment: datetime) -> datetime:
    """The same moment on Shanghai's clock; raises ValueError for a naive one."""
    if moment.utcoffset() is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(SHANGHAI)


def shanghai_day(moment: datetime) -> date:
    """The calendar day in Shanghai at that moment."""
    return in_shanghai(moment).date()


def start_of_day(day: date) -> datetime:
    """Midnight at which the Shanghai day begins, in UTC."""
    return _at(day, time.min)


def end_of_day(day: date) -> datetime:
    """23:59:59 of the Shanghai day, in UTC: the last second on which a grant that runs to this day is valid."""
    return _at(day, time(23, 59, 59))


def inside_hours(moment: datetime, start: time, end: time) -> bool:
    """Whether the moment falls into the daily window [start, end) of Shanghai's clock.

    A window may run over midnight (20:00 to 08:00); equal ends mean the whole day.
    """
    now = in_shanghai(moment).time()
    if start == end:
        return True
    return start <= now < end if start < end else now >= start or now < end


def next_opening(moment: datetime, start: time, end: time) -> datetime:
    """When sending may begin, in UTC: the moment itself inside the window, otherwise the next `start`."""
    local = in_shanghai(moment)
    if inside_hours(moment, start, end):
        return moment.astimezone(UTC)
    day = local.date() if local.time() < start else local.date() + timedelta(days=1)
    return _at(day, start)


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=SHANGHAI).astimezone(UTC)
