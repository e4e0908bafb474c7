"""Receipts: made from the journal when they are due, one timer for all of them."""

import asyncio
import heapq
import json
import time
from collections.abc import Iterator

from standins.behaviour import Behaviour
from standins.journal import Call
from standins.push import Pusher
from standins.queues import Queues
from standins.signs import shanghai

KINDS = ("SmsReport", "SmsUp", "SignSmsReport", "TemplateSmsReport")
REASONS = {"DELIVERED": "用户接收成功", "MK:0001": "空号", "MOBILE_NOT_ON_SERVICE": "停机或空号",
           "MOBILE_IN_BLACK": "手机号在黑名单", "MOBILE_SEND_LIMIT": "单日对同一手机号发送超限",
           "CONTENT_KEYWORD": "内容含关键字"}


class Receipts:
    """Waits for calls to fall due, then hands their receipts to the queue or to the pusher."""

    def __init__(self, behaviour: Behaviour, queues: Queues, pusher: Pusher) -> None:
        self.created = 0
        self._behaviour, self._queues, self._pusher = behaviour, queues, pusher
        self._heap: list[tuple[float, int, Call]] = []
        self._timer: asyncio.TimerHandle | None = None

    def schedule(self, call: Call, due: float) -> None:
        """Let the receipts of a call be there at ``due`` (seconds since 1970), at once when that is past."""
        call.due = due
        if not self._behaviour.receipts:
            return
        if due <= time.time():
            self._deliver(call)
            return
        heapq.heappush(self._heap, (due, call.seq, call))
        if self._heap[0][2] is call:
            self._arm()

    def clear(self) -> None:
        """Forget what is still to come."""
        self.created = 0
        self._heap.clear()

    def view(self) -> dict[str, int]:
        """Counters: ``waiting_calls`` are not due yet; receipts count as created when they are first asked for."""
        return {"waiting_calls": len(self._heap), "created": self.created}

    def _arm(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._heap:
            delay = max(0.0, self._heap[0][0] - time.time())
            self._timer = asyncio.get_running_loop().call_later(delay, self._due)

    def _due(self) -> None:
        now = time.time()
        while self._heap and self._heap[0][0] <= now:
            self._deliver(heapq.heappop(self._heap)[2])
        self._timer = None
        self._arm()

    def _deliver(self, call: Call) -> None:
        bodies = self._bodies(call)
        queue = self._queues.of(call.uid, "SmsReport")
        if self._behaviour.receipts_mode == "push":
            self._pusher.feed(bodies)
        elif self._behaviour.receipts_shuffled:
            queue.feed_shuffled(bodies, self._behaviour.chance)
        else:
            queue.feed(bodies)

    def _bodies(self, call: Call) -> Iterator[bytes]:
        """The receipts of one call, some lost and some twice as the behaviour says at the moment they are made."""
        rules = self._behaviour
        head = f'","send_time":"{shanghai(call.at)}","report_time":"{shanghai(call.due or call.at)}","success":'
        tail = f'","biz_id":"{call.biz_id}"' + (f',"out_id":{json.dumps(call.out_id)}' if call.out_id else "") + "}"
        delivered = 'true,"err_code":"DELIVERED","err_msg":"用户接收成功","sms_size":"'
        doubles = []
        for place, phone in enumerate(call.phones):
            if rules.receipts_lost and rules.hits(rules.receipts_lost):
                continue
            outcome = delivered
            if call.fates and place in call.fates:
                code = call.fates[place]
                reason = REASONS.get(code, "发送失败")
                outcome = f'false,"err_code":{json.dumps(code)},"err_msg":"{reason}","sms_size":"'
            body = f'{{"phone_number":"{phone}{head}{outcome}{call.size(place)}{tail}'.encode()
            if rules.receipts_doubled and rules.hits(rules.receipts_doubled):
                doubles.append(body)
            self.created += 1
            yield body
        self.created += len(doubles)
        yield from doubles
