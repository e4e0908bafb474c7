"""How figures and moments are written on a page."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from flask_babel import get_locale

from app.domain.clock import in_shanghai


def install(app: Flask) -> None:
    app.jinja_env.filters["count"] = count
    app.jinja_env.filters["moment"] = moment
    app.jinja_env.filters["clock"] = clock
    app.jinja_env.globals["locale"] = get_locale


def count(number: int) -> str:
    """9812 as 9,812."""
    return f"{number:,}"


def moment(value: datetime) -> str:
    """Shanghai time as 2026-11-20 16:03."""
    return f"{in_shanghai(value):%Y-%m-%d %H:%M}"


def clock(value: datetime) -> str:
    """Shanghai time of the day as 16:03:12."""
    return f"{in_shanghai(value):%H:%M:%S}"
