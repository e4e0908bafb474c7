"""Delivery receipts and replies as Aliyun writes them, read into our own words.

A queue carries one JSON object a message, the push address an array of them. Times are Beijing
time without a zone. Fields vary between Aliyun's pages (numbers as strings, a sequence_id as a
Double), so what does not decide anything is read leniently, and what does, strictly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from app.domain.phones import is_mobile, normalise
from app.gateways.sms import Receipt, Reply

_DEEPEST = 16


class Unreadable(ValueError):
    """A report that cannot be read; says what was wrong with it."""


def parse_body(text: str) -> list[dict[str, Any]]:
    """The reports in a body: one JSON object or an array of them. Raises `Unreadable`, for one odd element too."""
    reports, odd = sort_body(text)
    if odd:
        raise Unreadable(what_is_odd(odd))
    return reports


def sort_body(text: str) -> tuple[list[dict[str, Any]], list[Any]]:
    """The reports in a body, and what stands between them and is none. Raises `Unreadable` where it is not JSON."""
    try:
        found = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from error
    reports: list[dict[str, Any]] = []
    odd: list[Any] = []
    for report in found if isinstance(found, list) else [found]:
        (reports if isinstance(report, dict) and _is_shallow(report) else odd).append(report)
    return reports, odd


def _is_shallow(value: Any, levels: int = _DEEPEST) -> bool:
    """Reports are flat. What is nested deeply may be read in one place and break off in the next, so it is none."""
    if not isinstance(value, (dict, list)):
        return True
    within = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(each, levels - 1) for each in within if each.__class__ is not str)


def what_is_odd(odd: Sequence[Any]) -> str:
    """In words: elements that are no reports."""
    kinds = sorted({"nesting" if isinstance(each, dict) else type(each).__name__ for each in odd})
    return f"not a report but {', '.join(kinds)}" + (f" ({len(odd)} elements)" if len(odd) > 1 else "")


def parse_receipt(obj: Mapping[str, Any]) -> Receipt:
    """A delivery receipt (SmsReport). Raises `Unreadable` without a phone, a success, or one of biz_id and out_id."""
    success = obj.get("success")
    if success is not True and success is not False:
        if not isinstance(success, str) or success.strip().lower() not in ("true", "false"):
            raise Unreadable(f"success is neither true nor false: {success!r:.40}")
        success = success.strip().lower() == "true"
    out_id, biz_id = _text(obj, "out_id"), _text(obj, "biz_id")
    if not out_id and not biz_id:
        raise Unreadable("neither biz_id nor out_id")
    phone = _required(obj, "phone_number")
    return Receipt(
        phone=phone if is_mobile(phone) else normalise(phone)[0] or phone,  # some write 86 or +86 before it
        out_id=out_id,
        biz_id=biz_id,
        delivered=success,
        err_code=_text(obj, "err_code"),
        err_msg=_text(obj, "err_msg"),
        segments=_count(obj.get("sms_size")),
        sent_at=beijing(obj.get("send_time")),
        reported_at=beijing(obj.get("report_time")),
    )


def parse_reply(obj: Mapping[str, Any]) -> Reply:
    """A message from a recipient (SmsUp). Raises `Unreadable` without a phone or a content, which may be empty."""
    if "content" not in obj:
        raise Unreadable("no content")
    return Reply(
        phone=_required(obj, "phone_number"),
        content=_text(obj, "content"),
        dest_code=_text(obj, "dest_code"),
        sign_name=_text(obj, "sign_name"),
        sent_at=beijing(obj.get("send_time")),
        sequence_id=_sequence(obj.get("sequence_id")),
    )


def beijing(value: object) -> datetime | None:
    """`2026-01-01 10:00:00` in Beijing time as aware UTC; it decides nothing.

    None where it is absent, malformed or outside 2000–2100: days before the year 1 cannot even be counted.
    """
    return _beijing(value) if isinstance(value, str) and len(value) == 19 else None


@lru_cache(maxsize=4096)  # a thousand receipts name a few seconds
def _beijing(value: str) -> datetime | None:
    try:
        # China has kept +08:00 without summer time since 1992.
        moment = datetime.fromisoformat(value + "+08:00")
    except (ValueError, OverflowError):
        return None
    return moment.astimezone(UTC) if 2000 <= moment.year <= 2100 else None


def _required(obj: Mapping[str, Any], name: str) -> str:
    value = _text(obj, name)
    if not value:
        raise Unreadable(f"no {name}")
    return value


def _text(obj: Mapping[str, Any], name: str) -> str:
    value = obj.get(name)
    if value.__class__ is str and value.isascii() and "\x00" not in value:
        return value  # nearly all of them
    if value is None:
        return ""
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unreadable(f"{name} is not text: {value!r:.40}")
        return str(value)
    if value.isascii():
        return value if "\x00" not in value else value.replace("\x00", "")
    # No database takes a NUL or half a surrogate pair, both of which JSON can carry.
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _count(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value < 1000 else None
    if isinstance(value, str) and len(value) <= 3 and value.isascii() and value.isdigit():
        return int(value)
    return None


def _sequence(value: object) -> str:
    """One spelling for an id that arrives as text, number or Double (1.23E9)."""
    if value is None or isinstance(value, bool):
        return ""
    text = str(value).strip()
    if text.isdigit():
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    whole = number.is_finite() and number.adjusted() < 30 and number == number.to_integral_value()
    return str(int(number)) if whole else text
