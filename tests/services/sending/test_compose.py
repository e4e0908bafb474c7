"""Any file becomes messages and rejected rows: every row is one or the other, and half a file is nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import Refused
from app.extensions import db
from app.models.batches import Batch, Chunk, RejectedRow
from app.models.blacklist import BlockedNumber
from app.models.messages import Message
from app.models.states import BatchState, Lane
from app.services.sending.compose import Order, compose_file
from app.services.sending.store import RowStore
from app.services.site import site_settings
from app.services.work import unit_of_work
from tests.domain.workbooks import write_xls, write_xlsx
from tests.samples import Samples, phones
from tests.services.sending.test_dispatch import batch

A, B, C = "13800138000", "13900139000", "15000150000"


def order(samples: Samples, customer_id: int, content: str = "您的订单已发货，请留意查收。", **more: Any) -> Order:
    signature_id, template_id = samples.wording(customer_id, content=content)
    return Order(customer_id=customer_id, signature_id=signature_id, template_id=template_id, by="test", **more)


def messages(batch_id: int) -> list[tuple[int, str]]:
    db.session.rollback()
    query = db.select(Message.line, Message.phone).join(Chunk, Chunk.id == Message.chunk_id)
    return [
        (row[0], row[1]) for row in db.session.execute(query.where(Chunk.batch_id == batch_id).order_by(Message.id))
    ]


def rejected(batch_id: int) -> list[tuple[int, str, str]]:
    query = db.select(RejectedRow.line, RejectedRow.kind, RejectedRow.reason).where(RejectedRow.batch_id == batch_id)
    return [(row[0], row[1].value, row[2]) for row in db.session.execute(query.order_by(RejectedRow.line))]


def nothing_is_left(state: BatchState = BatchState.REFUSED) -> None:
    db.session.rollback()
    assert [row[0] for row in db.session.execute(db.select(Batch.state))] == [state]
    for table in (Message, Chunk, RejectedRow):
        assert db.session.scalar(db.select(db.func.count()).select_from(table)) == 0


UGLY = f"""手机号
13800138000.0
+86 139-0013-9000
0086 150 0015 0000
１３８００１３８００１
1.38E+10
abc
1380013800

138001380001
{A}
13800138002
13800138003
"""


def test_every_row_of_an_ugly_text_is_a_message_or_listed(any_app: Flask, samples: Samples, tmp_path: Path) -> None:
    customer = samples.customer()
    with unit_of_work() as session:
        session.add(BlockedNumber(phone="13800138002", customer_id=customer.id, reason="x"))
        session.add(BlockedNumber(phone="13800138003", reason="x"))
    path = tmp_path / "名单.csv"
    path.write_text(UGLY, encoding="gbk")
    batch_id = compose_file(order(samples, customer.id), path)
    assert messages(batch_id) == [(2, A), (3, B), (4, C), (5, "13800138001")]
    assert rejected(batch_id) == [
        (6, "invalid", "lost_digits"),
        (7, "invalid", "not_digits"),
        (8, "invalid", "too_short"),
        (10, "invalid", "too_long"),
        (11, "repeated", "repeated"),
        (12, "blocked", "blocked"),
        (13, "blocked", "blocked"),
    ]
    found = batch(batch_id)
    assert (found.good, found.repeated, found.invalid, found.blocked, found.segments) == (4, 1, 4, 2, 4)
    assert (found.state, found.lane, found.queued) == (BatchState.CHECKED, Lane.SINGLE, 4)


def test_workbooks_with_numbers_as_numbers(app: Flask, samples: Samples, tmp_path: Path) -> None:
    customer = samples.customer()
    table: list[list[Any]] = [
        ["姓名", "手机"],
        ["甲", 13800138000.0],
        [None, None],
        ["乙", " +8613900139000 "],
        ["丙", 1.5],
    ]
    for number, path in enumerate((write_xlsx(tmp_path / "a.xlsx", table), write_xls(tmp_path / "a.xls", table))):
        batch_id = compose_file(order(samples, customer.id), path)
        assert messages(batch_id) == [(2, A), (4, B)], number
        assert [row[:2] for row in rejected(batch_id)] == [(5, "invalid")]


def test_personal_rows(any_app: Flask, samples: Samples, tmp_path: Path) -> None:
    """K3: the same number with the same text once, with another text each time, and never twice in one call."""
    customer = samples.customer()
    path = tmp_path / "a.csv"
    lines = [
        "手机,姓名",
        f"{A},甲",
        f"{A},甲",
        f"{A},乙",
        f"{B},",
        f"{B}",
        f"{C},{'长' * 36}",
        f"{C},看www.a.cn",
        f"{A},丙",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    batch_id = compose_file(order(samples, customer.id, "您好${name}，您的订单已发货。"), path)
    assert messages(batch_id) == [(2, A), (4, A), (9, A)]
    assert rejected(batch_id) == [
        (3, "repeated", "repeated_text"),
        (5, "invalid", "variable_empty"),
        (6, "invalid", "variable_empty"),
        (7, "invalid", "variable_long"),
        (8, "invalid", "variable_link"),
    ]
    together = db.session.execute(db.select(Message.chunk_id, Message.phone)).all()
    assert max(Counter(together).values()) == 1


@pytest.mark.parametrize(("personal", "size"), [(False, 1000), (True, 100)])
def test_chunks_are_as_large_as_a_call(
    any_app: Flask, samples: Samples, tmp_path: Path, personal: bool, size: int
) -> None:
    customer = samples.customer()
    path = tmp_path / "a.csv"
    count = size * 6 + 7
    path.write_text("\n".join(f"{phone},甲" if personal else phone for phone in phones(count)))
    content = "您好${name}，您的订单已发货。" if personal else "您的订单已发货。"
    batch_id = compose_file(order(samples, customer.id, content), path)
    sizes = db.session.execute(
        db.select(Chunk.size, db.func.count(Message.id))
        .join(Message, Message.chunk_id == Chunk.id)
        .group_by(Chunk.id, Chunk.size)
        .order_by(Chunk.id)
    ).all()
    assert [tuple(row) for row in sizes] == [(size, size)] * 6 + [(7, 7)]
    assert batch(batch_id).lane == Lane.BULK


def test_one_text_for_all_with_values(app: Flask, samples: Samples, tmp_path: Path) -> None:
    customer = samples.customer()
    path = tmp_path / "a.txt"
    path.write_text("\n".join(phones(3)))
    made = order(samples, customer.id, "您好${name}，您的订单已发货。", variables={"name": "各位" * 10})
    assert batch(compose_file(made, path)).segments == 3
    for variables, code in (
        ({}, "missing_variable"),
        ({"name": ""}, "variable_empty"),
        ({"name": "x" * 36}, "variable_long"),
    ):
        with pytest.raises(Refused) as caught:
            compose_file(replace(made, variables=variables), path)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet_empty"),
        (b"\n \n", "sheet_empty"),
        (b"%PDF-1.7 \0", "not_a_sheet"),
        (b"\x81\xff\xff", "sheet_encoding"),
        (b'a,"b\n1,2\n', "sheet_quotes"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "sheet_broken"),
    ],
)
def test_a_refused_file_leaves_nothing(app: Flask, samples: Samples, tmp_path: Path, content: bytes, code: str) -> None:
    made = order(samples, samples.customer().id, idempotency_key="k")
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(Refused) as caught:
        compose_file(made, path, filename="名单.xlsx")
    assert caught.value.code == code
    nothing_is_left()
    path.write_text("\n".join(phones(3)))
    assert batch(compose_file(made, path)).good == 3  # the key was given back


@pytest.mark.parametrize("kind", ["txt", "xlsx"])
@pytest.mark.parametrize("header", [False, True])
@pytest.mark.parametrize("too_many", [0, 1, 9000])
def test_too_many_rows_are_refused_with_the_limit(
    app: Flask, samples: Samples, tmp_path: Path, too_many: int, header: bool, kind: str
) -> None:
    with unit_of_work() as session:
        site_settings(session).max_recipients = 6000
    table = [["手机"]] * header + [[phone] for phone in phones(6000 + too_many)]
    if kind == "xlsx":
        path = write_xlsx(tmp_path / "a.xlsx", table)
    else:
        path = tmp_path / "a.txt"
        path.write_text("\n".join(row[0] for row in table), encoding="utf-8")
    made = order(samples, samples.customer().id)
    if not too_many:
        assert batch(compose_file(made, path)).good == 6000
        return
    with pytest.raises(Refused) as caught:
        compose_file(made, path)
    assert (caught.value.code, caught.value.reasons[0].values) == ("sheet_rows", {"limit": 6000})
    nothing_is_left()


def test_a_million_and_one_rows(app: Flask, samples: Samples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RowStore, "_store", lambda *_: None)  # it is the reading that is tried here
    path = tmp_path / "a.txt"
    path.write_text("\n".join(map(str, range(13_800_000_000, 13_801_000_001))))
    with pytest.raises(Refused, match="1000000 rows"):
        compose_file(order(samples, samples.customer().id), path)
    nothing_is_left()
