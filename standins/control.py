"""A small synchronous client of the control desk, for tests, the demo and benchmarks."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

# Proxies of the environment are none of our business: the desk is on this machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Control:
    """Talks to the stand-ins at ``base_url``. Every method raises ValueError with the desk's sentence on a mistake."""

    def __init__(self, base_url: str, timeout: float = 30) -> None:
        self.base_url = base_url.rstrip("/")
        self.endpoint = self.base_url.partition("://")[2]
        self._timeout = timeout

    def ask(self, name: str) -> Any:
        """GET ``/control/<name>``."""
        return self._call(name, None)

    def tell(self, desk_name: str, /, **given: Any) -> Any:
        """POST ``/control/<desk_name>`` with a JSON object."""
        return self._call(desk_name, given)

    def wait_ready(self, seconds: float = 10) -> None:
        """Wait until the stand-ins answer. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self.ask("ready")
                return
            except OSError:
                time.sleep(0.02)
        raise TimeoutError(f"no stand-ins at {self.base_url}")

    def set(self, **behaviour: Any) -> dict[str, Any]:
        """Merge settings of the behaviour; see standins/behaviour.py for the names."""
        return dict(self.tell("behaviour", **behaviour))

    def behaviour(self) -> dict[str, Any]:
        """The behaviour as it is."""
        return dict(self.ask("behaviour"))

    def reset(self, everything: bool = False) -> None:
        """Empty journal, queues, counters and frequencies, and behave well; ``everything`` forgets accounts too."""
        self.tell("reset", everything=everything)

    def add_account(self, access_key_id: str, secret: str, uid: str, **more: Any) -> None:
        """Add or replace a key; more: sms_right, money (in segments), bare (no built-in approvals)."""
        self.tell("accounts", access_key_id=access_key_id, secret=secret, uid=uid, **more)

    def add_signature(self, name: str, **more: Any) -> dict[str, Any]:
        """Seed an approved signature; more: kind (0 验证码, 1 通用), status, uid."""
        return dict(self.tell("signatures", name=name, **more))

    def add_template(self, code: str, content: str, kind: int = 1, **more: Any) -> dict[str, Any]:
        """Seed an approved template; kind 0 验证码, 1 通知, 2 推广, 3 国际; more: name, status, uid."""
        return dict(self.tell("templates", code=code, content=content, kind=kind, **more))

    def reply(self, phone: str, content: str, **more: Any) -> dict[str, Any]:
        """Let a number write back; more: sign_name or dest_code, times, uid. Returns what is delivered."""
        return dict(self.tell("reply", phone=phone, content=content, **more))

    def foreign(self, count: int = 1, **more: Any) -> None:
        """Deliver receipts of strangers; more: items (made-up bodies), kind, uid."""
        self.tell("foreign", count=count, **more)

    def unreadable(self, count: int = 1, **more: Any) -> None:
        """Deliver reports that cannot be read; more: body, kind, uid."""
        self.tell("unreadable", count=count, **more)

    def expire_tokens(self) -> None:
        """Let all queue tokens given out so far run out."""
        self.tell("tokens/expire")

    def review(self, approve: bool, **which: Any) -> None:
        """Decide on what is under review; which: sign_name, template_code or qualification_id, reason, uid."""
        self.tell("review", approve=approve, **which)

    def counters(self) -> dict[str, int]:
        """How often each action was called and each refusal was given."""
        return dict(self.ask("counters"))

    def journal_summary(self) -> dict[str, Any]:
        """Calls, numbers, repeated numbers, counters, receipts and queues."""
        return dict(self.ask("journal/summary"))

    def journal(self) -> Iterator[dict[str, Any]]:
        """Each accepted call, oldest first: out_id, biz_id, at, sign, template, phones, segments."""
        with _opener.open(f"{self.base_url}/control/journal?format=ndjson", timeout=self._timeout) as lines:
            for line in lines:
                yield json.loads(line)

    def _call(self, name: str, given: dict[str, Any] | None) -> Any:
        data = None if given is None else json.dumps(given).encode()
        try:
            with _opener.open(f"{self.base_url}/control/{name}", data, self._timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            raise ValueError(json.load(refused)["error"]) from None
