"""What the provider accepted, so that a test can hold "handed over" against "recorded"."""

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from standins.answers import dumps
from standins.templates import Template

FIRST_BIZ = 900000000000000000


class Call:
    """One accepted call, kept compactly: two million numbers must fit. ``params`` is the JSON as it was sent.

    ``sign`` is one name, or a list beside ``phones``; ``segments`` is one figure for all, or a byte for each.
    """

    __slots__ = ("seq", "uid", "out_id", "at", "sign", "template", "phones", "segments", "params", "fates", "due")

    def __init__(self, uid: str, out_id: str, at: float, sign: str | list[str], template: Template,
                 phones: list[str], segments: int | bytes, params: str) -> None:
        self.seq = 0
        self.uid, self.out_id, self.at, self.sign, self.template = uid, out_id, at, sign, template
        # One Chinese character makes a whole str two bytes wide; as UTF-8 the variables take half the room.
        self.phones, self.segments, self.params = phones, segments, params.encode()
        self.fates: dict[int, str] = {}
        self.due: float | None = None

    @property
    def biz_id(self) -> str:
        """Aliyun's number for the call, the same for all of its recipients."""
        return f"{FIRST_BIZ + self.seq}^0"

    def size(self, place: int) -> int:
        """Segments of the recipient at this place."""
        return self.segments if isinstance(self.segments, int) else self.segments[place]

    def sizes(self) -> list[int]:
        """Segments of every recipient."""
        return [self.segments] * len(self.phones) if isinstance(self.segments, int) else list(self.segments)

    def sign_at(self, place: int) -> str:
        """The signature the recipient at this place sees."""
        return self.sign if isinstance(self.sign, str) else self.sign[place]

    def values(self, place: int) -> dict[str, str]:
        """The variables of the recipient at this place."""
        params = json.loads(self.params) if self.params else {}
        return params[place] if isinstance(params, list) else params

    def text(self, place: int) -> str:
        """What the recipient at this place reads."""
        return f"【{self.sign_at(place)}】{self.template.render(self.values(place))}"

    def view(self) -> dict[str, Any]:
        """One line of the journal."""
        return {"out_id": self.out_id, "biz_id": self.biz_id, "at": self.at, "sign": self.sign,
                "template": self.template.code, "phones": self.phones, "segments": self.sizes()}


class Journal:
    """All accepted calls since the last reset, oldest first."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.numbers = 0
        self.segments = 0
        # A house that outlives this process must not meet a number of it again in the next.
        self._offset = time.time_ns() // 1000

    def write(self, call: Call) -> None:
        """Enter a call and give it its number."""
        call.seq = self._offset + len(self.calls)
        self.calls.append(call)
        self.numbers += len(call.phones)
        self.segments += call.segments * len(call.phones) if isinstance(call.segments, int) else sum(call.segments)

    def clear(self) -> None:
        """Forget everything; numbers of calls are never given twice."""
        self._offset += len(self.calls)
        self.calls, self.numbers, self.segments = [], 0, 0

    def find(self, biz_id: str) -> Call | None:
        """The call with this BizId."""
        digits = biz_id.partition("^")[0]
        place = int(digits) - FIRST_BIZ - self._offset if digits.isdigit() else -1
        return self.calls[place] if 0 <= place < len(self.calls) else None

    def lines(self) -> Iterator[bytes]:
        """The journal as lines of JSON."""
        for call in self.calls:
            yield dumps(call.view()) + b"\n"

    def summary(self) -> dict[str, Any]:
        """Calls, numbers, and every number that was accepted more than once, with the calls it stood in.

        ``repeated_texts`` are those that got one and the same text more than once.
        """
        times = Counter(phone for call in self.calls for phone in call.phones)
        repeated: dict[str, list[dict[str, Any]]] = {phone: [] for phone, count in times.items() if count > 1}
        if repeated:
            for call in self.calls:
                for place, phone in enumerate(call.phones):
                    if phone in repeated:
                        text = hashlib.sha256(call.text(place).encode()).hexdigest()[:16]
                        repeated[phone].append({"out_id": call.out_id, "biz_id": call.biz_id, "at": call.at,
                                                "template": call.template.code, "text": text})
        texts = Counter((phone, one["text"]) for phone, ones in repeated.items() for one in ones)
        return {"calls": len(self.calls), "numbers": self.numbers, "distinct": len(times), "segments": self.segments,
                "out_ids": len({call.out_id for call in self.calls}),
                "repeated_in_a_call": sum(len(call.phones) != len(set(call.phones)) for call in self.calls),
                "repeated": [{"phone": phone, "times": ones} for phone, ones in repeated.items()],
                "repeated_texts": [{"phone": phone, "text": text, "times": count}
                                   for (phone, text), count in texts.items() if count > 1]}
