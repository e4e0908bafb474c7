"""own(): every model that a customer may read is tied to a customer, and nothing else is read."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models.audit import AuditEntry
from app.models.batches import Batch, Chunk
from app.models.customers import Customer
from app.models.messages import Message
from app.models.packages import Grant, LedgerEntry
from app.services.access import own
from tests.samples import Samples, phones


@pytest.mark.parametrize("model", [Customer, Batch, Chunk, Message, Grant, LedgerEntry])
def test_only_ones_own(any_app: Flask, samples: Samples, model: type) -> None:
    samples.access_key()
    sides = [samples.customer(segments=100) for _ in range(2)]
    for side in sides:
        samples.batch(side.id, phones(5), code=f"SMS_{side.id}")
    found = [{row.id for row in db.session.scalars(own(select(model), model, side.id))} for side in sides]
    assert found[0] and found[1] and not found[0] & found[1]
    assert found[0] | found[1] == {row.id for row in db.session.scalars(select(model))}


def test_what_is_tied_to_nobody_is_not_read(app: Flask) -> None:
    with pytest.raises(LookupError):
        own(select(AuditEntry), AuditEntry, 1)
