"""Is the process alive, and could it serve: asked by whatever keeps it running."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.services.health import WELL, readiness

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers; nothing else is asked, so that a lost database never gets it killed."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    parts = readiness()
    is_ready = all(state == WELL for state in parts.values())
    return jsonify(ready=is_ready, **parts), 200 if is_ready else 503
