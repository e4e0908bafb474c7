"""The program itself: how it starts, what it prints, how it ends, and that it stands alone."""

import ast
import json
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from standins.control import Control
from standins.spawn import running
from tests.standins.provider import Provider

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> tuple["subprocess.Popen[str]", str]:
    """A started process and its address."""
    process = subprocess.Popen([sys.executable, "-m", "standins", *arguments], cwd=ROOT, stdout=subprocess.PIPE,
                               text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().split()[-1]


def test_it_takes_its_port_and_its_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "standins.json"
    config.write_text(json.dumps({
        "behaviour": {"receipts": False}, "accounts": [{"access_key_id": "k", "secret": "s", "uid": "5"}],
        "signatures": [{"name": "配置签名", "uid": "5"}],
        "templates": [{"code": "SMS_1", "content": "你好${name}", "uid": "5"}]}), encoding="utf-8")
    process, address = run("--port", str(port), "--config", str(config))
    try:
        assert address == f"http://127.0.0.1:{port}"
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        control = Control(address)
        control.wait_ready()
        answer = Provider(control.endpoint, "k", "s", "5").send("13800138000", "SMS_1", '{"name":"a"}', "配置签名")
        assert answer.code == "OK"
        assert control.behaviour()["receipts"] is False
    finally:
        process.terminate()
        assert process.wait(5) == 0


def test_it_ends_at_once_though_somebody_waits_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    process, address = run()
    control = Control(address)
    control.set(accept_then_silent=1)
    provider = Provider(control.endpoint, "standin-key", "standin-secret", "1000000000000001")
    ended = threading.Event()

    def wait_in_vain() -> None:
        with pytest.raises(Exception, match=r"."):
            provider.send("13800138000")
        ended.set()

    threading.Thread(target=wait_in_vain, daemon=True).start()
    while control.journal_summary()["calls"] == 0:
        pass
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert ended.wait(5)


def test_it_never_imports_the_application() -> None:
    for path in (ROOT / "standins").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [
                node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.partition(".")[0] == "app"], path


def test_a_port_that_is_taken_is_told(standins: str) -> None:
    with pytest.raises(RuntimeError, match="did not start"), running(int(standins.rpartition(":")[2])):
        pass


def test_settings_go_along() -> None:
    with running(settings={"behaviour": {"latency_ms": 7}}) as control:
        assert control.behaviour()["latency_ms"] == 7
    with pytest.raises(OSError, match="refused"):
        control.ask("ready")
