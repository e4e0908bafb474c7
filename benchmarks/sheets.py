"""Files of recipients, made quickly: five columns as people upload them, the phone as a number like a spreadsheet's."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

_FIRST = 13_000_000_000
_STEP = 7  # numbers of real lists are not neighbours
_NAMES = ("王芳", "李伟", "张敏", "刘洋", "陈静", "杨磊", "赵丽", "黄强")
_HEADER = ("手机号", "name", "order", "city", "level")


def rows(count: int) -> Iterator[tuple[int, str, str, str, str]]:
    for index in range(count):
        yield _FIRST + index * _STEP, _NAMES[index % 8], f"NO{index:08d}", "上海", "金卡"


def write(path: Path, count: int) -> Path:
    """Write `count` recipients below a header; the ending of `path` decides how: txt (numbers only), csv or xlsx."""
    if path.suffix == ".xlsx":
        _write_xlsx(path, count)
        return path
    with path.open("w", encoding="utf-8") as file:
        if path.suffix == ".txt":
            file.writelines(f"{row[0]}\n" for row in rows(count))
        else:
            file.write(",".join(_HEADER) + "\n")
            file.writelines(",".join(map(str, row)) + "\n" for row in rows(count))
    return path


_TYPES = ('<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
          '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
          '<Override PartName="/xl/workbook.xml" '
          'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
          '<Override PartName="/xl/worksheets/sheet1.xml" '
          'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>')
_RELATIONS = ('<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
              '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" '
              'Target="{}"/></Relationships>')
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORKBOOK = (f'<workbook xmlns="{_MAIN}" '
             'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
             '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>')


def _write_xlsx(path: Path, count: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("[Content_Types].xml", _TYPES)
        book.writestr("_rels/.rels", _RELATIONS.format("officeDocument", "xl/workbook.xml"))
        book.writestr("xl/_rels/workbook.xml.rels", _RELATIONS.format("worksheet", "worksheets/sheet1.xml"))
        book.writestr("xl/workbook.xml", _WORKBOOK)
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            head = "".join(_text(letter, 1, name) for letter, name in zip("ABCDE", _HEADER, strict=True))
            sheet.write(f'<worksheet xmlns="{_MAIN}"><sheetData><row r="1">{head}</row>'.encode())
            part: list[str] = []
            for number, (phone, *texts) in enumerate(rows(count), 2):
                cells = "".join(_text(letter, number, text) for letter, text in zip("BCDE", texts, strict=True))
                part.append(f'<row r="{number}"><c r="A{number}"><v>{phone}</v></c>{cells}</row>')
                if len(part) == 10_000:
                    sheet.write("".join(part).encode())
                    part.clear()
            sheet.write(("".join(part) + "</sheetData></worksheet>").encode())


def _text(letter: str, number: int, text: str) -> str:
    return f'<c r="{letter}{number}" t="inlineStr"><is><t>{text}</t></is></c>'
