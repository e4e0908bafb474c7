"""Which gateway speaks to a provider, one object for each access key, shared by the threads of the process."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import current_app

from app.gateways.aliyun import AliyunQueue, AliyunSms
from app.gateways.sms import Credentials, ReceiptQueue, SmsProvider

_lock = threading.Lock()
_known: dict[Credentials, SmsProvider] = {}


def provider_for(credentials: Credentials) -> SmsProvider:
    """The gateway of these credentials. An application may name its own maker in SMS_PROVIDER."""
    maker: Callable[[Credentials], SmsProvider] | None = current_app.config.get("SMS_PROVIDER")
    if maker is not None:
        return maker(credentials)
    with _lock:
        if credentials not in _known:
            _known[credentials] = AliyunSms(
                credentials,
                connect_timeout=current_app.config["PROVIDER_CONNECT_TIMEOUT"],
                read_timeout=current_app.config["PROVIDER_READ_TIMEOUT"],
            )
        return _known[credentials]


def queue_for(credentials: Credentials, name: str) -> ReceiptQueue:
    """A reader of one queue, for one thread."""
    return AliyunQueue(credentials, queue_name=name)
