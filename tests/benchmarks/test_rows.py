"""Every measurement does what it says, at a tiny size; how long it takes is not looked at here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import bare, bare_line, dispatch, files, grounds, mail, receipts, sheets, table
from benchmarks.measure import Figure, in_process
from tests.services_at_hand import postgres_url


@pytest.fixture(params=grounds.KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "postgresql":
        postgres_url()  # skips, or fails in .ci/run, where none answers
    with grounds.database(request.param) as url:
        yield url


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_the_bare_loop_and_the_product_queue_the_same_rows(url: str, tmp_path: Path, ending: str) -> None:
    path = str(sheets.write(tmp_path / f"list{ending}", 250))
    assert files.file_to_queued(url, path, True, 250, 1)["ours"] > 0  # it counts what both have stored
    plain = bare.Bare(url)
    mine, theirs = (
        plain.run(f"SELECT phone, variables, segments FROM messages WHERE chunk_id {side} ORDER BY phone").fetchall()
        for side in (">= 10000000", "< 10000000")
    )
    assert len(mine) == 250
    assert [(row[0], row[1].replace(", ", ","), row[2]) for row in mine] == [tuple(row) for row in theirs]


def test_every_message_is_handed_over_by_both(url: str) -> None:
    with grounds.application(url, SMS_PROVIDER=lambda _: dispatch.Sleeper()) as app:
        first, second = dispatch.queue_batches(grounds.furnish(), True, 400, 2)
        assert bare_line.dispatch(url, first, 2, 0.001) == 4
        dispatch.work_the_line(app, 2)
    states = "SELECT count(*) FROM messages JOIN chunks ON chunks.id = chunk_id WHERE messages.state = 'accepted'"
    assert bare.Bare(url).run(f"{states} AND batch_id = ?", first).fetchone()[0] == 400
    dispatch._assert_accepted(url, second, 400)


def test_receipts_leave_books_that_balance(url: str) -> None:
    mail.lay_out(url, 4_000)
    found = receipts.into_table(url, 2_000)
    assert found["ours"] > 0
    assert receipts.check(url)["ours"] > 0  # raises where a figure does not hold


def test_a_measurement_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = str(sheets.write(tmp_path / "list.txt", 120))
    with grounds.database("sqlite") as url:
        found = in_process("files:large_file", url=url, path=path, personal=False)
    assert found["mb"] > 20


def test_a_failed_measurement_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="exit status"):
        in_process("files:no_such_measurement")


def test_the_table_tells_ratio_and_verdict() -> None:
    slow = Figure("a row", "sqlite", 50_000, "/s", 100_000, 75_000, "the disk is the bound.")
    assert (slow.ratio, slow.met) == (2.0, False)
    assert "2.0×" in table.line_of(slow) and "MISSED" in table.line_of(slow) and "the disk" in table.line_of(slow)
    assert Figure("a row", "sqlite", 1.5, "s", 1.0, 2.0).met is True
    assert Figure("a row", "postgresql", None, "s", bound="it does not answer").ratio is None
