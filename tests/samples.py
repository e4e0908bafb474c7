"""Customers, grants and batches for tests, and a provider that does as it is told."""

from __future__ import annotations

import itertools
import json
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from app.domain.message_types import MessageType
from app.extensions import db
from app.gateways.sms import SendDetail
from app.models.customers import ChargeOn, Customer, Member
from app.models.inbox import RawKind
from app.models.packages import Grant
from app.models.states import Lane
from app.services import access_keys, approvals, customers, grants
from app.services.sending import dispatch
from app.services.sending.arrivals import store_arrivals
from app.services.sending.claim import Claim, NotNow, claim_chunk
from app.services.sending.compose import Order, compose_file
from app.services.sending.receipts import apply_receipts
from app.services.sending.submit import submit_batch
from app.services.work import unit_of_work

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
FAR = date(2099, 12, 31)
_numbers = itertools.count(1)


@dataclass
class FakeCall:
    signature: str
    template_code: str
    phones: list[str]
    variables: Any
    out_id: str


@dataclass
class FakeProvider:
    """Accepts everything unless `answer` says otherwise: a function of the call that returns a biz_id or raises."""

    answer: Callable[[FakeCall], str] | None = None
    calls: list[FakeCall] = field(default_factory=list)
    known: Callable[[str, str], bool] = lambda phone, out_id: False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(
        self,
        *,
        signature: str,
        template_code: str,
        phones: Sequence[str],
        variables: Sequence[Mapping[str, str]] | Mapping[str, str] | None,
        out_id: str,
    ) -> str:
        call = FakeCall(signature, template_code, list(phones), variables, out_id)
        with self.lock:
            self.calls.append(call)
        return self.answer(call) if self.answer else f"biz-{out_id}"

    def find(self, *, phone: str, day: date, out_id: str) -> SendDetail | None:
        if not self.known(phone, out_id):
            return None
        return SendDetail(phone, out_id, None, "", None, None)


def rows(*but: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, except of those named: two of these tell whether anything changed between them."""
    left_out = {"audit_entries", *but}
    with db.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
            for table in db.metadata.sorted_tables if table.name not in left_out
        }


def claim_one(now: datetime, lanes: Sequence[Lane] = tuple(Lane)) -> Claim | None:
    """The next call to be made, None where there is none."""
    while isinstance(claim := claim_chunk(lanes, worker="test", now=now), NotNow):
        if not claim.look_again:
            return None
    return claim


def send_one(now: datetime, lanes: Sequence[Lane] = tuple(Lane)) -> Claim | None:
    """One whole turn at a moment of the test's choosing."""
    claim = claim_one(now, lanes)
    if claim is not None:
        dispatch.record_answer(claim, dispatch._call(claim), now=now)
    return claim


def send_all(now: datetime, most: int = 1000) -> int:
    """Turns until nothing is due; returns how many calls were made."""
    for count in range(most):
        if send_one(now) is None:
            return count
    raise AssertionError(f"more than {most} calls")


def phones(count: int, start: int = 13_800_000_000) -> list[str]:
    return [str(start + index) for index in range(count)]


class Samples:
    """Makers; each needs an application's context."""

    def access_key(self, **more: Any) -> Any:
        return access_keys.save_access_key(key="standin-key", secret="standin-secret", by="test", **more)

    def customer(
        self,
        *,
        segments: int = 0,
        kind: MessageType = MessageType.GENERAL,
        until: date = FAR,
        charge_on: ChargeOn = ChargeOn.SUCCESS,
        **more: Any,
    ) -> Customer:
        customer = customers.open_customer(name=f"客户 {next(_numbers)}", by="test", charge_on=charge_on, **more)
        if segments:
            self.grant(customer.id, segments, kind=kind, until=until)
        return customer

    def grant(
        self, customer_id: int, size: int, *, kind: MessageType = MessageType.GENERAL, until: date = FAR
    ) -> Grant:
        return grants.assign_grant(
            customer_id, kind=kind, size=size, valid_until=until, reason="test", by="test", now=NOON
        )

    def wording(
        self,
        customer_id: int,
        *,
        content: str = "您的订单已发货，请留意查收。",
        code: str = "SMS_100003",
        kind: MessageType = MessageType.NOTICE,
    ) -> tuple[int, int]:
        """Ids of an approved signature and template."""
        signature = approvals.assign_signature(customer_id, name="云顶云", by="test")
        template = approvals.assign_template(customer_id, code=code, name="样例", content=content, kind=kind, by="test")
        return signature.id, template.id

    def member(self, customer_id: int, **more: Any) -> int:
        """The id of a further member of a customer."""
        with unit_of_work() as session:
            member = Member(customer_id=customer_id, name=f"成员 {next(_numbers)}", **more)
            session.add(member)
            session.flush()
        return member.id

    def file(self, text: str) -> Path:
        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf-8") as file:
            file.write(text)
        return Path(file.name)

    def batch(
        self,
        customer_id: int,
        numbers: Sequence[str],
        *,
        submit: bool = True,
        now: datetime | None = None,
        member_id: int | None = None,
        **wording: Any,
    ) -> int:
        """A batch of one text for all to these numbers, submitted unless told otherwise."""
        signature_id, template_id = self.wording(customer_id, **wording)
        order = Order(
            customer_id=customer_id, signature_id=signature_id, template_id=template_id, by="test", member_id=member_id
        )
        path = self.file("\n".join(numbers))
        batch_id = compose_file(order, path, now=now)
        path.unlink()
        if submit:
            submit_batch(batch_id, by="test", now=now)
        return batch_id

    def receipt(
        self, call: FakeCall, phone: str, *, delivered: bool = True, segments: int = 1, biz_id: str = "", code: str = ""
    ) -> dict[str, Any]:
        return {
            "phone_number": phone,
            "send_time": "2026-11-20 12:00:00",
            "report_time": "2026-11-20 12:00:03",
            "success": delivered,
            "err_code": code or ("DELIVERED" if delivered else "MK:0001"),
            "err_msg": "",
            "sms_size": str(segments),
            "biz_id": biz_id or f"biz-{call.out_id}",
            "out_id": call.out_id,
        }

    def arrive(self, receipts: Sequence[Mapping[str, Any]]) -> None:
        store_arrivals(RawKind.RECEIPT, [json.dumps(list(receipts))], source="push")

    def report(self, *calls: FakeCall, delivered: bool = True, now: datetime | None = None, **more: Any) -> None:
        """Receipts for every number of these calls, stored and applied."""
        self.arrive([self.receipt(call, phone, delivered=delivered, **more) for call in calls for phone in call.phones])
        while apply_receipts(now=now):
            pass
