"""Upload of papers: the policy that allows it, and the address that takes the file by a form post."""

import base64
import binascii
import hmac
import json
import time
from typing import Any

from aiohttp import web

from standins.accounts import AccessKey
from standins.answers import Refusal, request_id, required
from standins.sign_actions import ok
from standins.world import World

SECONDS = 1800
LARGEST = 5 << 20
SUFFIXES = (".jpg", ".jpeg", ".png", ".gif")


def get_qualification_oss_info(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Where to put the papers of a qualification or a letter."""
    required(fields, "BizType")
    if fields["BizType"] != "dysms":
        raise Refusal("isv.INVALID_PARAMETERS", "业务类型不正确")
    data = _permit(world, key, "qualification")
    return ok(Success=True, Data=data | {"Expire": int(time.time()) + SECONDS})


def get_oss_info_for_upload_file(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Where to put further material for a signature or template."""
    data = _permit(world, key, fields.get("BizType", "fcMediaSms"))
    return ok(Success=True, Model=data | {"ExpireTime": str(int(time.time()) + SECONDS)})


def get_sms_ocr_oss_info(world: World, key: AccessKey, fields: dict[str, str]) -> dict[str, Any]:
    """Where to put a picture that is to be read by machine."""
    data = _permit(world, key, "ocr")
    return ok(Success=True, Model=data | {"Bucket": "standin", "ExpireTime": str(int(time.time()) + SECONDS)})


def _permit(world: World, key: AccessKey, folder: str) -> dict[str, Any]:
    start = f"{key.account.uid}/{folder}/"
    expiration = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + SECONDS))
    policy = base64.b64encode(json.dumps({"expiration": expiration, "conditions": [
        ["content-length-range", 0, LARGEST], ["starts-with", "$key", start]]}).encode()).decode()
    return {"AccessKeyId": key.id, "Policy": policy, "Signature": _sign(key.secret, policy),
            "Host": f"{world.base_url}/upload", "StartPath": start}


def _sign(secret: str, policy: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), policy.encode(), "sha1")).decode()


async def answer(world: World, request: web.BaseRequest) -> web.Response:
    """Take a file (POST, multipart, ``file`` last), or give it back (GET)."""
    if request.method == "GET":
        stored = world.uploads.get(request.path.removeprefix("/upload/"))
        return web.Response(body=stored) if stored is not None else _no(404, "NoSuchKey")
    try:
        form = await request.post()
        file = form["file"]
        name, policy, key_id = str(form["key"]), str(form["policy"]), str(form["OSSAccessKeyId"])
        key = world.accounts.keys.get(key_id)
        if key is None or not hmac.compare_digest(_sign(key.secret, policy), str(form["signature"])):
            return _no(403, "SignatureDoesNotMatch")
        rules = json.loads(base64.b64decode(policy))
    except (KeyError, ValueError, binascii.Error):
        return _no(400, "InvalidArgument")
    body = file.file.read() if isinstance(file, web.FileField) else str(file).encode()
    if rules["expiration"] < time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()):
        return _no(403, "AccessDenied")
    if not name.startswith(rules["conditions"][1][2]) or not name.isascii() or not name.lower().endswith(SUFFIXES):
        return _no(403, "AccessDenied")
    if not 0 < len(body) <= LARGEST:
        return _no(400, "EntityTooLarge")
    world.uploads[name] = body
    status = str(form.get("success_action_status", "204"))
    return web.Response(status=int(status) if status in ("200", "201") else 204)


def _no(status: int, code: str) -> web.Response:
    return web.Response(status=status, content_type="application/xml", text=(
        f"<Error><Code>{code}</Code><Message>{code}</Message><RequestId>{request_id()}</RequestId></Error>"))
