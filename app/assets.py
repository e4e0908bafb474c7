"""Static files under addresses that change with their content, kept by browsers for a year; and smaller answers.

`url_for("static", filename=…)` gives an address with the content's own mark; asked for by it, a file may be kept for
ever, asked for without it, it is looked up each time. Each is read and compressed once in a process.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import mimetypes
import os
import secrets
import stat
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, abort, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.security import safe_join

YEAR = 365 * 24 * 3600
WORTH_IT = 1000  # bytes; below this a compressed answer is no smaller on the wire
_SMALLER = ("text/", "application/javascript", "application/json", "image/svg+xml")


@dataclass(frozen=True)
class Asset:
    content: bytes
    packed: bytes | None  # gzip, where that is smaller
    mark: str
    kind: str


class Sessions(SecureCookieSessionInterface):
    """A file is the same for everybody: its answer neither sets nor depends on a cookie."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)


def install(app: Flask) -> None:
    app.session_interface = Sessions()
    shelf: dict[str, tuple[float, Asset]] = {}

    def find(filename: str) -> Asset | None:
        path = safe_join(app.static_folder or "", filename)
        try:
            if path is None or "\0" in filename:
                return None
            changed = _changed(path)
        except (OSError, ValueError):
            return None
        known = shelf.get(filename)
        if known is None or known[0] != changed:
            known = shelf[filename] = (changed, _read(path))
        return known[1]

    def send(filename: str) -> Response:
        asset = find(filename)
        return _answer(asset, filename) if asset else abort(404)

    def mark(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "v" not in values:
            asset = find(values.get("filename", ""))
            if asset is not None:
                values["v"] = asset.mark

    app.view_functions["static"] = send
    app.url_defaults(mark)
    app.after_request(_pack)


def _changed(path: str) -> float:
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError("no file")
    return found.st_mtime


def _read(path: str) -> Asset:
    with open(path, "rb") as file:
        content = file.read()
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    kind = "text/javascript" if kind == "application/javascript" else kind
    packed = gzip.compress(content, 9, mtime=0) if kind.startswith(_SMALLER) and len(content) > WORTH_IT else None
    return Asset(content, packed, hashlib.sha256(content).hexdigest()[:16], kind)


def _answer(asset: Asset, filename: str) -> Response:
    packed = asset.packed is not None and "gzip" in request.accept_encodings
    answer = Response(asset.packed if packed else asset.content, mimetype=asset.kind)
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    if asset.packed is not None:
        answer.vary.add("Accept-Encoding")
    # Fonts are named by a stylesheet, with the library's version in their address.
    named = request.args.get("v") == asset.mark or (filename.startswith("vendor/") and "/fonts/" in filename)
    if named:
        answer.cache_control.public, answer.cache_control.max_age = True, YEAR
        answer.cache_control.immutable = True
    else:
        answer.cache_control.no_cache = True
    answer.set_etag(f"{asset.mark}-{'gzip' if packed else 'plain'}")
    answer.make_conditional(request)
    return answer


def _pack(answer: Response) -> Response:
    """A page as gzip. A name of random length in it hides how well the page was compressed, from which somebody who
    can put words into it could otherwise guess the form's token (BREACH; the mend is that of "Heal the BREACH")."""
    if (
        answer.status_code != 200
        or answer.is_streamed
        or answer.direct_passthrough
        or "Content-Encoding" in answer.headers
        or answer.mimetype not in ("text/html", "application/json", "text/css")
        or "gzip" not in request.accept_encodings
    ):
        return answer
    content = answer.get_data()
    if len(content) > WORTH_IT:
        out = io.BytesIO()
        name = secrets.token_hex(secrets.randbelow(50) + 1)
        with gzip.GzipFile(name, "wb", 5, out, mtime=0) as packed:
            packed.write(content)
        answer.set_data(out.getvalue())
        answer.headers["Content-Encoding"] = "gzip"
        answer.vary.add("Accept-Encoding")
    return answer
