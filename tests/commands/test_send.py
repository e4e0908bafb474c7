from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask

from app.jobs.shift import Shift
from app.services.sending.progress import Progress, progress_of
from app.services.sending.running import pause_batch
from tests.commands.conftest import Run
from tests.samples import FakeProvider, Samples, phones


@pytest.fixture
def customer(app: Flask, samples: Samples) -> str:
    """The number of a customer with 100 segments, a signature and a template."""
    samples.access_key()
    customer = samples.customer(segments=100)
    samples.wording(customer.id)
    return str(customer.id)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "numbers.txt"
    path.write_text("\n".join([*phones(12), "12345", "13800000000"]), encoding="utf-8")
    return str(path)


def order(customer: str, file: str, *more: str) -> list[str]:
    return ["send", file, "--customer", customer, "--signature", "云顶云", "--template", "SMS_100003", *more]


@contextmanager
def house_at_work(app: Flask, samples: Samples, provider: FakeProvider, failing: str = "") -> Iterator[None]:
    """Somebody who sends, and a carrier who reports on every message at once."""
    app.config["CLOCK_SCALE"] = 0.1
    stop = threading.Event()

    def carrier() -> None:
        told = 0
        with app.app_context():
            while not stop.wait(0.05):
                for call in provider.calls[told:]:
                    samples.arrive([samples.receipt(call, phone, delivered=phone != failing) for phone in call.phones])
                    told += 1

    shift, thread = Shift(app, works=True, leads=True), threading.Thread(target=carrier)
    shift.start()
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        shift.stop()


def test_all_delivered_is_status_0(
    app: Flask, samples: Samples, provider: FakeProvider, run: Run, customer: str, file: str
) -> None:
    with house_at_work(app, samples, provider):
        result = run(*order(customer, file))
    assert result.exit_code == 0, result.output
    assert "12 good" in result.output and "1 repeated, 1 invalid" in result.output
    assert "line 13: 12345: The number has fewer than 11 digits." in result.output
    assert "12 delivered" in result.output


def test_one_not_delivered_is_status_3(
    app: Flask, samples: Samples, provider: FakeProvider, run: Run, customer: str, file: str
) -> None:
    with house_at_work(app, samples, provider, failing="13800000003"):
        result = run(*order(customer, file))
    assert result.exit_code == 3, result.output
    assert "MK:0001: The number does not exist" in result.output


def test_paused_is_status_4(app: Flask, run: Run, customer: str, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def watch(batch_id: int, **_more: object) -> Progress:
        pause_batch(batch_id, by="test", reason="looking into it")
        return progress_of(batch_id)

    monkeypatch.setattr(sys.modules["app.commands.send"], "watch_batch", watch)  # the command bears the module's name
    result = run(*order(customer, file))
    assert result.exit_code == 4, result.output
    assert "looking into it" in result.output


def test_taken_without_waiting_is_status_0(run: Run, customer: str, file: str) -> None:
    result = run(*order(customer, file, "--no-wait"))
    assert result.exit_code == 0, result.output
    assert "is on the line" in result.output


def test_a_schedule_is_not_waited_for(run: Run, customer: str, file: str) -> None:
    result = run(*order(customer, file, "--at", "2098-12-01T09:30"))
    assert result.exit_code == 0, result.output
    assert "is scheduled for 2098-12-01T09:30" in result.output


@pytest.mark.parametrize(("changed", "sentence"), [
    ({"--customer": "nobody"}, "There is no customer nobody."),
    ({"--signature": "别人"}, "The customer has no signature 【别人】."),
    ({"--template": "SMS_1"}, "The customer has no template SMS_1."),
])
def test_what_is_not_there_is_status_1(
    run: Run, customer: str, file: str, changed: dict[str, str], sentence: str
) -> None:
    arguments = order(customer, file)
    for option, value in changed.items():
        arguments[arguments.index(option) + 1] = value
    result = run(*arguments)
    assert (result.exit_code, result.output.strip()) == (1, sentence)


def test_a_refusal_says_every_reason_and_is_status_1(
    samples: Samples, run: Run, app: Flask, tmp_path: Path
) -> None:
    samples.access_key()
    poor = samples.customer(segments=1)
    samples.wording(poor.id)
    path = tmp_path / "numbers.txt"
    path.write_text("\n".join(phones(12)), encoding="utf-8")
    result = run(*order(str(poor.id), str(path)))
    assert result.exit_code == 1
    assert "12" in result.output and "is on the line" not in result.output


def test_a_file_that_is_none_is_status_1(run: Run, customer: str, tmp_path: Path) -> None:
    path = tmp_path / "numbers.xlsx"
    path.write_bytes(b"%PDF-1.7 not a workbook")
    assert run(*order(customer, str(path))).exit_code == 1


def test_a_time_that_is_none_is_status_2(run: Run, customer: str, file: str) -> None:
    assert run(*order(customer, file, "--at", "tomorrow")).exit_code == 2
