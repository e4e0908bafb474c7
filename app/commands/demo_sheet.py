"""An Excel file as people really make them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook

_PREFIXES = ("138", "159", "186", "133", "199", "177")
_FAMILIES = "赵钱孙李周吴郑王冯陈"
_GIVEN = ("伟", "芳", "娜", "秀英", "敏", "静", "丽", "强", "磊", "军")
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

# How a number looks in a cell; every row takes the next one.
_LOOKS: tuple[Callable[[str], Any], ...] = (
    str, int, float, str, lambda n: f"{n}.0", lambda n: f"+86{n}", str, lambda n: f"0086 {n[:3]} {n[3:7]} {n[7:]}",
    lambda n: f"{n[:3]}-{n[3:7]}-{n[7:]}", str, lambda n: n.translate(_FULL_WIDTH), lambda n: f" {n}\u3000",
    int, lambda n: f"{n[0]}.{n[1:]}E+10", str, lambda n: f"86{n}",
)


def phone(index: int) -> str:
    """The number of one recipient, another for each index."""
    return f"{_PREFIXES[index % len(_PREFIXES)]}{index // len(_PREFIXES):08d}"


def write_sheet(path: Path, recipients: int) -> None:
    """An xlsx of `recipients` good rows with a header, and among them what makes real files ugly."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("客户名单")
    sheet.append(["客户编号", "手机号码", "name", "order"])
    for row in _rows(recipients):
        sheet.append(row)
    book.save(path)


def _rows(recipients: int) -> Iterator[list[Any]]:
    for index in range(recipients):
        yield _good(index)
        if index % 97 == 5:
            yield from _ugly(index)


def _good(index: int) -> list[Any]:
    name = _FAMILIES[index % 10] + _GIVEN[index // 10 % 10]
    order = f"PH{index:07d}"
    if index % 50 == 7:  # long enough for a second segment
        name, order = f"{name}（云顶国际贸易有限公司华东分公司采购部）", f"{order}-GOLD-MEMBER-0001-SHANGHAI"
    return [index + 1, _LOOKS[index % len(_LOOKS)](phone(index)), name, order]


def _ugly(index: int) -> Iterator[list[Any]]:
    """Rows that become no message, each listed with its line and reason; blank ones are passed over."""
    kind = index // 97 % 6
    good = _good(index)
    if kind == 0:
        yield good  # the same row once more
    elif kind == 1:
        yield [good[0], "1380013800", *good[2:]]
    elif kind == 2:
        yield [good[0], "请致电前台", *good[2:]]
    elif kind == 3:
        yield []
        yield [None, None, None, None]
    elif kind == 4:
        yield [good[0], "138001380001", *good[2:]]
    else:
        yield [good[0], None, *good[2:]]
