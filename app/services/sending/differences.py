"""What the provider says and our books do not: gathered in a unit, stored once, alarmed (point 5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.models.inbox import Difference, DifferenceKind
from app.models.types import storable
from app.services.notices import raise_notice
from app.services.work import insert_into

_ALARMED = (DifferenceKind.AFTER_FINAL, DifferenceKind.SEGMENTS, DifferenceKind.UNREADABLE)


class Differences:
    """The differences of one unit of work. The same one again is one row."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(
        self, kind: DifferenceKind, raw_id: int, out_id: str, phone: str, detail: str, *, message_id: int | None = None
    ) -> None:
        self.rows.append(
            {
                "kind": kind,
                "raw_receipt_id": raw_id,
                "out_id": storable(out_id)[:256],
                "phone": storable(phone)[:32],
                "detail": storable(detail)[:200],
                "message_id": message_id,
            }
        )

    def store(self, session: Session, *, now: datetime) -> None:
        if not self.rows:
            return
        rows = [row | {"created_at": now} for row in self.rows]
        session.execute(insert_into(session, Difference).on_conflict_do_nothing(), rows)
        for kind in sorted({row["kind"] for row in self.rows if row["kind"] in _ALARMED}):
            example = next(row for row in self.rows if row["kind"] is kind)
            raise_notice(session, f"difference-{kind.value}", "difference", example["detail"], now=now)
