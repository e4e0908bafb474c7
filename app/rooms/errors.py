"""Answers to what goes wrong, in the face of the house and in the reader's language."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

_log = logging.getLogger(__name__)

# code: what happened, and what to do about it
SAID: dict[int, tuple[Any, Any]] = {
    400: (_l("This cannot be read"), _l("The address or the form is not complete. Go back and try once more.")),
    403: (_l("This is not yours to do"), _l("Your role does not have the right to this. Ask an administrator.")),
    404: (_l("There is nothing here"), _l("The address is wrong, or what was here is gone, or it is not yours.")),
    405: (_l("Not in this way"), _l("This address is only used by a button. Go back and press it.")),
    413: (_l("The file is too large"), _l("Choose a smaller file. The page you came from says how large it may be.")),
    429: (_l("Too many tries"), _l("Wait a little and try again.")),
    500: (_l("Something went wrong on our side"), _l("It has been written down. Nothing half-done was kept. "
                                                     "Try again; if it stays, tell us the number below.")),
}
EXPIRED = (_l("This page was open for too long"), _l("Nothing was done. Go back, load the page anew and try again."))


def install(app: Flask) -> None:
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)


def _expired(error: CSRFError) -> Response:
    return _answer(400, *EXPIRED)


def _http(error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.response)
    code = error.code or 500
    if code < 400:
        return make_response(error.get_response())
    title, advice = SAID.get(code, SAID[500 if code >= 500 else 400])
    answer = _answer(code, title, advice)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            answer.headers[name] = value  # Allow, Retry-After
    return answer


def _broken(error: Exception) -> Response:
    number = secrets.token_hex(4)
    _log.error("error %s at %s %s", number, request.method, request.path, exc_info=error)
    return _answer(InternalServerError.code, *SAID[500], number=number)


def _answer(code: int, title: Any, advice: Any, number: str = "") -> Response:
    """A page that asks nothing of the database; a program gets the same as JSON."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    if request.path.startswith("/api") or best == "application/json":
        answer = jsonify({"code": code, "message": str(title), "advice": str(advice), "number": number})
    else:
        answer = make_response(render_template("error.html", code=code, title=title, advice=advice, number=number))
    answer.status_code = code
    answer.headers["Cache-Control"] = "no-store"
    return answer
