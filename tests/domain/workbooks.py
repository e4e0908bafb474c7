"""Files for the tests of sheets, made on the spot: workbooks by hand where no library writes them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import openpyxl

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def write_xlsx(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("名单")
    for row in rows:
        sheet.append(row)
    workbook.save(path)
    return path


def write_xls(path: Path, rows: Sequence[Sequence[str | float | None]]) -> Path:
    """A BIFF8 workbook of one sheet with the records a reader cannot do without."""
    path.write_bytes(container("Workbook", _biff(rows)))
    return path


def _record(number: int, body: bytes) -> bytes:
    return struct.pack("<HH", number, len(body)) + body


def _biff(rows: Sequence[Sequence[str | float | None]]) -> bytes:
    name = b"\x06\x00Sheet1"
    bound_length = 4 + 6 + len(name)
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    end = _record(0x000A, b"")
    offset = len(start) + bound_length + len(end)
    stream = start + _record(0x0085, struct.pack("<IH", offset, 0) + name) + end
    stream += _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if isinstance(value, str):
                body = struct.pack("<HHHHB", r, c, 0, len(value), 1) + value.encode("utf-16-le")
                stream += _record(0x0204, body)
            elif value is not None:
                stream += _record(0x0203, struct.pack("<HHHd", r, c, 0, value))
    return stream + end


def container(stream_name: str, stream: bytes) -> bytes:
    """An OLE compound file with one stream, padded past 4096 bytes so that it needs no short sectors."""
    sectors = max(9, -(-len(stream) // 512))
    fat = [_FAT, _END, *range(3, sectors + 2), _END]
    assert len(fat) <= 128
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, _END, 0) + struct.pack("<I", 0)
    header += struct.pack("<108I", *[_FREE] * 108)
    directory = _entry("Root Entry", 5, 1, _END, 0) + _entry(stream_name, 2, _FREE, 2, sectors * 512)
    directory += 2 * (bytes(68) + struct.pack("<III", _FREE, _FREE, _FREE) + bytes(48))
    table = struct.pack("<128I", *fat, *[_FREE] * (128 - len(fat)))
    return header + table + directory + stream.ljust(sectors * 512, b"\0")


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    entry = encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded), kind, 1, _FREE, _FREE, child)
    return entry + bytes(36) + struct.pack("<IQ", start, size)
