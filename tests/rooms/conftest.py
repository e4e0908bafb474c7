"""The fixtures of the views: an application with an administrator, and browsers."""

from __future__ import annotations

from tests.views.conftest import admin, nobody, web

__all__ = ["admin", "nobody", "web"]
