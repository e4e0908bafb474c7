"""What is really inside a zip file, before anything else unpacks it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from app.domain.errors import N_, Refused

MAX_MEMBERS = 5_000
MAX_INFLATED = 600 * 1024 * 1024
"""Bytes of all members together; a million rows of five columns are about half of it."""

MAX_RATIO = 200
"""Inflated ÷ stored, looked at only past RATIO_MATTERS: sheets of one repeated row reach a hundred."""

RATIO_MATTERS = 64 * 1024 * 1024
MAX_CELLS = 24_000_000
"""Width × height: the parser lays a sheet out as a full rectangle, so two cells in far corners could ask for 500 GB."""

_STEP = 1 << 18
_OVERLAP = 32
_NARROW = 26  # columns A to Z; whatever their number of rows, such a sheet stays near MAX_CELLS
_WIDE_REFERENCE = re.compile(rb"""\sr=["']([A-Z]{2,})[0-9]""")
_ROW_REFERENCE = re.compile(rb"""\sr=["'][A-Z]*([0-9]+)["']""")


def member_names(stream: BinaryIO) -> set[str]:
    """Names in the archive's directory; raises Refused("sheet_broken") for a directory that cannot be read."""
    return {member.filename for member in _members(stream)}


def check_archive(stream: BinaryIO) -> None:
    """Refuse an archive that would unpack to too much: "sheet_bomb", "sheet_wide", "sheet_locked" or "sheet_broken".

    Sizes declared in the archive are not believed: every member is inflated once, counted and thrown away, stopping
    at the first limit, so the cost is bounded whatever the file claims.
    """
    members = _members(stream)
    if len(members) > MAX_MEMBERS:
        raise _bomb()
    stored = inflated = 0
    for member in members:
        if member.flag_bits & 1:
            raise Refused("sheet_locked", N_("The file is protected by a password. Remove the password and upload it."))
        stored += member.compress_size
        widest, tallest = _NARROW, 0
        tail = b""
        for piece in _inflate(stream, member):
            inflated += len(piece)
            if inflated > MAX_INFLATED or (inflated > RATIO_MATTERS and inflated > MAX_RATIO * max(stored, 1)):
                raise _bomb()
            window = tail + piece
            widest = max(widest, max(map(_column_number, set(_WIDE_REFERENCE.findall(window))), default=0))
            tail = window[-_OVERLAP:]
        if widest > _NARROW:
            tallest = _tallest_row(stream, member)
        if widest * tallest > MAX_CELLS:
            sentence = N_("The sheet spans %(columns)s columns and %(rows)s rows. Delete the empty columns and rows.")
            raise Refused("sheet_wide", sentence, columns=widest, rows=tallest)


def _bomb() -> Refused:
    limit = MAX_INFLATED // (1024 * 1024)
    return Refused("sheet_bomb", N_("Unpacked, the file would be larger than %(limit)s MB. Split it up."), limit=limit)


def broken() -> Refused:
    """The refusal of a file that looks like a workbook and cannot be read as one."""
    sentence = N_("The file is damaged. Open it in a spreadsheet program and save it as xlsx again.")
    return Refused("sheet_broken", sentence)


def _members(stream: BinaryIO) -> list[zipfile.ZipInfo]:
    try:
        return zipfile.ZipFile(stream).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, UnicodeError) as problem:
        raise broken() from problem


def _inflate(stream: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The member's content in pieces of bounded size, read past zipfile, which would stop at the declared size."""
    stream.seek(member.header_offset)
    header = stream.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise broken()
    stream.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise broken()
    inflater = zlib.decompressobj(-15) if member.compress_type == zipfile.ZIP_DEFLATED else None
    left = member.compress_size
    while left > 0:
        data = stream.read(min(_STEP, left))
        if not data:
            raise broken()
        left -= len(data)
        if inflater is None:
            yield data
            continue
        while data:
            try:
                piece = inflater.decompress(data, _STEP)
            except zlib.error as problem:
                raise broken() from problem
            yield piece
            data = inflater.unconsumed_tail
            if inflater.eof:
                return
    while inflater is not None and (piece := inflater.decompress(inflater.unconsumed_tail, _STEP)):
        yield piece


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters[:4]:
        number = number * 26 + letter - 64
    return number


def _tallest_row(stream: BinaryIO, member: zipfile.ZipInfo) -> int:
    tallest, tail = 0, b""
    for piece in _inflate(stream, member):
        window = tail + piece
        tallest = max(tallest, max((int(row[:9]) for row in _ROW_REFERENCE.findall(window)), default=0))
        tail = window[-_OVERLAP:]
    return tallest
