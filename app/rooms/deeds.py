"""What can be done to a row besides editing it: a word on a button, a question or a small form, a named service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.domain.roles import Role


def always(_row: Any) -> bool:
    return True


@dataclass(frozen=True)
class Deed:
    """One act on one row, and on many at once where `bulk` says so.

    `service(id, by=…, **what the form holds)` does it and raises `Refused`; `may` are the roles that hold its right,
    `can_<name>`, the room's doers where it is None. `fits(row)` tells whether it makes sense now: only the button
    hangs on it, the service decides. `asks(row)` is the sentence of the question: what will stop or be lost.
    """

    name: str
    label: Any
    service: Callable[..., Any]
    form: type[Any] | None = None
    title: Callable[[Any], Any] | None = None
    asks: Callable[[Any], Any] | None = None
    done: Any = ""
    fits: Callable[[Any], bool] = always
    may: frozenset[Role] | None = None
    bulk: bool = False
    danger: bool = False
    primary: bool = False
    row: bool = False  # also a word in each line of the list

    @property
    def right(self) -> str:
        return f"can_{self.name}"
