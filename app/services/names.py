"""What a page of narrow rows needs to be read by people: names for a handful of ids, one statement each."""

from __future__ import annotations

from collections.abc import Set

from sqlalchemy import select

from app.models.batches import Chunk
from app.models.customers import Customer
from app.services.work import current_session


def tasks_of(chunk_ids: Set[int]) -> dict[int, int]:
    """chunk → batch."""
    rows = current_session().execute(select(Chunk.id, Chunk.batch_id).where(Chunk.id.in_(chunk_ids)))
    return {row[0]: row[1] for row in rows}


def customers_of(ids: Set[int]) -> dict[int, str]:
    """customer → name."""
    rows = current_session().execute(select(Customer.id, Customer.name).where(Customer.id.in_(ids)))
    return {row[0]: row[1] for row in rows}
