"""txt and csv: which encoding, which delimiter, then records one at a time in constant memory."""

from __future__ import annotations

import codecs
import csv
import os
import re
from collections import Counter
from collections.abc import Iterator

from app.domain.errors import N_, Refused

DELIMITERS = (",", "\t", ";", "|")
MAX_LINES_IN_CELL = 50
"""A quoted cell may hold line breaks, but past this many the quote was left open and is swallowing rows."""

_SAMPLE = 64 * 1024
_STEP = 1 << 20
_DECLARED = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


def read_text_rows(path: str | os.PathLike[str]) -> Iterator[tuple[int, list[str]]]:
    """Line number (of the line where the record begins, as an editor counts) and trimmed cells; blank lines left out.

    UTF-8 with or without a mark, UTF-16 with one, otherwise GBK / GB18030. Raises Refused: "sheet_encoding",
    "sheet_quotes" (with the line). The file is read once to be sure of its encoding before the first row is given.
    """
    encoding = find_encoding(path)
    with open(path, encoding=encoding, newline="") as stream:
        sample = stream.read(_SAMPLE)
    delimiter, skipped = find_delimiter(sample)
    return _records(path, encoding, delimiter, skipped)


def find_encoding(path: str | os.PathLike[str]) -> str:
    """The codec that reads the whole file without a fault; raises Refused("sheet_encoding") when none does."""
    with open(path, "rb") as stream:
        start = stream.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif start.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        if _decodes(path, encoding):
            return encoding
    sentence = N_("The file is neither a workbook nor text in UTF-8, UTF-16 or GBK. Save it as xlsx.")
    raise Refused("sheet_encoding", sentence)


def _decodes(path: str | os.PathLike[str], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with open(path, "rb") as stream:
        try:
            while data := stream.read(_STEP):
                if "\0" in decoder.decode(data):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def find_delimiter(sample: str) -> tuple[str, int]:
    """The delimiter that cuts the most lines alike, and how many lines to skip (one for a leading `sep=;`)."""
    lines = sample.splitlines(keepends=True)
    declared = _DECLARED.fullmatch(lines[0]) if lines else None
    if declared:
        return declared[1], 1
    best = (0.0, 0, ",")
    for delimiter in DELIMITERS:
        try:
            widths = [len(cells) for cells in csv.reader(lines[:50], delimiter=delimiter) if any(cells)]
        except csv.Error:
            continue
        cut = Counter(width for width in widths if width > 1).most_common(1)
        if cut and (share := cut[0][1] / len(widths), width := cut[0][0]) > best[:2]:
            best = (share, width, delimiter)
    return best[2], 0


def _records(
    path: str | os.PathLike[str], encoding: str, delimiter: str, skipped: int
) -> Iterator[tuple[int, list[str]]]:
    with open(path, encoding=encoding, newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        line = 1
        try:
            for record in reader:
                begins, line = line, reader.line_num + 1
                if line - begins > MAX_LINES_IN_CELL:
                    raise _open_quote(begins)
                cells = [cell.strip() for cell in record]
                if begins > skipped and any(cells):
                    yield begins, cells
        except csv.Error as problem:
            raise _open_quote(line) from problem


def _open_quote(line: int) -> Refused:
    sentence = N_("The quotation marks in line %(line)s are not closed or stand inside a cell. Correct them.")
    return Refused("sheet_quotes", sentence, line=line)
