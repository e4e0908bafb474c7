"""Rows of an uploaded file. A workbook is parsed in a process of its own, for its parser holds the whole sheet
(speed.md, pitfalls): what it takes is given back when it ends, and what kills it kills only it."""

from __future__ import annotations

import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from app.domain.errors import N_, Refused
from app.domain.sheets import Row, read_rows

_SLICE = 5_000
_SMALL = 300_000  # bytes; below this a process of its own costs more than it saves
_MEMORY = 4 * 1024**3  # address space of the child; a million rows need under 1 GB of it resident
# The child enters by the back door: the package's own __init__ loads Flask and every model, a second's work.
_CHILD = """
import sys, types
house = types.ModuleType("app")
house.__path__ = [sys.argv[1]]
sys.modules["app"] = house
from app.services.sending import reading
reading.serve_rows()
"""
_ZIP_OR_OLE = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def rows_of(path: str | os.PathLike[str], *, filename: str, max_rows: int) -> Iterator[Row]:
    """As `app.domain.sheets.read_rows`, in bounded memory whatever the file is. Raises `Refused` as it does."""
    with open(path, "rb") as stream:
        workbook = stream.read(4) in _ZIP_OR_OLE
    if not workbook or os.path.getsize(path) < _SMALL:
        return read_rows(path, filename=filename, max_rows=max_rows)
    return _rows_of_child(path, filename, max_rows)


def _rows_of_child(path: str | os.PathLike[str], filename: str, max_rows: int) -> Iterator[Row]:
    command = [sys.executable, "-c", _CHILD, str(Path(__file__).resolve().parents[2])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None and child.stdout is not None
        pickle.dump((os.fspath(path), filename, max_rows), child.stdin)
        child.stdin.close()
        try:
            yield from _received(child.stdout)
        finally:
            child.kill()


def _received(stream: Any) -> Iterator[Row]:
    """Slices of rows, then None; a refusal in between is raised here."""
    while True:
        try:
            part = pickle.load(stream)
        except (EOFError, pickle.UnpicklingError):  # the child was killed, between two slices or within one
            raise Refused(
                "sheet_broken", N_("The file could not be read to its end. Save it anew as xlsx or csv and try again.")
            ) from None
        if part is None:
            return
        if isinstance(part, dict):
            raise Refused(part["code"], part["sentence"], **part["values"])
        yield from part


def serve_rows() -> None:
    """The child's side of `rows_of`."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    out = sys.stdout.buffer
    path, filename, max_rows = pickle.load(sys.stdin.buffer)
    try:
        rows = read_rows(path, filename=filename, max_rows=max_rows)
        while part := list(islice(rows, _SLICE)):
            pickle.dump(part, out, protocol=5)
        pickle.dump(None, out)
    except Refused as refusal:
        reason = refusal.reasons[0]
        pickle.dump({"code": reason.code, "sentence": reason.sentence, "values": reason.values}, out)
    except MemoryError:
        sentence = N_("The workbook is too large to be read. Save it as csv and try again.")
        pickle.dump({"code": "sheet_large", "sentence": sentence, "values": {}}, out)
    out.flush()
