from __future__ import annotations

import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.audience import REJECTIONS, Good, Rejected, sift
from app.domain.columns import ColumnPlan
from app.domain.errors import Refused
from app.domain.phones import normalise
from app.domain.placeholders import Wording
from app.domain.sheets import Row

A, B, C = "13800138000", "13900139000", "18612345678"
ONE = Wording("全场八折")
NAMED = Wording("您好${name}，共${sum}元")


def alike(rows: list[Row], **options: object) -> tuple[list[Good], list[Rejected]]:
    return collect(rows, wording=ONE, plan=ColumnPlan(0), personal=False, **options)


def personal(rows: list[Row], **options: object) -> tuple[list[Good], list[Rejected]]:
    return collect(rows, wording=NAMED, plan=ColumnPlan(0, (1, 2)), personal=True, **options)


def collect(rows: list[Row], **options: object) -> tuple[list[Good], list[Rejected]]:
    slices = list(sift(iter(rows), signature="云顶", **options))  # type: ignore[arg-type]
    return [good for part in slices for good in part.good], [row for part in slices for row in part.rejected]


def test_one_text_for_all_goes_to_each_number_once() -> None:
    rows = [(2, [A]), (3, ["x"]), (5, ["+86 " + A]), (6, [B, "more"]), (7, [""]), (8, []), (9, ["1380013800"])]
    good, rejected = alike(rows)
    assert good == [(2, A, None, 1, 0), (6, B, None, 1, 0)]
    assert rejected == [
        (3, "invalid", "x", "not_digits"),
        (5, "repeated", "+86 " + A, "repeated"),
        (7, "invalid", "", "no_number"),
        (8, "invalid", "", "no_number"),
        (9, "invalid", "1380013800", "too_short"),
    ]
    assert all(row[3] in REJECTIONS for row in rejected)


def test_the_same_number_gets_each_personal_text_once() -> None:
    rows = [
        (1, [A, "张三", "1"]), (2, [A, "张三", "1"]), (3, [A, "张三", "2"]), (4, [B, "张三", "1"]),
        (5, [A, "李四", "1"]), (6, [A, "张三", "2"]), (7, [A, "张三", "1"]),
    ]  # fmt: skip
    good, rejected = personal(rows)
    assert [(row[0], row[2], row[4]) for row in good] == [
        (1, ("张三", "1"), 0), (3, ("张三", "2"), 1), (4, ("张三", "1"), 0), (5, ("李四", "1"), 2),
    ]  # fmt: skip
    assert [(row[0], row[1], row[3]) for row in rejected] == [(n, "repeated", "repeated_text") for n in (2, 6, 7)]


def test_other_values_that_make_the_same_text_are_the_same_text() -> None:
    rows = [(1, [A, "ab", "c"]), (2, [A, "a", "bc"])]
    good, rejected = collect(rows, wording=Wording("${x}${y}"), plan=ColumnPlan(0, (1, 2)), personal=True)
    assert [row[0] for row in good] == [1]
    assert [row[0] for row in rejected] == [2]


def test_bad_variables_are_listed_and_do_not_count_as_seen() -> None:
    rows = [
        (1, [A]), (2, [A, "张三"]), (3, [A, "张三", "字" * 36]), (4, [A, "t.cn/x", "1"]), (5, [A, "张三", "1"]),
    ]  # fmt: skip
    good, rejected = personal(rows)
    assert [(row[0], row[4]) for row in good] == [(5, 0)]
    assert [row[3] for row in rejected] == ["variable_empty", "variable_empty", "variable_long", "variable_link"]


def test_each_personal_text_costs_its_own_segments() -> None:
    wording = Wording("字" * 60 + "${x}")
    rows = [(1, [A, "1" * 6]), (2, [A, "1" * 7]), (3, [A, "😀😀😀😀"])]
    good, _ = collect(rows, wording=wording, plan=ColumnPlan(0, (1,)), personal=True)
    assert [row[3] for row in good] == [1, 2, 2]


def test_a_personal_text_of_more_than_500_characters_is_listed() -> None:
    wording = Wording("字" * 480 + "${x}")
    rows = [(1, [A, "1" * 20]), (2, [A, "1" * 21])]
    good, rejected = collect(rows, wording=wording, plan=ColumnPlan(0, (1,)), personal=True)
    assert [row[0] for row in good] == [1]
    assert rejected == [(2, "invalid", A, "text_long")]


def test_blocked_numbers_are_asked_for_once_a_slice_and_listed() -> None:
    asked: list[list[str]] = []

    def blocked(numbers: list[str]) -> set[str]:
        asked.append(numbers)
        return {B}

    rows = [(1, [A]), (2, [B]), (3, ["bad"]), (4, [C]), (5, [B])]
    good, rejected = alike(rows, blocked=blocked, slice_size=3)
    assert asked == [[A, B], [C]]
    assert [row[0] for row in good] == [1, 4]
    assert [(row[0], row[1], row[2]) for row in rejected] == [
        (2, "blocked", B), (3, "invalid", "bad"), (5, "repeated", B),
    ]  # fmt: skip


def test_shared_variables_fill_one_text_for_all() -> None:
    options = {"wording": NAMED, "plan": ColumnPlan(0), "personal": False}
    good, _ = collect([(1, [A])], shared={"name": "字" * 35, "sum": "1" * 35}, **options)
    assert good == [(1, A, None, 2, 0)]
    for shared, code in (({"name": "x"}, "missing_variable"), ({"name": "x", "sum": " "}, "variable_empty")):
        with pytest.raises(Refused) as caught:
            collect([(1, [A])], shared=shared, **options)
        assert caught.value.code == code
    with pytest.raises(Refused, match="500"):
        collect([], wording=Wording("字" * 501), plan=ColumnPlan(0), personal=False)


def test_a_plan_for_another_wording_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="plan"):
        collect([], wording=NAMED, plan=ColumnPlan(0, (1,)), personal=True)


cells = st.lists(st.sampled_from([A, B, C, "+86" + A, "坏", "", "1", "甲", "t.cn"]), max_size=4)


@given(st.lists(cells, max_size=60), st.booleans(), st.integers(1, 20))
def test_every_row_is_good_or_listed_and_texts_follow_k3(table: list[list[str]], each: bool, size: int) -> None:
    rows: list[Row] = list(enumerate(table, 1))
    good, rejected = (personal if each else alike)(rows, slice_size=size, blocked=lambda numbers: {C} & set(numbers))
    assert sorted([row[0] for row in good] + [row[0] for row in rejected]) == [line for line, _ in rows]
    sent = Counter((phone, NAMED.fill(values) if values else "") for _, phone, values, _, _ in good)
    assert set(sent.values()) <= {1}
    assert C not in {row[1] for row in good}
    times: Counter[str] = Counter()
    for line, phone, _, _, occurrence in good:
        assert normalise(table[line - 1][0])[0] == phone
        assert occurrence == times[phone]
        times[phone] += 1


def test_sifting_is_fast_and_small() -> None:
    rows: list[Row] = [(n, [str(13800000000 + n * 7919), "张三", str(n)]) for n in range(100_000)]
    tracemalloc.start()
    count = sum(
        len(part.good) for part in sift(rows, wording=ONE, signature="云顶", plan=ColumnPlan(0), personal=False)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 15_000_000
    plan = ColumnPlan(0, (1, 2))
    count = sum(len(part.good) for part in sift(rows, wording=NAMED, signature="云顶", plan=plan, personal=True))
    assert count == 100_000
