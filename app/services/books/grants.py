"""Rules 1, 2 and 6: what grants and caps say is what was entered and held."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, or_, select

from app.models.batches import Batch
from app.models.packages import Cap, EntryKind, Grant, Hold, LedgerEntry
from app.services.books.breach import Breach, sum_of

K = EntryKind


def grants_within_bounds(connection: Connection) -> Iterator[Breach]:
    """Rule 1."""
    rows = connection.execute(
        select(Grant.id, Grant.size, Grant.used, Grant.held, Grant.lapsed).where(
            or_(Grant.used < 0, Grant.held < 0, Grant.lapsed < 0, Grant.used + Grant.held + Grant.lapsed > Grant.size)
        )
    )
    for row in rows:
        found = f"size {row.size}, used {row.used}, held {row.held}, lapsed {row.lapsed}"
        yield Breach(1, f"grant {row.id}", "0 ≤ used, held, lapsed and their sum ≤ size", found)


def grants_equal_entries(connection: Connection) -> Iterator[Breach]:
    """Rule 2: each figure of a grant is the sum of its entries."""
    entries = (
        select(
            LedgerEntry.grant_id,
            sum_of((K.PURCHASE, 1), (K.ASSIGNMENT, 1), (K.ADJUSTMENT, 1), (K.REFUND, -1)).label("size"),
            sum_of((K.SETTLE, 1)).label("used"),
            sum_of((K.HOLD, 1), (K.SETTLE, -1), (K.RELEASE, -1)).label("held"),
            sum_of((K.EXPIRY, 1), (K.VOID, 1)).label("lapsed"),
        )
        .group_by(LedgerEntry.grant_id)
        .subquery()
    )
    figures = ("size", "used", "held", "lapsed")
    query = select(
        Grant.id,
        *(getattr(Grant, name).label(name) for name in figures),
        *(func.coalesce(entries.c[name], 0).label(f"{name}_entered") for name in figures),
    )
    for row in connection.execute(query.outerjoin(entries, entries.c.grant_id == Grant.id)):
        for name in figures:
            found, entered = getattr(row, name), getattr(row, f"{name}_entered")
            if found != entered:
                yield Breach(2, f"grant {row.id}, {name}", f"{entered} by its entries", str(found))


def caps(connection: Connection) -> Iterator[Breach]:
    """Rule 6: a cap's figures are what its member's batches hold and have used."""
    held = func.coalesce(func.sum(Hold.held - Hold.settled - Hold.released), 0)
    used = func.coalesce(func.sum(Hold.settled), 0)
    query = (
        select(Cap.id, Cap.held, Cap.used, held.label("holds"), used.label("settled"))
        .outerjoin(Batch, (Batch.member_id == Cap.member_id) & (Batch.kind == Cap.kind))
        .outerjoin(Hold, Hold.batch_id == Batch.id)
        .group_by(Cap.id, Cap.held, Cap.used)
    )
    for row in connection.execute(query):
        if (row.held, row.used) != (row.holds, row.settled):
            yield Breach(
                6,
                f"cap {row.id}",
                f"held {row.holds}, used {row.settled} by its batches",
                f"held {row.held}, used {row.used}",
            )
