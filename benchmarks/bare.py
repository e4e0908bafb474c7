"""The limits: the same work in bare loops, with the drivers and no framework, into the same tables.

Nothing is promised here that the product promises: no counters, no holds, no second look at anything.
"""

from __future__ import annotations

import csv
import itertools
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook
from sqlalchemy.engine import make_url

from benchmarks.grounds import PERSONAL, SIGNATURE, connect_plainly

SLICE = 5_000
_is_mobile = re.compile(r"1[3-9][0-9]{9}").fullmatch
_chunk_ids = itertools.count(10_000_000)  # of chunks that do not exist, past all that do
_COLUMNS = "customer_id, chunk_id, line, phone, variables, segments, state"
_Row = tuple[int, int, int, str, str | None, int, str]


class Bare:
    """A plain connection to either database."""

    def __init__(self, url: str) -> None:
        self.sqlite = url.startswith("sqlite")
        if self.sqlite:
            self.connection: Any = sqlite3.connect(make_url(url).database or "", timeout=30, isolation_level=None,
                                                   check_same_thread=False)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-32000"):
                self.connection.execute(f"PRAGMA {pragma}")
        else:
            self.connection = connect_plainly(url)
            self.connection.execute("SET enable_seqscan = off")  # middle-sized tables would be read whole each time
            self.connection.commit()

    def begin(self) -> None:
        if self.sqlite:
            self.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.connection.commit()

    def run(self, statement: str, *values: Any) -> Any:
        return self.connection.execute(statement if self.sqlite else statement.replace("?", "%s"), values)

    def analyse(self) -> None:
        """What autovacuum does on a server in its own time."""
        self.connection.execute("ANALYZE")
        self.commit()

    def close(self) -> None:
        self.connection.close()

    def store(self, rows: list[_Row]) -> None:
        self.begin()
        if self.sqlite:
            self.connection.executemany(f"INSERT INTO messages ({_COLUMNS}) VALUES (?,?,?,?,?,?,?)", rows)
        else:
            with self.connection.cursor() as cursor, cursor.copy(f"COPY messages ({_COLUMNS}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        self.commit()


def queue_file(url: str, path: str, personal: bool) -> None:
    """Read, check, de-duplicate, render and count, store: the bare limit of file → queued."""
    bare = Bare(url)
    found = _sifted(_read(path), personal)
    while part := list(itertools.islice(found, SLICE)):
        bare.store(part)
    bare.close()


def _read(path: str) -> Iterator[list[Any]]:
    if path.endswith(".xlsx"):
        yield from itertools.islice(CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows(), 1, None)
        return
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        if path.endswith(".csv"):
            next(rows)
        yield from rows


def _sifted(rows: Iterable[list[Any]], personal: bool) -> Iterator[_Row]:
    pieces = re.split(r"\$\{\w+\}", PERSONAL[1])
    around = len(SIGNATURE) + 2
    size = 100 if personal else 1000
    seen: set[str] = set()
    chunk_id = next(_chunk_ids)
    for line, row in enumerate(rows, 2):
        raw = row[0]
        phone = str(int(raw)) if raw.__class__ is float else raw
        if not _is_mobile(phone) or phone in seen:
            continue
        seen.add(phone)
        variables = None
        if personal:
            text = f"{pieces[0]}{row[1]}{pieces[1]}{row[2]}{pieces[2]}"
            length = around + len(text)
            variables = json.dumps((row[1], row[2]), ensure_ascii=False)
        else:
            length = 30
        if len(seen) % size == 0:
            chunk_id = next(_chunk_ids)
        yield 1, chunk_id, line, phone, variables, 1 if length <= 70 else -(-length // 67), "queued"


_MARK = "UPDATE messages SET state = 'delivered', code = 'DELIVERED', reported_at = CURRENT_TIMESTAMP WHERE "
_MARK_MANY = (
    "UPDATE messages SET state = 'delivered', code = 'DELIVERED', reported_at = now() "
    "FROM unnest(%s::bigint[], %s::text[]) AS v(chunk, phone) "
    "WHERE messages.chunk_id = v.chunk AND messages.phone = v.phone AND messages.state = 'accepted'"
)


def mark(url: str, keys: list[tuple[int, str]]) -> None:
    """Receipts by (call, phone), a thousand in a transaction: the bare limit of receipts."""
    bare = Bare(url)
    for start in range(0, len(keys), 1000):
        part = keys[start : start + 1000]
        bare.begin()
        if bare.sqlite:
            bare.connection.executemany(f"{_MARK} chunk_id = ? AND phone = ? AND state = 'accepted'", part)
        else:
            bare.connection.execute(_MARK_MANY, ([key[0] for key in part], [key[1] for key in part]))
        bare.commit()
    bare.close()


def unmark(url: str) -> None:
    """Undo `mark`, so that the books balance again."""
    bare = Bare(url)
    bare.begin()
    bare.run("UPDATE messages SET state = 'accepted', code = NULL, reported_at = NULL WHERE state = 'delivered'")
    bare.commit()
    bare.close()
