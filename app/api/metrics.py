"""Figures for Prometheus, for this machine or the bearer of METRICS_TOKEN; to anybody else there is no such page."""

from __future__ import annotations

import hmac
from ipaddress import IPv6Address, ip_address

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from app.services.metrics import registry

# A proxy on this machine makes every visitor look local. What it says about them is never believed, only that it is
# there: whoever came through one is not this machine.
PROXIED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def read() -> Response:
    if not (_bears_token() or _is_local()):
        abort(404)
    try:
        return Response(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)
    except SQLAlchemyError:
        return Response("the database does not answer\n", 503, mimetype="text/plain")


def _bears_token() -> bool:
    token: str = current_app.config["METRICS_TOKEN"]
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and kind.lower() == "bearer" and hmac.compare_digest(token.encode(), given.strip().encode())


def _is_local() -> bool:
    if any(name in request.headers for name in PROXIED):
        return False
    try:
        address = ip_address(request.environ.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None  # ::ffff:127.0.0.1 on a socket for both
    return (mapped or address).is_loopback
