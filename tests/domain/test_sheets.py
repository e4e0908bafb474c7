from __future__ import annotations

import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import Refused
from app.domain.sheets import Row, read_rows
from tests.domain.workbooks import container, write_xls, write_xlsx

A, B = "13800138000", "13900139000"


def read(path: Path, data: bytes | None = None, max_rows: int = 1_000_000) -> list[Row]:
    if data is not None:
        path.write_bytes(data)
    return list(read_rows(path, max_rows=max_rows))


def refusal(path: Path, data: bytes | None = None, max_rows: int = 1_000_000) -> Refused:
    with pytest.raises(Refused) as caught:
        read(path, data, max_rows)
    assert str(caught.value)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_text_in_any_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [["手机", "姓名"], [A, "张三，先生"], [], [" ", ""], [B, " 李四 "]]
    data = "\r\n".join(delimiter.join(line) for line in lines).encode(encoding)
    assert read(tmp_path / "a.csv", data) == [(1, lines[0]), (2, lines[1]), (5, [B, "李四"])]


def test_one_number_a_line_with_any_line_ending(tmp_path: Path) -> None:
    for ending in ("\n", "\r\n", "\r"):
        data = f"{A}{ending}{ending}{B}{ending}".encode()
        assert read(tmp_path / "a.txt", data) == [(1, [A]), (3, [B])]


def test_quoted_cells_may_hold_delimiters_and_line_breaks(tmp_path: Path) -> None:
    data = f'{A},"甲,乙\n丙 ""丁"""\n{B},x\n'.encode()
    assert read(tmp_path / "a.csv", data) == [(1, [A, '甲,乙\n丙 "丁"']), (3, [B, "x"])]


def test_a_delimiter_declared_in_the_first_line(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", f"sep=;\r\n{A};1,2\r\n{B};3,4\r\n".encode()) == [(2, [A, "1,2"]), (3, [B, "3,4"])]


@pytest.mark.parametrize("broken", [f'{A},"open\n{B},x\n', f'{A},"x"y\n', f'{A},"' + f"{B}\n" * 60 + '"\n'])
def test_an_open_quote_does_not_swallow_rows(tmp_path: Path, broken: str) -> None:
    refused = refusal(tmp_path / "a.csv", ("x,y\n" + broken).encode())
    assert refused.code == "sheet_quotes"
    assert refused.reasons[0].values == {"line": 2}


def test_a_huge_cell_is_refused_and_not_held(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.csv", b"1" * 200_000).code == "sheet_quotes"


@pytest.mark.parametrize("name", ["a.txt", "a.xlsx", "a.csv"])
@pytest.mark.parametrize("data", [b"", b"\n \r\n\t", b"\xef\xbb\xbf", b",,,\n,,"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    assert refusal(tmp_path / name, data).code == "sheet_empty"


def test_an_empty_file_is_named_as_the_person_knows_it(tmp_path: Path) -> None:
    (tmp_path / "u1").write_bytes(b"")
    with pytest.raises(Refused, match=r"客户\.xlsx"):
        read_rows(tmp_path / "u1", filename="客户.xlsx")


@pytest.mark.parametrize(
    ("data", "code", "word"),
    [
        (b"%PDF-1.7\n1 0 obj", "not_a_sheet", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not_a_sheet", "picture"),
        (b"\xff\xd8\xff\xe0\0\0", "not_a_sheet", "picture"),
        (b"Rar!\x1a\x07\0", "not_a_sheet", "archive"),
        (b"PK\x05\x06" + bytes(18), "not_a_sheet", "archive"),
        (b"{\\rtf1 hello}", "not_a_sheet", "text document"),
        (b"MZ\x90\0\x03\0", "not_a_sheet", "program"),
        (b"\n<html><table><tr><td>13800138000", "not_a_sheet", "web page"),
        (b'<?xml version="1.0"?><Workbook>', "not_a_sheet", "web page"),
        (b"\x09\x08\x08\x00\x00\x05\x05\x00", "not_a_sheet", "spreadsheet"),
        (container("WordDocument", b"x"), "not_a_sheet", "text document"),
        (container("PowerPoint Document", b"x"), "not_a_sheet", "presentation"),
        (container("EncryptedPackage", b"x"), "sheet_locked", "password"),
        (container("Workbook", b"x" * 5000), "sheet_broken", "damaged"),
        (container("Something", b"x"), "sheet_broken", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1Workbook", "sheet_broken", "damaged"),
        (b"PK\x03\x04 nothing more", "sheet_broken", "damaged"),
        (b"138\0001380013800\0", "sheet_encoding", "UTF-8"),
        (b"\xff\xff\xff\xff", "sheet_encoding", "UTF-8"),
        ("手机".encode("utf-16")[:-1], "sheet_encoding", "UTF-8"),
    ],
)
def test_what_is_no_sheet_is_called_by_its_name(tmp_path: Path, data: bytes, code: str, word: str) -> None:
    refused = refusal(tmp_path / "名单.xlsx", data)
    assert refused.code == code
    assert word in str(refused)


def test_text_that_begins_like_a_program_is_text(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", f"MZ,BM\n{A},x\n".encode())[0] == (1, ["MZ", "BM"])


def test_xlsx_cells_become_text(tmp_path: Path) -> None:
    when = datetime.datetime(2024, 5, 1, 10, 30)
    rows: list[list[object]] = [
        ["手机", "x"], [13800138000, 1.5], [13800138000.0, True], [], [A, when], [" " + A, when.date()],
        ["=1+1", "kept"], [None, 0.1 + 0.2],
    ]  # fmt: skip
    assert read(write_xlsx(tmp_path / "a.xlsx", rows)) == [
        (1, ["手机", "x"]), (2, [A, "1.5"]), (3, [A, "TRUE"]), (5, [A, "2024-05-01 10:30:00"]),
        (6, [A, "2024-05-01"]), (7, ["", "kept"]), (8, ["", "0.3"]),
    ]  # fmt: skip


def test_xlsx_under_another_name_and_text_called_xlsx(tmp_path: Path) -> None:
    assert read(write_xlsx(tmp_path / "a.txt", [[A]])) == [(1, [A])]
    assert read(tmp_path / "b.xlsx", A.encode()) == [(1, [A])]


def test_the_first_visible_sheet_with_content_is_read(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.sheet_state = "hidden"
    workbook.active["A1"] = "hidden"
    workbook.create_sheet("empty")["A1"] = "  "
    workbook.create_chartsheet("chart")
    sheet = workbook.create_sheet("numbers")
    sheet["B3"] = A
    workbook.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx") == [(3, [A])]
    sheet["B3"] = None
    workbook.save(tmp_path / "a.xlsx")
    assert refusal(tmp_path / "a.xlsx").code == "sheet_empty"


def test_xls_is_read(tmp_path: Path) -> None:
    rows: list[list[str | float | None]] = [["手机", "姓名"], [13800138000.0, "张三"], [None, None], [B, 2.5]]
    assert read(write_xls(tmp_path / "a.xls", rows)) == [(1, ["手机", "姓名"]), (2, [A, "张三"]), (4, [B, "2.5"])]


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.csv"])
def test_more_rows_than_the_limit_are_refused_with_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows: list[list[str | float | None]] = [[A, "x"], [None, None], [B, "y"], [A, "z"]]
    if name == "a.csv":
        path.write_text("\n".join(",".join(str(cell or "") for cell in row) for row in rows))
    else:
        (write_xlsx if name == "a.xlsx" else write_xls)(path, rows)
    assert len(read(path, max_rows=3)) == 3
    refused = refusal(path, max_rows=2)
    assert refused.code == "sheet_rows"
    assert refused.reasons[0].values == {"limit": 2}


def test_a_million_rows_pass_and_one_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"13800138000\n" * 1_000_001)
    count = 0
    with pytest.raises(Refused, match="1000000") as caught:
        for _ in read_rows(path):
            count += 1
    assert (count, caught.value.code) == (1_000_000, "sheet_rows")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=300), start=st.sampled_from([b"", b"PK\x03\x04", container("x", b"")[:8], b"\xff\xfe"]))
def test_any_bytes_give_rows_or_a_refusal(tmp_path: Path, data: bytes, start: bytes) -> None:
    (tmp_path / "a").write_bytes(start + data)
    try:
        for number, cells in read_rows(tmp_path / "a"):
            assert number >= 1 and any(cells)
    except Refused as refused:
        assert str(refused)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_workbook_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(write_xlsx(tmp_path / "good.xlsx", [[A, "x"], [B, "y"]]).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "bad.xlsx").write_bytes(whole[: data.draw(st.integers(1, len(whole)))])
    try:
        list(read_rows(tmp_path / "bad.xlsx"))
    except Refused as refused:
        assert str(refused)
