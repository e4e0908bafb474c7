"""The server: one port, told apart by path and by the x-acs-action header."""

import asyncio
import time
from typing import Any

from aiohttp import web

from standins import desk, mns, uploads
from standins.actions import ACTIONS, SENDS
from standins.answers import Fault, Refusal, dumps, request_id
from standins.forms import parse
from standins.journal import Call
from standins.signing import check
from standins.world import World

VERSION = "2017-05-25"
LONGEST_LINE = 1 << 18
LARGEST_BODY = 1 << 24


class Dropped(Exception):
    """The connection is to be broken without an answer."""


async def gateway(world: World, request: web.BaseRequest) -> web.Response:
    """One signed call of an action."""
    body = await request.read() if request.body_exists else b""
    action = request.headers.get("x-acs-action", "")
    known = action in SENDS or action in ACTIONS
    if known:
        world.counters[action] += 1
    try:
        now = time.time()
        key = check(request.method, request.raw_path, request.headers, body, world.accounts, world.nonces, now)
        if not known:
            raise Fault(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
        if request.headers["x-acs-version"] != VERSION:
            raise Fault(400, "InvalidVersion", "Specified parameter Version is not valid.")
        fields = parse(request.raw_path.partition("?")[2].encode())
        if body:
            fields |= parse(body)
        if action in world.behaviour.trouble_actions:
            _trouble(world, now)
        if not key.sms_right:
            raise Refusal("isp.RAM_PERMISSION_DENY", "RAM权限不足")
        if action in SENDS:
            return await _send(world, SENDS[action](world, key, fields, now), now)
        return _answer(200, dumps(ACTIONS[action](world, key, fields)))
    except Fault as fault:
        world.counters[fault.code] += 1
        await _linger(world, action)
        return _answer(fault.status, fault.body(), fault.headers)
    except Refusal as refusal:
        world.counters[refusal.code] += 1
        await _linger(world, action)
        return _answer(200, refusal.body())
    except Dropped:
        world.counters["dropped"] += 1
        if request.transport is not None:
            request.transport.abort()
        return _answer(500, b"")


def _answer(status: int, body: bytes, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=body, headers=headers, content_type="application/json")


async def _linger(world: World, action: str) -> None:
    if world.behaviour.latency_ms and action in world.behaviour.trouble_actions:
        await asyncio.sleep(world.behaviour.latency())


def _trouble(world: World, now: float) -> None:
    """What can go wrong before a call is taken."""
    rules = world.behaviour
    if rules.hits(rules.drop_connection):
        raise Dropped
    if rules.hits(rules.http_5xx):
        raise Fault(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
    if world.too_many(now) or rules.hits(rules.throttle):
        raise Fault(rules.throttle_status, "Throttling.User", "Request was denied due to user flow control.",
                    {"x-acs-retry-after": str(rules.retry_after_ms)})


async def _send(world: World, call: Call, now: float) -> web.Response:
    """Accept a call, and answer it, or not, as the behaviour says; its receipts follow either way."""
    rules = world.behaviour
    world.accept(call)
    latency = rules.latency()
    world.receipts.schedule(call, 0 if rules.receipts_early else now + latency + rules.receipt_delay())
    if rules.hits(rules.accept_then_silent):
        world.counters["silent"] += 1
        await asyncio.sleep(3600)
    if latency:
        await asyncio.sleep(latency)
    if rules.hits(rules.http_5xx_after_accept):
        raise Fault(500, "InternalError", "The request processing has failed due to some unknown error.")
    return _answer(200, dumps({"RequestId": request_id(), "Code": "OK", "Message": "OK", "BizId": call.biz_id}))


async def start(world: World, host: str, port: int) -> web.ServerRunner:
    """Listen; the port really taken is in ``world.base_url`` afterwards."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path == "/" and request.method == "POST":
            return await gateway(world, request)
        if path.startswith("/queues/"):
            return await mns.answer(world, request)
        if path.startswith("/control/"):
            return await desk.answer(world, request)
        if path.startswith("/upload"):
            return await uploads.answer(world, request)
        return _answer(404, Fault(404, "InvalidAction.NotFound", "Nothing is here.").body())

    def make(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        loop = asyncio.get_running_loop()
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY)

    # A cancelled handler frees what waits for a client that has gone: long polls, and calls never to be answered.
    server = web.Server(handle, request_factory=make, handler_cancellation=True, access_log=None,
                        max_line_size=LONGEST_LINE, keepalive_timeout=75)
    runner = web.ServerRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=1024, shutdown_timeout=0.2)
    await site.start()
    taken = runner.addresses[0][1]
    world.base_url = f"http://{host}:{taken}"
    return runner
