"""A line with everything handed over and nothing come back yet, and the receipts for it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from app.domain.clock import shanghai_day
from app.domain.message_types import MessageType
from app.models.batches import Batch
from app.models.customers import ChargeOn
from app.models.states import BatchOrigin, BatchState, MessageState
from app.models.types import utc_now
from app.services.ledger import hold_for
from app.services.sending.figures import Changes, Terms
from app.services.work import unit_of_work
from benchmarks import bare, grounds

A_CALL = 1000
FIRST_PHONE = 13_000_000_000
_MIXED = 20  # calls whose receipts come mixed, as carriers answer


def lay_out(url: str, messages: int) -> int:
    """One batch of `messages`, all ACCEPTED, in calls of 1000, with books that balance; returns its id."""
    with grounds.application(url):
        batch_id = _batch(grounds.furnish(), messages)
    plain = bare.Bare(url)
    plain.begin()
    for chunk in range(1, messages // A_CALL + 1):
        plain.run(
            "INSERT INTO chunks (id, batch_id, state, lane, size, tries, asked, sent_again, handed_at, handed_on, "
            "code, message) VALUES (?, ?, 'accepted', 2, ?, 1, 0, ?, CURRENT_TIMESTAMP, ?, '', '')",
            chunk, batch_id, A_CALL, False, str(shanghai_day(utc_now())),
        )
        plain.run(
            "INSERT INTO attempts (chunk_id, access_key_id, out_id, biz_id, state, code, message, worker, started_at) "
            "VALUES (?, 1, ?, ?, 'accepted', '', '', '', CURRENT_TIMESTAMP)", chunk, f"out-{chunk}", f"biz-{chunk}",
        )
    plain.commit()
    for first in range(0, messages, bare.SLICE):
        plain.store([
            (1, index // A_CALL + 1, index + 1, str(FIRST_PHONE + index), None, 1, "accepted")
            for index in range(first, min(first + bare.SLICE, messages))
        ])
    plain.analyse()
    plain.close()
    return batch_id


def _batch(ground: grounds.Ground, messages: int) -> int:
    now = utc_now()
    with unit_of_work() as session:
        batch = Batch(
            customer_id=ground.customer_id, by="bench", signature_id=ground.signature_id, template_id=ground.alike_id,
            kind=MessageType.NOTICE, origin=BatchOrigin.COMMAND, sign_name=grounds.SIGNATURE,
            template_code=grounds.ALIKE[0], content=grounds.ALIKE[1], personal=False, state=BatchState.SENDING,
            good=messages, queued=messages, segments=messages, submitted_at=now, started_at=now,
        )
        session.add(batch)
        session.flush()
        hold_for(session, batch, messages, day=shanghai_day(now), by="bench", now=now)
        changes = Changes()
        changes.move(batch.id, Terms(ChargeOn.SUCCESS, False), MessageState.QUEUED, MessageState.ACCEPTED,
                     messages=messages, segments=messages, day=shanghai_day(now))
        changes.apply(session, by="bench", now=now)
    return int(batch.id)


def keys(first_call: int, count: int) -> list[tuple[int, str]]:
    """(call, phone) of `count` messages from a call on, mixed within 20 calls."""
    found: list[tuple[int, str]] = []
    chance = random.Random(1)
    for start in range(first_call, first_call + count // A_CALL, _MIXED):
        part = [
            (call, str(FIRST_PHONE + (call - 1) * A_CALL + place))
            for call in range(start, min(start + _MIXED, first_call + count // A_CALL))
            for place in range(A_CALL)
        ]
        chance.shuffle(part)
        found += part
    return found


def arrays(of: list[tuple[int, str]], size: int) -> Iterator[str]:
    """Their receipts as Aliyun writes them, `size` in an array; one in fifty failed."""
    for start in range(0, len(of), size):
        yield json.dumps([_receipt(call, phone) for call, phone in of[start : start + size]], ensure_ascii=False)


def _receipt(call: int, phone: str) -> dict[str, object]:
    failed = phone.endswith("50")
    return {
        "phone_number": phone, "send_time": "2026-11-20 12:00:00", "report_time": "2026-11-20 12:00:03",
        "success": not failed, "err_code": "MK:0001" if failed else "DELIVERED", "err_msg": "用户接收成功",
        "sms_size": "1", "biz_id": f"biz-{call}", "out_id": f"out-{call}",
    }
