from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import openpyxl
import pytest

from app.domain import archives
from app.domain.errors import Refused
from app.domain.sheets import read_rows
from tests.domain.workbooks import write_xlsx


def refused(path: Path) -> Refused:
    with pytest.raises(Refused) as caught:
        read_rows(path)
    return caught.value


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"readme.txt": b"x"}, "not_a_sheet"),
        ({"word/document.xml": b"x", "[Content_Types].xml": b"x"}, "not_a_sheet"),
        ({"ppt/presentation.xml": b"x"}, "not_a_sheet"),
        ({"content.xml": b"x"}, "not_a_sheet"),
        ({"xl/workbook.bin": b"x"}, "not_a_sheet"),
        ({"[Content_Types].xml": b"x"}, "sheet_broken"),
        ({"xl/workbook.xml": b"x"}, "sheet_broken"),
        ({"xl/workbook.xml": b"<workbook"}, "sheet_broken"),
    ],
)
def test_a_zip_that_is_no_workbook(tmp_path: Path, members: dict[str, bytes], code: str) -> None:
    assert refused(zipped(tmp_path / "a.xlsx", members)).code == code


def test_a_member_packed_in_an_unusual_way_is_refused(tmp_path: Path) -> None:
    assert refused(zipped(tmp_path / "a.xlsx", {"xl/workbook.xml": b"x"}, zipfile.ZIP_LZMA)).code == "sheet_broken"


def test_too_many_members(tmp_path: Path) -> None:
    members = {f"xl/{n}": b"" for n in range(archives.MAX_MEMBERS)} | {"xl/workbook.xml": b""}
    assert refused(zipped(tmp_path / "a.xlsx", members, zipfile.ZIP_STORED)).code == "sheet_bomb"


def lying_zip(path: Path, packed: bytes, declared: int, flags: int = 0) -> Path:
    """One deflated member `xl/workbook.xml` whose headers declare `declared` bytes, whatever it holds."""
    name = b"xl/workbook.xml"
    shared = struct.pack("<HHHHHIIIHH", 20, flags, 8, 0, 0, 0, len(packed), declared, len(name), 0)
    local = b"PK\x03\x04" + shared + name + packed
    central = b"PK\x01\x02" + struct.pack("<H", 20) + shared + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    path.write_bytes(local + central + end)
    return path


def deflated(megabytes: int) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


@pytest.mark.parametrize("declared", [10, 0xFFFFFF00])
def test_a_bomb_is_refused_whatever_it_declares(tmp_path: Path, declared: int) -> None:
    assert refused(lying_zip(tmp_path / "a.xlsx", deflated(100), declared)).code == "sheet_bomb"


def test_the_total_is_limited_even_at_a_modest_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_INFLATED", 1 << 20)
    assert refused(lying_zip(tmp_path / "a.xlsx", deflated(2), 10)).code == "sheet_bomb"


def test_a_locked_archive(tmp_path: Path) -> None:
    assert refused(lying_zip(tmp_path / "a.xlsx", deflated(1), 1 << 20, flags=1)).code == "sheet_locked"


def test_two_cells_in_far_corners_do_not_ask_for_all_memory(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "x"
    workbook.active["XFD1048576"] = "y"
    workbook.save(tmp_path / "a.xlsx")
    refusal = refused(tmp_path / "a.xlsx")
    assert refusal.code == "sheet_wide"
    assert refusal.reasons[0].values == {"columns": 16384, "rows": 1048576}


def test_a_wide_sheet_of_few_rows_is_read(tmp_path: Path) -> None:
    assert len(next(read_rows(write_xlsx(tmp_path / "a.xlsx", [["x"] * 201] * 20)))[1]) == 201
