"""The words and figures as templates write them."""

from __future__ import annotations

from typing import cast

from flask import Flask, g
from flask_babel import get_locale

from app.rooms import words
from app.services.site import Looks, looks


def install(app: Flask) -> None:
    for name in ("count", "money", "moment", "clock", "phone"):
        app.jinja_env.filters[name] = getattr(words, name)
    app.jinja_env.globals.update(
        locale=get_locale, brand=brand, badge=words.badge, word_of=words.word_of, tag=words.tag)


def brand() -> Looks:
    """How the house looks, read once a request."""
    if "looks" not in g:
        g.looks = looks()
    return cast(Looks, g.looks)
