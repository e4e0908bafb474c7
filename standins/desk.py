"""The control desk: what a test, the demo or a benchmark may tell the stand-ins and ask of them."""

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from standins import qualifications, reviews
from standins.answers import dumps
from standins.signs import Sign, shanghai
from standins.templates import Template
from standins.world import World

_sequence = itertools.count(1234567890)


async def answer(world: World, request: web.BaseRequest) -> web.StreamResponse:
    """One request to ``/control/…``; what is asked wrongly is answered with 400 and a sentence."""
    name = request.path.removeprefix("/control/")
    if request.method == "GET" and name == "journal":
        return await _stream(world, request)
    try:
        if request.method == "GET":
            return _json(_ASK[name](world))
        given = json.loads(await request.read() or b"{}")
        return _json(tell(world, name, given))
    except KeyError as missing:
        return _json({"error": f"no such name: {missing}"}, 404 if name not in (_ASK | _TELL) else 400)
    except (ValueError, TypeError) as wrong:
        return _json({"error": str(wrong)}, 400)


def tell(world: World, name: str, given: dict[str, Any]) -> Any:
    """Carry out one instruction. Raises KeyError, ValueError or TypeError for what is asked wrongly."""
    return _TELL[name](world, given)


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=dumps(value), content_type="application/json")


async def _stream(world: World, request: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    lines = world.journal.lines()
    while part := b"".join(itertools.islice(lines, 500)):
        await response.write(part)
    await response.write_eof()
    return response


def _behave(world: World, given: dict[str, Any]) -> Any:
    world.behaviour.merge(given)
    return world.behaviour.view()


def _add_account(world: World, given: dict[str, Any]) -> Any:
    world.accounts.add(**given)
    return world.accounts.view()


def _seed_sign(world: World, given: dict[str, Any]) -> Any:
    account = world.account(given.pop("uid", None))
    sign = Sign(**({"status": 1} | given))
    account.signs[sign.name] = sign
    return {"name": sign.name, "dest_code": sign.dest_code}


def _seed_template(world: World, given: dict[str, Any]) -> Any:
    account = world.account(given.pop("uid", None))
    template = Template(**({"kind": 1, "name": given["code"], "status": 1} | given))
    account.templates[template.code] = template
    return {"code": template.code, "variables": list(template.names)}


def _reply(world: World, given: dict[str, Any]) -> Any:
    account = world.account(given.get("uid"))
    code = given.get("dest_code")
    if code is None:
        name = given.get("sign_name", "云顶云")
        code = (account.signs.get(name) or Sign(name)).dest_code
    number = next(_sequence)
    sequence = {"string": str(number), "number": number, "double": float(number)}[world.behaviour.sequence_id]
    item = {"phone_number": given["phone"], "content": given["content"], "send_time": shanghai(time.time()),
            "dest_code": code, "sequence_id": sequence}
    for _ in range(given.get("times", 1)):
        world.tell(account.uid, "SmsUp", item)
    return item


def _foreign(world: World, given: dict[str, Any]) -> Any:
    """Receipts for messages nobody handed over here, or the very items a test has made up itself."""
    now = shanghai(time.time())
    items = given.get("items") or [
        {"phone_number": f"139{place:08d}", "send_time": now, "report_time": now, "success": True,
         "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "1", "biz_id": f"7{place:017d}^0",
         "out_id": f"stranger-{place}"} for place in range(given.get("count", 1))]
    for item in items:
        world.tell(world.account(given.get("uid")).uid, given.get("kind", "SmsReport"), item)
    return {"items": len(items)}


def _unreadable(world: World, given: dict[str, Any]) -> Any:
    body = str(given.get("body", '{"phone_number": "1390000')).encode()
    queue = world.queues.of(world.account(given.get("uid")).uid, given.get("kind", "SmsReport"))
    count = given.get("count", 1)
    if world.behaviour.receipts_mode == "push":
        world.reports.feed([body] * count)
    else:
        queue.feed([body] * count)
    return {"items": count}


def _review(world: World, given: dict[str, Any]) -> Any:
    """Decide by hand on what is under review: name a sign_name, a template_code or a qualification_id."""
    account = world.account(given.get("uid"))
    approve, reason = bool(given["approve"]), given.get("reason", world.behaviour.review_reason)
    if "qualification_id" in given:
        qualifications.decide(account, int(given["qualification_id"]), approve, reason)
    elif "sign_name" in given:
        reviews.decide(world, account, account.signs[given["sign_name"]], approve, reason)
    else:
        reviews.decide(world, account, account.templates[given["template_code"]], approve, reason)
    return {"reviewed": True}


def _reset(world: World, given: dict[str, Any]) -> Any:
    world.reset(bool(given.get("everything")))
    return {"reset": True}


_ASK: dict[str, Callable[[World], Any]] = {
    "ready": lambda world: {"ready": True, "base_url": world.base_url},
    "behaviour": lambda world: world.behaviour.view(),
    "accounts": lambda world: world.accounts.view(),
    "journal/summary": lambda world: world.summary(),
    "counters": lambda world: dict(world.counters),
    "queues": lambda world: {name: queue.view() for name, queue in world.queues.by_name.items()},
    "uploads": lambda world: {name: len(body) for name, body in world.uploads.items()},
}
_TELL: dict[str, Callable[[World, dict[str, Any]], Any]] = {
    "behaviour": _behave, "accounts": _add_account, "signatures": _seed_sign, "templates": _seed_template,
    "reply": _reply, "foreign": _foreign, "unreadable": _unreadable, "reset": _reset, "review": _review,
    "tokens/expire": lambda world, given: {"expired": world.tokens.expire()},
}
