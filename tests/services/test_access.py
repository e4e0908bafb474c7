"""own(): every model that a customer may read is tied to a customer, and nothing else is read."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.models.approvals import Signature, Template
from app.models.audit import AuditEntry
from app.models.batches import Batch, Chunk
from app.models.customers import Customer, Member
from app.models.messages import Message
from app.models.packages import Grant, Hold, LedgerEntry
from app.services.access import own
from tests.samples import Samples, phones


@pytest.mark.parametrize("model", [
    Customer, Member, Signature, Template, Batch, Chunk, Message, Grant, Hold, LedgerEntry])
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


def tied() -> set[type]:
    """Every model with a customer in it, or with a path of foreign keys to one."""
    models = {mapper.local_table: mapper.class_ for mapper in db.Model.registry.mappers}
    found = {Customer} | {model for table, model in models.items() if "customer_id" in table.columns}
    while more := {
        model for table, model in models.items() if model not in found
        and any(models.get(key.column.table) in found for key in table.foreign_keys)
    }:
        found |= more
    return found


def test_whatever_is_a_customers_can_be_asked_for(app: Flask) -> None:
    """A model that is added later and tied to a customer is told of here, not by a page that cannot be opened."""
    assert len(tied()) >= 19
    for model in tied():
        statement = own(select(model), model, 1)
        assert statement.whereclause is not None
        assert db.session.execute(statement).all() == [], model.__name__


def test_whatever_is_no_customers_cannot(app: Flask) -> None:
    for mapper in db.Model.registry.mappers:
        if mapper.class_ not in tied():
            with pytest.raises(LookupError):
                own(select(mapper.class_), mapper.class_, 1)
