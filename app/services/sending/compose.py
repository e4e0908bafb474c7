"""From a file to rows that can be sent: stored in slices while the batch is PREPARING, so that half a file is never
sent (point 1)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.audience import SLICE, sift
from app.domain.columns import lay_out
from app.domain.errors import N_, Refused
from app.domain.message_types import MessageType
from app.domain.placeholders import Wording
from app.domain.sheets import Row
from app.models.approvals import Signature, Template
from app.models.batches import Batch
from app.models.customers import Customer, Member
from app.models.states import BATCH_MOVES, BatchOrigin, BatchState, Lane
from app.models.types import utc_now
from app.services.blacklist import blocked_for
from app.services.sending.discard import discard_rows
from app.services.sending.idempotency import known_batch
from app.services.sending.reading import rows_of
from app.services.sending.store import RowStore
from app.services.site import site_settings
from app.services.work import current_session, unit_of_work

B = BatchState
_SLICE_ON_SQLITE = 1_000
_FEW = 10  # recipients up to which a batch counts as a single send, or as verification codes


@dataclass(frozen=True)
class Order:
    """What a submission says besides its recipients."""

    customer_id: int
    signature_id: int
    template_id: int
    by: str
    member_id: int | None = None
    origin: BatchOrigin = BatchOrigin.CONSOLE
    subject: str = ""
    variables: Mapping[str, str] | None = None  # one text for all, with these values
    idempotency_key: str | None = None
    body_hash: str = ""


def compose_file(order: Order, path: str | os.PathLike[str], *, filename: str = "", now: datetime | None = None) -> int:
    """Store every row of a txt, csv, xls or xlsx file and return the batch's id; the batch is CHECKED then.

    A row is a message or is listed with its line and reason. Raises `Refused` for an order or a file that cannot be
    read; the batch is REFUSED then and its rows are thrown away.
    """
    now = now or utc_now()
    batch_id, known = _open(order, now)
    if known:
        return batch_id
    most = site_settings(current_session()).max_recipients
    try:
        rows = rows_of(path, filename=filename or os.path.basename(path), max_rows=most + 1)  # a header is one more
        _store(batch_id, rows, order, most)
        _finish(batch_id)
    except Refused as refusal:
        _refuse(batch_id)
        if refusal.code == "sheet_rows":  # the reader was told one more than the limit
            raise _too_many(most) from refusal
        raise
    return batch_id


def _open(order: Order, now: datetime) -> tuple[int, bool]:
    """A batch in state PREPARING, with copies of what will be sent; or the one that this very request made before."""
    with unit_of_work() as session:
        known = known_batch(session, order.customer_id, order.idempotency_key, order.body_hash, now=now)
        if known is not None:
            return known, True
        customer, signature, template = _parts(session, order)
        batch = Batch(
            customer_id=customer.id,
            member_id=order.member_id,
            by=order.by,
            signature_id=signature.id,
            template_id=template.id,
            kind=template.kind,
            origin=order.origin,
            sign_name=signature.name,
            template_code=template.code or "",
            content=template.content,
            subject=(order.subject or template.content)[: 60 if order.subject else 20],
            personal=order.variables is None and bool(Wording(template.content).names),
            variables=json.dumps(dict(order.variables), ensure_ascii=False) if order.variables else None,
            charge_on=customer.charge_on,
            charge_expired=customer.charge_expired,
            idempotency_key=order.idempotency_key,
            body_hash=order.body_hash,
            created_at=now,
        )
        session.add(batch)
        session.flush()
        return batch.id, False


def _parts(session: Session, order: Order) -> tuple[Customer, Signature, Template]:
    customer = session.get(Customer, order.customer_id)
    signature = session.get(Signature, order.signature_id)
    template = session.get(Template, order.template_id)
    if customer is None:
        raise Refused("customer", N_("This customer does not exist."))
    if signature is None or signature.customer_id != customer.id:
        raise Refused("signature", N_("This signature does not exist."))
    if template is None or template.customer_id != customer.id:
        raise Refused("template", N_("This template does not exist."))
    if order.member_id is not None:
        member = session.get(Member, order.member_id)
        if member is None or member.customer_id != customer.id:
            raise Refused("member", N_("This member account does not exist."))
    return customer, signature, template


def _store(batch_id: int, rows: Iterator[Row], order: Order, most: int) -> None:
    batch = current_session().scalars(select(Batch).where(Batch.id == batch_id)).one()
    wording = Wording(batch.content)
    plan, _, body = lay_out(rows, wording.names if batch.personal else ())
    store = RowStore(batch_id, batch.customer_id, batch.personal)
    slices = sift(
        body,
        wording=wording,
        signature=batch.sign_name,
        plan=plan,
        personal=batch.personal,
        blocked=blocked_for(batch.customer_id),
        shared=order.variables,
        slice_size=_slice_size(),
    )
    for part in slices:
        store.add(part)
        if store.rows > most:
            raise _too_many(most)
    store.close()


def _slice_size() -> int:
    """SQLite has one writer: a verification code that comes in meanwhile waits for a slice at each of its steps."""
    return _SLICE_ON_SQLITE if current_session().get_bind().dialect.name == "sqlite" else SLICE


def _too_many(most: int) -> Refused:
    return Refused("sheet_rows", N_("The file has more than %(limit)s rows. Split it and send the parts."), limit=most)


def _finish(batch_id: int) -> None:
    """All rows are stored: CHECKED. Few recipients travel on the fast lanes."""
    with unit_of_work() as session:
        batch = session.scalars(select(Batch).where(Batch.id == batch_id).with_for_update()).one()
        if batch.state is B.CANCELLED:  # after the last row was stored
            raise Refused("cancelled", N_("The batch was cancelled while its file was being read."))
        BATCH_MOVES.check(batch.state, B.CHECKED)
        batch.state = B.CHECKED
        if batch.good <= _FEW:
            batch.lane = Lane.CODE if batch.kind is MessageType.VERIFICATION else Lane.SINGLE


def _refuse(batch_id: int) -> None:
    with unit_of_work() as session:
        values: dict[str, Any] = {"state": B.REFUSED, "ended_at": utc_now(), "idempotency_key": None}
        session.execute(update(Batch).where(Batch.id == batch_id, Batch.state == B.PREPARING).values(values))
    discard_rows(batch_id)
