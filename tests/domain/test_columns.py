from __future__ import annotations

import pytest

from app.domain.columns import ColumnPlan, Header, lay_out, plan_columns, split_header
from app.domain.errors import Refused

A, B = "13800138000", "+86 139 0013 9000"


@pytest.mark.parametrize(
    ("row", "phone"),
    [
        (["手机"], 0), (["姓名", "手机号"], 1), (["手机号码"], 0), (["编号", "电话", "x"], 1), (["号码"], 0),
        (["name", "Phone"], 1), (["MOBILE"], 0), (["Tel."], 0), (["手 机 号"], 0), (["*手机号码（必填）"], 0),
        (["Phone Number"], 0), (["客户手机", "备注"], 0), (["订单号码", "手机"], 1), (["phone_no"], 0),
    ],
)  # fmt: skip
def test_a_header_names_the_column_of_the_phone(row: list[str], phone: int) -> None:
    assert split_header(row) == Header(phone, tuple(row))


@pytest.mark.parametrize("row", [[A], ["张三", B], ["手机", A], ["张三", "1380013800"], ["客户名单"], [""], []])
def test_a_row_that_is_no_header_stays_a_row(row: list[str]) -> None:
    assert split_header(row) is None


@pytest.mark.parametrize(
    ("header", "wanted", "plan"),
    [
        (["手机", "name", "code"], ["code", "name"], ColumnPlan(0, (2, 1))),
        (["NAME", "手机", "Code"], ["code", "name"], ColumnPlan(1, (2, 0))),
        (["手机", "姓名", "金额"], ["name", "amount"], ColumnPlan(0, (1, 2))),
        (["手机", "姓名", "name"], ["name", "other"], ColumnPlan(0, (2, 1))),
        (["手机", "name"], [], ColumnPlan(0)),
        (["phone", "x"], ["phone"], ColumnPlan(0, (0,))),
    ],
)
def test_variables_find_their_columns(header: list[str], wanted: list[str], plan: ColumnPlan) -> None:
    assert plan_columns(split_header(header), header, wanted) == plan


@pytest.mark.parametrize(
    ("row", "wanted", "plan"),
    [
        ([A, "张三", "9"], ["name", "n"], ColumnPlan(0, (1, 2))),
        (["1", B, "张三"], ["name"], ColumnPlan(1, (2,))),
        (["bad", "x"], ["name"], ColumnPlan(0, (1,))),
        (["张三", A], [], ColumnPlan(1)),
        ([A, B], ["other"], ColumnPlan(0, (1,))),
    ],
)
def test_without_a_header_the_order_decides(row: list[str], wanted: list[str], plan: ColumnPlan) -> None:
    assert plan_columns(None, row, wanted) == plan


def test_missing_columns_are_named() -> None:
    with pytest.raises(Refused) as caught:
        plan_columns(split_header(["序号", "手机", "name"]), ["序号", "手机", "name"], ["name", "code", "day"])
    assert caught.value.code == "columns_missing"
    assert caught.value.reasons[0].values == {"names": "code, day"}


def test_numbers_side_by_side_are_not_passed_over() -> None:
    with pytest.raises(Refused) as caught:
        plan_columns(None, [A, B], [])
    assert caught.value.code == "numbers_side_by_side"


def test_rows_are_laid_out_with_the_header_taken_off() -> None:
    header = (1, ["手机", "name"])
    row = (2, [A, "张三"])
    plan, found, rows = lay_out([header, row], ["name"])
    assert (plan, found, list(rows)) == (ColumnPlan(0, (1,)), Header(0, ("手机", "name")), [row])
    plan, found, rows = lay_out([row], ["name"])
    assert (plan, found, list(rows)) == (ColumnPlan(0, (1,)), None, [row])
    with pytest.raises(ValueError, match="no rows"):
        lay_out([], [])
