"""txt, csv, xls, xlsx → rows, lazily; what a file is, is told by its content and never by its name."""

from __future__ import annotations

import datetime
import itertools
import mmap
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from app.domain.archives import broken, check_archive, member_names
from app.domain.columns import ColumnPlan, Header, lay_out, plan_columns, split_header
from app.domain.errors import N_, Refused
from app.domain.textfiles import read_text_rows

__all__ = ["MAX_ROWS", "ColumnPlan", "Header", "Row", "lay_out", "plan_columns", "read_rows", "split_header"]

MAX_ROWS = 1_000_000

Row = tuple[int, list[str]]
"""The number of the row as the person sees it in the file, and its trimmed cells."""

_Path = str | os.PathLike[str]

_NOT_SHEETS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", N_("This is a PDF document. Open the table it was made from and save that as xlsx.")),
    (b"\x89PNG", N_("This is a picture. Upload the numbers as xlsx, csv or txt.")),
    (b"\xff\xd8\xff", N_("This is a picture. Upload the numbers as xlsx, csv or txt.")),
    (b"GIF8", N_("This is a picture. Upload the numbers as xlsx, csv or txt.")),
    (b"BM", N_("This is a picture. Upload the numbers as xlsx, csv or txt.")),
    (b"Rar!", N_("This is a packed archive. Unpack it and upload the table in it.")),
    (b"7z\xbc\xaf\x27\x1c", N_("This is a packed archive. Unpack it and upload the table in it.")),
    (b"\x1f\x8b", N_("This is a packed archive. Unpack it and upload the table in it.")),
    (b"{\\rtf", N_("This is a text document. Copy its table into a spreadsheet and save that as xlsx.")),
    (b"MZ", N_("This is a program. Upload the numbers as xlsx, csv or txt.")),
    (b"\x7fELF", N_("This is a program. Upload the numbers as xlsx, csv or txt.")),
)
_WORD = N_("This is a text document. Copy its table into a spreadsheet and save that as xlsx.")
_SLIDES = N_("This is a presentation. Copy its table into a spreadsheet and save that as xlsx.")
_ARCHIVE = N_("This is a packed archive. Unpack it and upload the table in it.")
_OTHER_SHEET = N_("This kind of spreadsheet cannot be read. Open it and save it as xlsx.")
_WEB_PAGE = N_("This is a web page or XML, not a sheet. Open it in a spreadsheet program and save it as xlsx.")
_LOCKED = N_("The file is protected by a password. Remove the password and upload it.")

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|meta|table|style|\?xml|!--)", re.IGNORECASE)


def read_rows(path: _Path, *, filename: str | None = None, max_rows: int = MAX_ROWS) -> Iterator[Row]:
    """The rows of a txt, csv, xls or xlsx file: numbered as in the file, header included, blank rows left out.

    Of a workbook: the first visible sheet with any content, each cell as text (13800138000.0 → "13800138000", dates
    in ISO form, formulas by their stored result, "" where there is none). Text files are streamed; a workbook is
    held whole by its parser (0.5 KB a row), so parse large ones outside the web process.

    `filename` is what the person called the file; it is shown, and decides nothing. `max_rows` counts the header.

    Raises Refused, at once: "sheet_empty", "not_a_sheet", "sheet_locked", "sheet_broken", "sheet_bomb", "sheet_wide",
    "sheet_encoding", for a workbook "sheet_rows"; while iterating over text: "sheet_quotes", "sheet_rows".
    """
    rows = _open_rows(path, max_rows)
    first = next(rows, None)
    if first is None:
        name = filename or os.path.basename(path)
        raise Refused("sheet_empty", N_("%(name)s is empty: no visible sheet or line has any content."), name=name)
    return itertools.chain([first], rows)


def _open_rows(path: _Path, max_rows: int) -> Iterator[Row]:
    with open(path, "rb") as stream:
        start = stream.read(1024)
        if not start:
            return iter(())
        stream.seek(0)
        if start.startswith(b"PK\x03\x04"):
            _check_members(member_names(stream))
            check_archive(stream)
            return _workbook_rows(path, max_rows)
        if start.startswith(_OLE):
            _check_streams(stream)
            return _workbook_rows(path, max_rows)
    _check_start(start)
    return _limited(read_text_rows(path), max_rows)


def _not_a_sheet(sentence: str) -> Refused:
    return Refused("not_a_sheet", sentence)


def _check_start(start: bytes) -> None:
    for mark, sentence in _NOT_SHEETS:
        # Two plain letters may also begin a text; a binary file shows itself by a zero byte.
        if start.startswith(mark) and (len(mark) > 2 or not mark.isalpha() or b"\0" in start):
            raise _not_a_sheet(sentence)
    if start.startswith((b"PK\x05\x06", b"PK\x07\x08")):
        raise _not_a_sheet(_ARCHIVE)
    if start.startswith(_OLD_BIFF) and b"\0" in start:
        raise _not_a_sheet(_OTHER_SHEET)
    if _MARKUP.match(start):
        raise _not_a_sheet(_WEB_PAGE)


def _check_members(names: set[str]) -> None:
    if "xl/workbook.xml" in names:
        return
    if "xl/workbook.bin" in names or "content.xml" in names:
        raise _not_a_sheet(_OTHER_SHEET)
    if any(name.startswith("word/") for name in names):
        raise _not_a_sheet(_WORD)
    if any(name.startswith("ppt/") for name in names):
        raise _not_a_sheet(_SLIDES)
    if "[Content_Types].xml" in names:
        raise broken()
    raise _not_a_sheet(_ARCHIVE)


def _check_streams(stream: BinaryIO) -> None:
    """Tell an old workbook from the other documents that share its container, by the names of the streams inside."""
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:

        def holds(name: str) -> bool:
            return content.find(name.encode("utf-16-le")) >= 0

        if holds("EncryptedPackage"):
            raise Refused("sheet_locked", _LOCKED)
        if holds("Workbook") or holds("Book"):
            return
        if holds("WordDocument"):
            raise _not_a_sheet(_WORD)
        if holds("PowerPoint Document"):
            raise _not_a_sheet(_SLIDES)
    raise broken()


@contextmanager
def _parser() -> Iterator[None]:
    """The parser's failures as refusals. Its panics are not Exceptions and have no importable class."""
    try:
        yield
    except PasswordError as problem:
        raise Refused("sheet_locked", _LOCKED) from problem
    except CalamineError as problem:
        raise broken() from problem
    except BaseException as problem:
        if type(problem).__name__ != "PanicException":
            raise
        raise broken() from problem


def _workbook_rows(path: _Path, max_rows: int) -> Iterator[Row]:
    with _parser(), open(path, "rb") as stream:
        sheet = _first_sheet(CalamineWorkbook.from_filelike(stream))
        if sheet is None:
            return iter(())
        if sheet.height > max_rows and sum(1 for cells in sheet.iter_rows() if any(map(_cell_text, cells))) > max_rows:
            raise _too_many(max_rows)
    return _sheet_rows(sheet)


def _first_sheet(workbook: CalamineWorkbook) -> CalamineSheet | None:
    for index, sheet in enumerate(workbook.sheets_metadata):
        if sheet.visible is SheetVisibleEnum.Visible and sheet.typ is SheetTypeEnum.WorkSheet:
            found = workbook.get_sheet_by_index(index)
            if found.height and any(any(map(_cell_text, cells)) for cells in found.iter_rows()):
                return found
    return None


def _sheet_rows(sheet: CalamineSheet) -> Iterator[Row]:
    # The iteration begins at the first row of the sheet even where that is empty, so the count is the row's number.
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = [value.strip() if value.__class__ is str else _cell_text(value) for value in values]
        if any(cells):
            yield number, cells


def _cell_text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # Fifteen digits is what a spreadsheet keeps and shows.
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    return "" if value is None else str(value)


def _limited(rows: Iterator[Row], max_rows: int) -> Iterator[Row]:
    for count, row in enumerate(rows, 1):
        if count > max_rows:
            raise _too_many(max_rows)
        yield row


def _too_many(limit: int) -> Refused:
    sentence = N_("The file has more than %(limit)s rows. Split it and upload the parts one after another.")
    return Refused("sheet_rows", sentence, limit=limit)
