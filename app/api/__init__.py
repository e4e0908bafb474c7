"""The doors for programs."""

from __future__ import annotations

from flask import Flask

from app.api import health, metrics, push


def register(app: Flask) -> None:
    for module in (push, health, metrics):
        app.register_blueprint(module.blueprint)
