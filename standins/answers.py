"""The three ways in which the provider says no, and the ids it gives to each answer."""

import itertools
import json
import os
from typing import Any

_prefix = os.urandom(4).hex().upper()
_counter = itertools.count(1)


def request_id() -> str:
    """A new id in the shape of Aliyun's, unique in this process; cheaper than a random UUID for each answer."""
    return f"{_prefix}-0000-5000-8000-{next(_counter):012X}"


def dumps(answer: Any) -> bytes:
    """JSON as the provider writes it: UTF-8 with Chinese characters as they are."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


class Fault(Exception):
    """An HTTP-level refusal by the gateway in front of the product: signature, clock, parameters, throttling."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.headers = status, code, message, headers

    def body(self) -> bytes:
        """The JSON the SDKs turn into a ClientException or a ServerException."""
        return dumps({"RequestId": request_id(), "HostId": "dysmsapi.aliyuncs.com", "Code": self.code,
                      "Message": self.message, "Recommend": ""})


class Refusal(Exception):
    """A refusal by the product itself: HTTP 200 with a Code other than OK."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message

    def body(self) -> bytes:
        """The JSON the SDKs return as an ordinary response."""
        return dumps({"RequestId": request_id(), "Code": self.code, "Message": self.message})


class QueueFault(Exception):
    """A refusal by the queue service, which speaks XML."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message

    def body(self) -> bytes:
        """The XML the MNS SDK turns into an MNSServerException."""
        return (f'<?xml version="1.0" encoding="utf-8"?><Error xmlns="http://mns.aliyuncs.com/doc/v1/">'
                f"<Code>{self.code}</Code><Message>{self.message}</Message><RequestId>{request_id()}</RequestId>"
                f"<HostId>http://mns.cn-hangzhou.aliyuncs.com</HostId></Error>").encode()


def required(fields: dict[str, str], *names: str) -> None:
    """Refuse a request that lacks a required parameter (``Missing<Field>``, HTTP 400), as the gateway does."""
    for name in names:
        if not fields.get(name):
            raise Fault(400, f"Missing{name}", f"{name} is mandatory for this action.")
