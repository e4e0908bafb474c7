"""What a list or a page shows of a row: one `Column` a cell, and how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute

Writer = Callable[[Any], Any]  # a row in, text or Markup out; plain text is escaped by the template


@dataclass(frozen=True)
class Column:
    """One cell of a row. `write` gives its text, `sub` a second, smaller line; `order` is an indexed column or nothing.

    `css` is "num", "money", "id" or "code" as the mocks have it; `link` makes the cell the way to the row's page.
    """

    name: str
    label: Any
    write: Writer | None = None
    sub: Writer | None = None
    css: str = ""
    order: InstrumentedAttribute[Any] | None = None
    link: bool = False

    def text(self, row: Any) -> Any:
        value = self.write(row) if self.write else getattr(row, self.name, "")
        return "" if value is None else value
