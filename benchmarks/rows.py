"""The rows of the table, by group, in the order in which they are printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import dispatch, files, house, lists, push, receipts, start
from benchmarks.measure import Figure

GROUPS: dict[str, Callable[[bool], Iterator[Figure]]] = {
    "files": files.figures,
    "large": files.large_figures,
    "dispatch": dispatch.figures,
    "receipts": receipts.figures,
    "push": push.figures,
    "memory": house.memory_figures,
    "codes": house.code_figures,
    "lists": lists.figures,
    "start": start.figures,
}
