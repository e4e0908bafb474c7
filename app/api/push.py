"""Where Aliyun pushes receipts and replies: JSON arrays over HTTP, answered within 700 ms (upstream.md, HTTP push).

Nothing signs a push, so the address holds a secret. All that is done before the answer is storing the body.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import csrf
from app.models.inbox import RawKind
from app.services.sending.arrivals import store_arrivals
from app.services.sending.pushes import key_of_push

LARGEST = 5 * 1024 * 1024  # bytes; an array of a thousand receipts is a twentieth of this
TAKEN = '{"code":0,"msg":"接收成功"}'
NOT_STORED = '{"code":1,"msg":"暂时无法接收"}'

blueprint = Blueprint("push", __name__)
csrf.exempt(blueprint)


@blueprint.post("/push/<secret>/receipts")
def take_receipts(secret: str) -> Response:
    return _take(RawKind.RECEIPT, secret)


@blueprint.post("/push/<secret>/replies")
def take_replies(secret: str) -> Response:
    return _take(RawKind.REPLY, secret)


@blueprint.errorhandler(SQLAlchemyError)
def not_stored(_error: SQLAlchemyError) -> Response:
    """Aliyun tries again after a minute, so that a database that is away loses nothing."""
    return _answer(NOT_STORED, 503)


def _take(kind: RawKind, secret: str) -> Response:
    key_id = key_of_push(secret)
    if key_id is None:
        abort(404)
    request.max_content_length = LARGEST
    # What is not UTF-8 is kept readable to a person; it is stored as it is and marked.
    body = request.get_data(cache=False).decode("utf-8", "backslashreplace")
    store_arrivals(kind, [body], source="push", access_key_id=key_id)
    return _answer(TAKEN)


def _answer(text: str, status: int = 200) -> Response:
    return Response(text, status, mimetype="application/json")
