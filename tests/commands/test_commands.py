from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from app.commands import main
from app.extensions import db
from app.services import sign_ins, site
from tests import databases
from tests.commands.conftest import Run
from tests.processes import ROOT, running, surroundings
from tests.samples import Samples, phones
from tests.services_at_hand import redis_url
from tests.waiting import until

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answers(address: str) -> Any:
    with suppress(OSError), _opener.open(address, timeout=5) as answer:
        return answer.read() or b"yes"
    return None


def test_every_command_explains_itself(run: Run) -> None:
    for name in main.commands:
        result = run(name, "--help")
        assert result.exit_code == 0
        assert len(result.output.splitlines()) > 3


def test_books_that_balance_are_status_0(samples: Samples, run: Run) -> None:
    samples.batch(samples.customer(segments=100).id, phones(12))
    result = run("check-books")
    assert (result.exit_code, result.output.strip()) == (0, "books balance")


def test_a_figure_typed_over_is_a_line_and_status_1(app: Flask, samples: Samples, run: Run) -> None:
    samples.batch(samples.customer(segments=100).id, phones(12))
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    with engine.connect() as connection:
        connection.execute(text("UPDATE grants SET used = used + 3"))
        connection.execute(text("UPDATE batches SET queued = queued - 1"))
        connection.commit()
    engine.dispose()
    result = run("check-books")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.output.splitlines()] == ["rule 2", "rule 4"]


def test_an_admin_is_made_once(app: Flask, run: Run) -> None:
    arguments = ["create-admin", "--username", "wang", "--email", "wang@example.com", "--password", "abc-12345"]
    assert run(*arguments).output.strip() == "wang can sign in now."
    assert "nothing was changed" in run(*arguments).output
    assert run(*arguments, "--replace").output.strip() == "wang has a new password."
    with app.app_context(), pytest.raises(sign_ins.Refused):
        sign_ins.create_admin("wang", "wang@example.com", "short", by="test", replace=True)
    weak = run(*arguments[:-1], "short", "--replace")
    assert weak.exit_code == 1
    assert "6 to 18" in weak.output


def test_an_old_database_is_refused_in_words(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "run.py", "check-books"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env=surroundings(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path),
    )
    assert result.returncode == 1
    assert "Run: python run.py migrate" in result.stderr


def test_serve_sets_up_a_new_house_answers_and_ends_on_sigterm(tmp_path: Path) -> None:
    port = free_port()
    with running("serve", "--port", str(port), url=f"sqlite:///{tmp_path / 'new.db'}", home=tmp_path) as process:
        until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), 20)
        assert answers(f"http://127.0.0.1:{port}/readyz")
        process.terminate()
        assert process.wait(20) == 0
    assert answers(f"http://127.0.0.1:{port}/healthz") is None


@pytest.mark.postgres
def test_web_answers_and_ends_on_sigterm(tmp_path: Path) -> None:
    port = free_port()
    with (
        databases.postgres_database() as url,
        running("web", "--port", str(port), "--workers", "1", url=url, home=tmp_path) as process,
    ):
        until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), 20)
        process.terminate()
        assert process.wait(20) == 0


def demo(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = surroundings("", home, **more)
    return subprocess.run([sys.executable, "run.py", "demo", "--exit", *arguments], cwd=ROOT, env=environment,
                          capture_output=True, text=True, timeout=120, check=False)


def check_demo(result: subprocess.CompletedProcess[str], recipients: int) -> None:
    assert result.returncode == 0, result.stdout + result.stderr
    assert "books balance" in result.stdout
    assert f"{recipients} good" in result.stdout
    agreed = f"{recipients} messages to {recipients} numbers; our records: {recipients} messages handed over"
    assert agreed in result.stdout
    assert "Traceback" not in result.stderr


def test_the_demo_balances_twice_in_one_folder_and_leaves_nothing_running(tmp_path: Path) -> None:
    check_demo(demo(tmp_path, "--recipients", "300"), 300)
    check_demo(demo(tmp_path, "--recipients", "300"), 300)
    port = int((tmp_path / "standins.port").read_text())
    with socket.socket() as asker:
        assert asker.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.postgres
@pytest.mark.redis
def test_the_demo_balances_with_workers_of_their_own(tmp_path: Path) -> None:
    broker = redis_url().rpartition("/")[0] + "/12"
    with databases.postgres_database() as url:
        check_demo(demo(tmp_path, "--recipients", "300", "--port", str(free_port()),
                        DATABASE_URL=url, BROKER_URL=broker), 300)


def test_the_standins_start_from_the_command_line(tmp_path: Path) -> None:
    port = free_port()
    with running("standins", "--port", str(port), url="", home=tmp_path):
        until(lambda: answers(f"http://127.0.0.1:{port}/control/ready"), 20)
        assert json.loads(answers(f"http://127.0.0.1:{port}/control/behaviour"))["receipts"] is True


def test_the_line_is_stopped_and_let_go_on(app: Flask, run: Run) -> None:
    for command, stopped in (("stop-sending", True), ("stop-sending", True), ("allow-sending", False)):
        assert run(command, "--reason", "looking").exit_code == 0
        db.session.rollback()
        assert site.site_settings(db.session()).sending_stopped is stopped
