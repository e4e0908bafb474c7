"""The queue service over HTTP: receive with long poll, delete, batch delete, change of visibility."""

import base64
import hashlib
import re
import time
from urllib.parse import parse_qsl

from aiohttp import web

from standins.answers import QueueFault, request_id
from standins.queues import Message, Queue
from standins.world import World

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_SPACE = 'xmlns="http://mns.aliyuncs.com/doc/v1/"'
_PATH = re.compile(r"/queues/([^/]+)/messages")
_HANDLE = re.compile(rb"<ReceiptHandle>([^<]+)</ReceiptHandle>")
LONGEST_WAIT = 30
MOST = 16


async def answer(world: World, request: web.BaseRequest) -> web.Response:
    """One request to a queue, checked and carried out."""
    body = await request.read() if request.body_exists else b""
    path, _, query = request.raw_path.partition("?")
    try:
        found = _PATH.fullmatch(path)
        if found is None:
            raise QueueFault(404, "QueueNotExist", "The queue name you provided does not exist.")
        world.tokens.check(request.method, request.raw_path, request.headers, body, found[1], time.time())
        queue = world.queue(found[1])
        options = {name.lower(): value for name, value in parse_qsl(query)}
        world.counters[f"Mns{request.method.title()}"] += 1
        status, xml = await _act(world, queue, request.method, options, body)
    except QueueFault as fault:
        if fault.code != "MessageNotExist":
            world.counters[fault.code] += 1
        status, xml = fault.status, fault.body()
    return web.Response(status=status, body=xml or None, headers={"x-mns-request-id": request_id()},
                        content_type="text/xml")


async def _act(world: World, queue: Queue, method: str, options: dict[str, str], body: bytes) -> tuple[int, bytes]:
    now = time.time()
    if method == "GET":
        return 200, await _receive(world, queue, options)
    if method == "DELETE":
        return _delete(queue, options, body, now)
    if method == "PUT" and "receipthandle" in options:
        seconds = _number(options, "visibilitytimeout", 30, 1, 43200)
        message = queue.change_visibility(options["receipthandle"], seconds, now)
        if message is None:
            raise QueueFault(404, "MessageNotExist", "Message not exist.")
        return 200, (f"{_HEAD}<ChangeVisibility {_SPACE}><ReceiptHandle>{message.handle}</ReceiptHandle>"
                     f"<NextVisibleTime>{message.visible_at * 1000:.0f}</NextVisibleTime></ChangeVisibility>").encode()
    raise QueueFault(403, "AccessDenied", "The token allows to receive and delete only.")


async def _receive(world: World, queue: Queue, options: dict[str, str]) -> bytes:
    most = _number(options, "numofmessages", 1, 1, MOST)
    wait = _number(options, "waitseconds", 0, 0, LONGEST_WAIT)
    messages = await queue.wait(most, world.behaviour.visibility_seconds, wait)
    if not messages:
        raise QueueFault(404, "MessageNotExist", "Message not exist.")
    if "numofmessages" in options:
        return f"{_HEAD}<Messages {_SPACE}>{''.join(map(_xml, messages))}</Messages>".encode()
    return (_HEAD + _xml(messages[0]).replace("<Message>", f"<Message {_SPACE}>", 1)).encode()


def _xml(message: Message) -> str:
    body = base64.b64encode(message.body)
    return (f"<Message><MessageId>{message.id}</MessageId><ReceiptHandle>{message.handle}</ReceiptHandle>"
            f"<MessageBodyMD5>{hashlib.md5(body).hexdigest().upper()}</MessageBodyMD5>"
            f"<MessageBody>{body.decode()}</MessageBody><EnqueueTime>{message.enqueued * 1000:.0f}</EnqueueTime>"
            f"<NextVisibleTime>{message.visible_at * 1000:.0f}</NextVisibleTime>"
            f"<FirstDequeueTime>{message.first * 1000:.0f}</FirstDequeueTime>"
            f"<DequeueCount>{message.count}</DequeueCount><Priority>8</Priority></Message>")


def _delete(queue: Queue, options: dict[str, str], body: bytes, now: float) -> tuple[int, bytes]:
    if "receipthandle" in options:
        if not queue.delete(options["receipthandle"], now):
            raise QueueFault(404, "MessageNotExist", "Message not exist.")
        return 204, b""
    handles = [handle.decode() for handle in _HANDLE.findall(body)]
    if not 1 <= len(handles) <= MOST:
        raise QueueFault(400, "InvalidArgument", "Between 1 and 16 receipt handles are expected.")
    stale = [handle for handle in handles if not queue.delete(handle, now)]
    if not stale:
        return 204, b""
    errors = "".join(f"<Error><ErrorCode>MessageNotExist</ErrorCode><ErrorMessage>Message not exist.</ErrorMessage>"
                     f"<ReceiptHandle>{handle}</ReceiptHandle></Error>" for handle in stale)
    return 404, f"{_HEAD}<Errors {_SPACE}>{errors}</Errors>".encode()


def _number(options: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    text = options.get(name, str(default))
    if not text.isdigit() or not least <= int(text) <= most:
        raise QueueFault(400, "InvalidArgument", f"The value of {name} must be between {least} and {most}.")
    return int(text)
